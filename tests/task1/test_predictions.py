"""Tables of models and systems in a run folder: which clips, which combination, what is said beside them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from task1 import predictions
from task1.config import Run, resolve, save_run, taxonomy
from task1.ensemble import read_fusion
from task1.errors import InputError
from task1.layout import Layout
from task1.outputs import Outputs, read_outputs, write_outputs
from task1.predictions import combine_system, fit_system, predict_model, predict_system

CPU = torch.device("cpu")
SCENES = taxonomy().scenes
NAMES = {split: [f"audio/{scene}-lyon-{place}-1-0-a.wav" for scene in SCENES for place in places]
         for split, places in {"train": range(1, 11), "test": range(20, 22), "evaluation": range(30, 31)}.items()}


def index(path: Path) -> pd.DataFrame:
    chosen = ["evaluation"] if "eval" in path.name else ["train", "test"]
    rows = [(name, name.split("/")[1].split("-")[0], f"lyon-{name.split('-')[2]}", split)
            for split in chosen for name in NAMES[split]]
    table = pd.DataFrame(rows, columns=["filename", "scene", "location", "split"])
    return table.assign(city="lyon", device="a")


class Store:
    skipped: dict[str, str] = {}

    def __init__(self, folder: Path, settings: object) -> None:
        pass


def answers(folder: Path, store: object, filenames: list[str], device: torch.device) -> Outputs:
    """A model that hears the scene, the surer the longer its name."""
    true = np.array([SCENES.index(name.split("/")[1].split("-")[0]) for name in filenames])
    sureness = 0.03 * len(folder.name)
    values = np.full((len(true), len(SCENES)), (1 - sureness) / (len(SCENES) - 1))
    values[np.arange(len(true)), true] = sureness
    return Outputs(tuple(filenames), values)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Layout, Run]:
    """A run of shao2022 whose models are trained, as far as this module can tell."""
    at, resolved = Layout(tmp_path / "runs" / "x"), resolve("shao2022", "tiny")
    save_run(resolved, at.config)
    for name in resolved.models:
        at.model(name).mkdir(parents=True)
        facts = {"deviations": ["left out"] if name == "student1" else []}
        (at.model(name) / "model.json").write_text(json.dumps(facts))
    for name, standin in {"FeatureStore": Store, "predict": answers, "read_index": index}.items():
        monkeypatch.setattr(predictions, name, standin)
    monkeypatch.setattr("task1.training.fold.read_index", index)
    for name in (resolved.development, resolved.evaluation):
        at.index(name).parent.mkdir(exist_ok=True)
        index(at.index(name)).to_csv(at.index(name), sep="\t", index=False)
    return at, resolved


def names_of(path: Path) -> set[str]:
    return set(read_outputs(path).filenames)


def basenames(names: list[str]) -> set[str]:
    return {name.split("/")[1] for name in names}


def test_each_part_has_its_clips(run: tuple[Layout, Run]) -> None:
    at, _ = run
    for part, split in (("development", "test"), ("evaluation", "evaluation")):
        assert names_of(predict_model(at.run, "student1", part, CPU)) == basenames(NAMES[split])
    held_back = names_of(predict_model(at.run, "student1", "validation", CPU))
    assert held_back < basenames(NAMES["train"])
    assert len(held_back) == len(SCENES)  # a tenth of the locations: one a scene


def test_a_teacher_tells_about_all_that_its_students_learn_from(run: tuple[Layout, Run]) -> None:
    at, resolved = run
    assert resolved.learning_data("teacher_x") == "train"
    assert names_of(predict_model(at.run, "teacher_x", "learning", CPU)) == basenames(NAMES["train"])
    assert resolved.learning_data("teacher_o") == "all"
    assert names_of(predict_model(at.run, "teacher_o", "learning", CPU)) == basenames(NAMES["train"] + NAMES["test"])


def test_a_fusion_is_fitted_on_held_back_clips_and_applied(run: tuple[Layout, Run]) -> None:
    at, resolved = run
    (number,) = [key for key, system in resolved.systems.items() if len(system.models) == 3]
    table = read_outputs(predict_system(at.run, number, "development", CPU))
    fusion = read_fusion(at.fusion(number))
    assert fusion.clips == len(SCENES)
    assert fusion.members == resolved.systems[number].models
    assert basenames(NAMES["test"]) == set(table.filenames)
    told = json.loads((at.output(number, "development").parent / "system.json").read_text())
    assert told["deviations"] == ["student1: left out"]
    assert [text.split(":")[0] for text in told["caveats"]] == ["student2", "student3"]  # taught by one that heard it


def test_members_that_disagree_about_the_clips_are_told_by_name(run: tuple[Layout, Run]) -> None:
    at, resolved = run
    (number,) = [key for key, system in resolved.systems.items() if len(system.models) == 3]
    for name in resolved.systems[number].models:
        predict_model(at.run, name, "development", CPU)
        predict_model(at.run, name, "validation", CPU)
    fit_system(at.run, number)
    short = read_outputs(at.model_output("student2", "development"))
    write_outputs(at.model_output("student2", "development"), Outputs(short.filenames[1:], short.probabilities[1:]))
    with pytest.raises(InputError, match="student2"):
        combine_system(at.run, number, "development")
    assert not at.output(number, "development").exists()


@pytest.mark.parametrize(("settings", "part", "words"), [
    ("training.validation_share=0", "validation", "no validation clips"), (None, "development", "no model student9")])
def test_what_cannot_be_predicted_is_told(run: tuple[Layout, Run], settings: str | None, part: str, words: str) -> None:
    at, _ = run
    if settings:
        save_run(resolve("shao2022", "tiny", [settings]), at.config)
    with pytest.raises(InputError, match=words):
        predict_model(at.run, "student1" if settings else "student9", part, CPU)


def test_an_unknown_system_is_told(run: tuple[Layout, Run]) -> None:
    with pytest.raises(InputError, match="no system 9"):
        combine_system(run[0].run, 9, "development")
