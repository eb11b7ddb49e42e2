"""The project's networks: known counts, torchinfo as oracle, and the papers' printed figures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torchinfo
import yaml

from task1.cli import main
from task1.complexity import count
from task1.config import META
from task1.config.published import Figure
from task1.models import build
from task1.published_complexity import published_entries, published_table, verdict

SPECS = yaml.safe_load((Path(__file__).parent / "models" / "specs.yaml").read_text(encoding="utf-8"))
HEAVY = 3e8  # MACs; seconds each


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small operations on a busy machine wait longer for their threads than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if spec["macs"] > HEAVY else [])
                                  for name, spec in SPECS.items()])
def test_known_counts(name: str) -> None:
    spec = SPECS[name]
    model = build(spec["network"])
    counted = count(model, spec["input"])
    assert counted.trainable == spec["parameters"]
    assert counted.macs[spec["convention"]] == spec["macs"]
    assert spec.get("state", counted.state_entries) == counted.state_entries
    assert spec.get("keras", counted.keras_total) == counted.keras_total
    # no multiplication hides outside of layers (torchinfo would not see it)
    assert not [layer.name for layer in counted.layers if "neither convention" in layer.note]
    oracle = torchinfo.summary(model.eval(), input_size=(1, *spec["input"]), verbose=0)
    assert (counted.parameters, counted.macs["torchinfo"]) == (oracle.total_params, oracle.total_mult_adds)


@pytest.mark.parametrize(("printed", "value", "ours", "said"), [
    ("8.64M", 8_640_000, 8_645_641, "truncated"), ("56.5k", 56_500, 56_556, "truncated"),
    ("127.16k", 127_160, 127_162, "match"), ("474k", 474_000, 473_898, "match"), ("0.078", 78_000, 77_545, "match"),
    ("0.078", 78_000, 79_593, "differs +2.04 %"), ("116KB", 116, 115.77, "match"), ("20.92M", 20_920_000, 20_901_505,
                                                                                     "differs -0.09 %"),
])
def test_verdicts_by_the_printed_digits(printed: str, value: float, ours: float, said: str) -> None:
    figure = Figure(paper="x", table="1", row="r", column="c", value=value, unit="parameters", as_printed=printed,
                    convention="trainable")
    assert verdict(figure, ours) == said


def rows(text: str) -> list[list[str]]:
    return [[cell for cell in line.split("  ") if cell] for line in text.splitlines()[1:]]


def test_figures_of_two_papers_beside_ours(capsys: pytest.CaptureFixture[str]) -> None:
    said = {tuple(cell.strip() for cell in row[1:4]): [cell.strip() for cell in row[5:]]
            for row in rows(published_table(["wang2023", "shao2022"]))}
    assert said["3", "Model1", "MACs"] == ["8,645,641", "truncated"]
    assert said["2", "1", "#Params(total)"][:2] == ["120,218", "truncated"]
    assert said["3", "Model4", "MACs"][1] == "differs -0.09 %"
    exchanged: Any = said["3", "Model2", "MACs"]
    assert exchanged[0] == "25,441,889"
    assert exchanged[2].endswith("agrees with our model3")
    assert said["introduction", "limit", "MACs"][:2] == ["-", "no count"]
    assert main(["complexity", "--published", "cp_mobile"]) == 2
    assert "no printed figures of cp_mobile" in capsys.readouterr().err


def test_verb_shows_networks_limits_and_layers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complexity", "wang2023", "model1", "--layers"]) == 0
    said = capsys.readouterr().out
    assert "model1: 8,645,641 MACs (torchinfo), within the limit of 30,000,000" in said
    assert "head.3" in said
    assert main(["complexity", "wang2023", "model9"]) == 2
    assert "has no model or system model9; there are models model1" in capsys.readouterr().err
    assert main(["complexity", "wang2023", "2"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:2]] == ["model2"]
    assert main(["complexity"]) == 2


@pytest.mark.slow
def test_the_page_of_printed_figures_is_what_the_verb_prints_today() -> None:
    page = (META.parent / "docs" / "complexity.md").read_text(encoding="utf-8")
    assert published_table(published_entries(), "md") in page
