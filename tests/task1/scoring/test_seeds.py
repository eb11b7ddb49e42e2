"""A made-up run of two seeds: which tables a system's replicas are made of, and what is told of them in every form."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from task1.cli import main
from task1.config import Run, resolve, save_run, taxonomy
from task1.config.entry import System
from task1.corpus.index import COLUMNS, write_index
from task1.errors import InputError
from task1.layout import Layout
from task1.outputs import Outputs, write_outputs
from task1.scoring.seeds import make_document, read_seeds
from task1.scoring.seeds_table import FORMS, render

SCENES = taxonomy().scenes
DEVICES = ("a", "s4")  # with and without training clips
RIGHT = {"model1": 0.9, "model1.seed2": 0.8, "model2": 0.3, "model2.seed2": 0.6}
"""Of each scene's ten clips a model decides so many right: the first of each device."""
SYSTEMS = {1: System(models=("model1",)), 2: System(models=("model1", "model2"), combine="weighted"),
           3: System(models=("model2",))}


@pytest.fixture
def run() -> Run:
    resolved = resolve("wang2023", "tiny", systems=[1, 2], seeds=2)
    return resolved.model_copy(update={"systems": SYSTEMS})


@pytest.fixture
def at(tmp_path: Path, run: Run) -> Layout:
    """On validation clips model1 is right in the first training, model2 in the second; the other is right nowhere."""
    at = Layout(tmp_path / "runs" / "made-up")
    save_run(run, at.config)
    clips = [{"filename": f"audio/{scene}-lyon-{split}-{number}-{device}.wav", "scene": scene, "city": "lyon",
              "device": device, "split": split} for split, devices in (("test", DEVICES), ("train", "a"))
             for scene in SCENES for number in range(10) for device in devices]
    write_index(pd.DataFrame(clips).reindex(columns=list(COLUMNS), fill_value=""), at.index(run.development))
    of_split = {split: [clip for clip in clips if clip["split"] == split] for split in ("test", "train")}
    for name, share in RIGHT.items():
        heard = [int(clip["filename"].split("-")[3]) < 10 * share for clip in of_split["test"]]
        write_outputs(at.model_output(name, "development"), table(of_split["test"], heard))
        trusted = name in ("model1", "model2.seed2")
        write_outputs(at.model_output(name, "validation"), table(of_split["train"], [trusted] * 100))
    return at


def table(clips: Sequence[Mapping[str, str]], right: Sequence[bool]) -> Outputs:
    """A probability of 0.91 for the true scene, or for the one after it."""
    decided = [(SCENES.index(clip["scene"]) + (not so)) % 10 for clip, so in zip(clips, right, strict=True)]
    values = np.full((len(clips), 10), 0.01)
    values[np.arange(len(clips)), decided] = 0.91
    return Outputs(tuple(clip["filename"] for clip in clips), values)


def told(document: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    return next(one for one in document["subjects"] if (one["kind"], one["name"]) == (kind, name))


def test_models_are_scored_seed_by_seed(at: Layout) -> None:
    model = told(make_document(at.run), "model", "model1")
    assert model["seeds"] == [1, 1001]
    assert model["values"]["accuracy"] == pytest.approx([0.9, 0.8])
    expected = [-share * np.log(0.91) - (1 - share) * np.log(0.01) for share in (0.9, 0.8)]
    assert model["values"]["log_loss"] == pytest.approx(expected)
    assert model["spread"]["accuracy"]["mean"] == pytest.approx(0.85)
    assert model["spread"]["accuracy"]["standard_deviation"] == pytest.approx(0.1 / 2**0.5)


def test_a_fusion_is_fitted_again_for_every_seed(at: Layout) -> None:
    """All weight goes to the member that is right on its seed's validation clips."""
    values = told(make_document(at.run), "system", "2")["values"]
    assert values["accuracy"] == pytest.approx([RIGHT["model1"], RIGHT["model2.seed2"]])


def test_seen_and_unseen_devices(at: Layout, run: Run) -> None:
    path = at.model_output("model1", "development")
    rows = path.read_text().splitlines()
    wrong = [row if "-s4.wav" not in row else turned(row) for row in rows]
    path.write_text("\n".join(wrong) + "\n")
    values = told(make_document(at.run), "system", "1")["values"]
    assert values["accuracy_seen"] == pytest.approx([0.9, 0.8])
    assert values["accuracy_unseen"] == pytest.approx([0.0, 0.8])


def turned(row: str) -> str:
    """The row decided for the scene five further on, which is right for none."""
    name, _, *values = row.split("\t")
    moved = values[5:] + values[:5]
    return "\t".join([name, SCENES[moved.index("0.91")], *moved])


def test_without_unseen_devices_there_is_no_figure_of_them(at: Layout, run: Run) -> None:
    index = at.index(run.development)
    frame = pd.read_csv(index, sep="\t", dtype=str, keep_default_na=False)
    frame["device"] = "a"
    write_index(frame, index)
    document = make_document(at.run)
    assert told(document, "system", "1")["spread"]["accuracy_unseen"] is None
    assert "without training clips" not in render(document, "text")
    assert "on devices with training clips" in render(document, "text")


def test_one_training_is_refused(at: Layout, run: Run) -> None:
    save_run(run.model_copy(update={"seeds": 1}), at.config)
    with pytest.raises(InputError, match=r"config.yaml: trained from one seed, which has no spread; .*--seeds 5"):
        make_document(at.run)


def test_a_missing_table_is_named(at: Layout) -> None:
    at.model_output("model2.seed2", "development").unlink()
    with pytest.raises(InputError, match=r"model2\.seed2/development\.output\.csv: no such file"):
        make_document(at.run)


def test_the_verb_writes_figures_and_table(at: Layout, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["seeds", "--run", str(at.run)]) == 0
    shown = capsys.readouterr().out
    assert "EMBEDDED, SYNTHETIC" in shown
    assert shown.splitlines()[4].split() == ["n", "mean", "sd", "min", "max", "95", "%", "interval"]
    assert [line.split() for line in shown.splitlines()[5:8]] == [
        ["system", "1", "(model1)", "2", "85.0", "7.1", "80.0", "90.0", "[21.5,", "148.5]"],
        ["system", "2", "(model1", "+", "model2)", "2", "75.0", "21.2", "60.0", "90.0", "[-115.6,", "265.6]"],
        ["system", "3", "(model2)", "2", "45.0", "21.2", "30.0", "60.0", "[-145.6,", "235.6]"]]
    document = read_seeds(at, run)
    assert document == json.loads(at.seeds.read_text()) == make_document(at.run)
    rows = list(csv.DictReader(io.StringIO(at.seeds.with_suffix(".csv").read_text())))
    assert len(rows) == (3 + 2) * 4
    of_model = next(row for row in rows if (row["kind"], row["name"], row["figure"]) == ("model", "model2", "accuracy"))
    assert (float(of_model["mean"]), of_model["n"], of_model["corpus"]) == (pytest.approx(0.45), "2", run.development)


def test_models_that_are_no_system_are_listed_by_themselves(at: Layout, run: Run) -> None:
    save_run(run.model_copy(update={"systems": {1: SYSTEMS[1]}}), at.config)
    lines = render(make_document(at.run), "text").splitlines()
    assert [line.split()[0] for line in lines[5:7]] == ["system", "model2"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_that_recordings_are_synthetic(at: Layout, form: str) -> None:
    text = render(make_document(at.run), form)
    assert "embedded-1s-tiny-dev" in text
    if form in ("text", "md", "latex"):
        assert "EMBEDDED, SYNTHETIC" in text
        assert "7.1" in text


def test_models_that_heard_the_test_fold_are_named(at: Layout, run: Run) -> None:
    heard = {name: model.model_copy(update={"training": model.training.model_copy(update={"data": "all"})})
             for name, model in run.models.items() if name == "model2"}
    save_run(run.model_copy(update={"models": run.models | heard}), at.config)
    document = make_document(at.run)
    assert [told(document, "system", name)["heard_test"] for name in "123"] == [False, True, True]
    assert "Learned from the test fold" in render(document, "text")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1, "seeds": 2, "corpus": "other"}',
                                     '{"format": 1, "seeds": 3, "corpus": "embedded-1s-tiny-dev"}'])
def test_another_document_is_refused(at: Layout, run: Run, content: str) -> None:
    at.seeds.parent.mkdir(exist_ok=True)
    at.seeds.write_text(content)
    with pytest.raises(InputError, match=r"seeds.json: .*make it again with `task1 seeds --run"):
        read_seeds(at, run)
    assert read_seeds(at, run.model_copy(update={"seeds": 1})) is None
