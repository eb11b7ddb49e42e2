"""What a training and a prediction leave in RUN/energy, and that it changes nothing else."""

from pathlib import Path

import pytest
import torch

from task1.config import Run, edition
from task1.energy import measure, read_record
from task1.layout import Layout
from task1.predictions import predict_model
from task1.training.train import train
from tests.task1.energy.fake_codecarbon import Fake
from tests.task1.test_predictions import run
from tests.task1.training.test_train import NARROW, at, plan

CPU = torch.device("cpu")
__all__ = ["at", "run"]  # fixtures


def test_a_killed_training_adds_up_to_the_weights_and_energy_of_one(
        at: Path, codecarbon: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    from task1.training import loop

    plan(monkeypatch, *NARROW, "training.epochs=3", "compression.weights=float16")
    weights = (train(at, "model1", CPU) / "model.safetensors").read_bytes()
    first = read_record(Layout(at).energy("model1.training"))
    assert first
    assert len(first.sessions) == 1

    finished = loop.write_history

    def kill(path: Path, history: list[dict[str, object]]) -> None:
        finished(path, history)
        if len(history) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "write_history", kill)
    with pytest.raises(KeyboardInterrupt):
        train(at, "model1", CPU)
    monkeypatch.setattr(loop, "write_history", finished)
    train(at, "model1", CPU)
    again = read_record(Layout(at).energy("model1.training"))
    assert again
    assert (again.whole, len(again.sessions), again.of) == (True, 2, first.of)

    monkeypatch.setattr(measure, "find_spec", lambda name: None)
    assert (train(at, "model1", CPU) / "model.safetensors").read_bytes() == weights
    assert not Layout(at).energy("model1.training").exists()


def test_predictions_are_measured_by_part_and_the_baseline_beside_the_evaluation_set(
        run: tuple[Layout, Run], codecarbon: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    layout, _ = run
    monkeypatch.setattr("task1.predictions.edition", lambda name: edition("2023"))  # which asks for the baseline
    predict_model(layout.run, "student1", "development", CPU)
    table = predict_model(layout.run, "student1", "evaluation", CPU).read_bytes()
    folder = layout.energy("x").parent
    assert sorted(path.stem for path in folder.iterdir()) == [
        "baseline_inference", "student1.development", "student1.evaluation"]
    assert {record.of for record in (read_record(folder / "student1.evaluation.json"),
                                     read_record(folder / "baseline_inference.json")) if record} == {"10 clips, cpu"}
    monkeypatch.setattr(measure, "find_spec", lambda name: None)
    assert predict_model(layout.run, "student1", "evaluation", CPU).read_bytes() == table
    assert not (folder / "student1.evaluation.json").exists()
