"""Figures of trained models: those of the paper, from a run folder on disk."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from task1.config import edition, resolve, save_run
from task1.errors import InputError
from task1.files import write_json
from task1.layout import Layout
from task1.members import count_trained, figures_of
from task1.models import build


def make_model(tmp_path: Path) -> Path:
    """A run with the published network, float16, two of its weights zero."""
    run = resolve("wang2023", "demo")
    at = Layout(tmp_path / "work" / "runs" / "made-up")
    at.run.mkdir(parents=True)
    save_run(run, at.config)
    network = build(run.models["model1"].network)
    state = {name: torch.ones_like(value) for name, value in network.state_dict().items()}
    next(iter(state.values())).view(-1)[:2] = 0
    folder = at.model("model1")
    folder.mkdir(parents=True)
    save_file(state, folder / "model.safetensors")
    write_json(folder / "model.json", {"recipe": run.models["model1"].model_dump(mode="json"), "weights": "float16",
                                       "deviations": []})
    return folder


def test_a_trained_model_is_counted_as_the_paper_counts(tmp_path: Path) -> None:
    folder = make_model(tmp_path)
    counted, shipped = count_trained(folder)
    assert (counted.parameters, counted.non_zero, shipped) == (45_164, 45_162, 2)
    assert figures_of([folder, folder], edition("2023")) == [(90_328, 8_645_641)] * 2


def test_what_is_no_model_of_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no trained model there"):
        count_trained(tmp_path)
    folder = make_model(tmp_path)
    other = folder.rename(folder.parent / "other")
    with pytest.raises(InputError, match="no model of the run above it; there are: model1"):
        count_trained(other)
