"""Results in words and tables: every figure is one of the scores, the counts or the limits."""

import dataclasses
from typing import Any

import pytest

from submission.technical.blocks import Section, Table
from submission.technical.front_text import abstract, changes, conclusion, front
from submission.technical.printed import value, with_interval
from submission.technical.result_text import results
from task1.config import load_run
from tests.submission.technical.test_method_text import text_of


def table(section: Section, label: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.label == label)


def test_one_figure() -> None:
    assert value({"accuracy": 0.62549}, "accuracy") == "62.5"
    assert value({"log_loss": 1.23456}, "log_loss") == "1.235"
    assert value(None, "accuracy") == value({"accuracy": None}, "accuracy") == "–"
    assert with_interval({"accuracy": 0.5, "accuracy_interval": [0.4, 0.61]}, "accuracy") == "50.0 (40.0–61.0)"
    assert with_interval({"accuracy": 0.5, "accuracy_interval": None}, "accuracy") == "50.0"


def test_of_several_systems_a_row_a_system(make_material: Any) -> None:
    found = table(results(make_material("wang2023")), "tab-systems")
    assert [row[0] for row in found.rows] == [1, 2, 3, 4]
    assert list(found.rows[0][3:]) == ["62.5 (57.5–67.5)", "1.234 (1.134–1.334)", "62.5", "52.5", "1.234", "1.234"]
    scenes = table(results(make_material("wang2023")), "tab-scenes")
    assert scenes.wide
    assert len(scenes.rows) == 2 * (1 + 10 + 1)
    assert list(scenes.rows[1]) == ["airport", "90", *["42.5 (37.5–47.5)"] * 4]


def test_of_one_system_both_metrics_side_by_side(make_material: Any) -> None:
    section = results(make_material("cp_mobile"))
    devices = table(section, "tab-devices")
    assert not devices.wide
    assert list(devices.rows[-1]) == ["all", "900", "62.5 (57.5–67.5)", "1.234 (1.134–1.334)"]
    assert [row[0] for row in devices.rows] == ["A", "B", "C", "S1", "S2", "S3", "S4", "S5", "S6", "all"]
    text = text_of(section)
    assert "its accuracy is 10.0 points lower than on the others" in text
    assert "lowest at airport (42.5\u00a0%)" in text
    assert "highest at nine scenes (62.5\u00a0%)" in text


def test_without_intervals_it_is_told_why(make_material: Any) -> None:
    reason = "the recording location of 3 clips is not known"
    text = text_of(results(make_material("cp_mobile", intervals={"reason": reason})))
    assert f"There are no intervals, since {reason}." in text
    assert "bootstrap" not in text


def test_complexity_is_held_against_the_limits(make_material: Any) -> None:
    material = make_material("shao2022")
    found = table(results(material), "tab-complexity")
    assert list(found.rows[-1]) == ["limit", "", "", "", "128,000", "30,000,000"]
    macs = 3 * material.models["student1"].complexity.macs["torchinfo"]
    assert list(found.rows[0][1:]) == ["90", "90", "90", "90", f"{macs:,}"]
    assert "all are within them" in text_of(results(material))
    assert "Systems 1 and 2 were trained and scored, and not submitted." in text_of(results(material))
    assert "does not limit complexity" in text_of(results(make_material("ye2024")))


def test_a_system_over_the_limit_is_told(make_material: Any, complexity: Any) -> None:
    large = dataclasses.replace(complexity, parameters=100_000, non_zero=100_000)
    material = make_material("shao2022")
    systems = [dataclasses.replace(system, members=tuple(dataclasses.replace(member, complexity=large)
                                                         for member in system.members)) for system in material.systems]
    text = text_of(results(dataclasses.replace(material, systems=tuple(systems))))
    assert "systems 3 and 4 are within them. System 1 is not, with 300,000 parameters (limit 128,000)." in text
    only = dataclasses.replace(material, systems=(systems[0],))
    assert "within them" not in text_of(results(only))
    assert "beyond the edition's limits" in abstract(only).replace("\\", "")


def test_integers_beside_floats(make_material: Any) -> None:
    row = {"model": "model1", "before": {"accuracy": 0.6, "log_loss": 1.1}, "agreement": 0.998, "float_operations": {},
           "simulated": {"accuracy": 0.59, "log_loss": 1.12}, "executed": {"accuracy": 0.585, "log_loss": 1.125}}
    section = results(make_material("wang2023", quantization={"models": [row]}))
    assert list(table(section, "tab-integers").rows[0]) == [
        "model1", "60.0 / 1.100", "59.0 / 1.120", "58.5 / 1.125", "99.8"]
    assert "_model1_ loses 1.5 points of accuracy by it." in text_of(section)
    floats = results(make_material("wang2023", quantization={"models": [row | {"float_operations": {"Conv": 1}}]}))
    assert "Not every operation of _model1_ is executed on integers." in text_of(floats)


def test_teachers_baselines_and_ablations_are_compared(make_material: Any) -> None:
    found = table(results(make_material("ye2024")), "tab-networks")
    assert [row[1] for row in found.rows] == ["system"] * 3 + ["baseline"] * 5 + ["ablation"] * 2
    material = make_material("ye2024")
    unscored = {name: dataclasses.replace(model, scores=None) for name, model in material.models.items()}
    assert len(table(results(dataclasses.replace(material, models=unscored)), "tab-networks").header) == 5
    for entry in ("cp_mobile", "wang2023"):  # the table of systems has them all
        assert "tab-networks" not in text_of(results(make_material(entry)))


def test_caveats_and_deviations_are_told(make_material: Any) -> None:
    material = make_material("shao2022", caveats=("student2: learned from the test fold", "student3: learned from the "
                                                  "test fold", "scored in haste"), deviations=("student1: no x",))
    text = text_of(results(material))
    assert "_student2_ and _student3_: learned from the test fold." in text
    assert "scored in haste." in text
    assert "@sec-changes" in text
    section = changes(material)
    assert section
    assert "student1: no x" in text_of(section)
    assert changes(make_material("shao2022")) is None


@pytest.mark.parametrize(("entry", "accuracy", "log_loss"), [("wang2023", 0.5371, 1.4), ("cp_mobile", 0.25, 0.987)])
def test_abstract_and_conclusion_have_the_scored_figures(make_material: Any, entry: str, accuracy: float,
                                                         log_loss: float) -> None:
    material = make_material(entry, accuracy=accuracy, log_loss=log_loss)
    for text in (abstract(material), text_of(conclusion(material))):
        assert f"{100 * accuracy:.1f}\u00a0%" in text
        assert f"{log_loss:.3f}" in text
    assert f"interval {100 * accuracy - 5:.1f} to {100 * accuracy + 5:.1f}\u00a0%" in abstract(material)
    assert "synthetic" not in abstract(material)
    assert "synthetic" in abstract(make_material(entry, "demo"))


def test_the_best_system_is_the_editions(make_material: Any) -> None:
    material = make_material("zhao2021")
    second = material.systems[1]
    better = dataclasses.replace(second.scored, scores=dict(second.scored.scores) | {"log_loss": 0.5, "accuracy": 0.1})
    systems = (material.systems[0], dataclasses.replace(second, scored=better), *material.systems[2:])
    assert dataclasses.replace(material, systems=systems).best.index == 2
    assert make_material("shao2022").best.index == 3  # systems 1 and 2 are not submitted


def test_title_authors_and_affiliations_are_the_entrys(make_material: Any) -> None:
    block = front(make_material("shao2022"))
    assert block.title == "Mini-SegNet for low-complexity acoustic scene classification"
    assert block.authors[:3] == (("Yunfei Shao", "1"), ("Xuan Zhang", "2"), ("Gege Bing", "1"))
    assert [mark for _, mark in block.affiliations] == ["1", "2"]
    assert front(make_material("wang2023")).authors[0] == ("Kangli Wang", "")


def test_changes_of_a_profile_are_listed(make_material: Any, tmp_path: Any) -> None:
    from submission.recipe_changes import recipe_changes
    from task1.config import resolve, save_run

    save_run(resolve("wang2023", "demo"), tmp_path / "config.yaml")
    lines = tuple(recipe_changes(load_run(tmp_path)))
    assert "training.epochs: 16 instead of 100" in text_of(changes(make_material("wang2023", changes=lines)))  # type: ignore[arg-type]
