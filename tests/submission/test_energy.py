"""Sums of measured work in a package: what belongs to which figure, and why one is null."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from submission.cli import main
from submission.energy import KEYS, Energy, system_energies
from submission.package import package
from submission.yamltext import render
from task1.augment.copies import copies_of
from task1.config import Run, load_run, resolve, save_run
from task1.energy import Record, Session
from task1.energy.records import write_record
from task1.layout import Layout
from tests.submission.test_package import contents, meta

CLIPS = "3 clips, cpu"


def put(layout: Layout, what: str, kwh: float | Sequence[float], began: float = 0, *, of: str = CLIPS,
        whole: bool = True, estimated: tuple[str, ...] = ("RAM",), machine: str = "Abacus x 2") -> None:
    """A record; sessions of different names never overlap, unless `began` says so."""
    began = began or sum(map(ord, what)) * 1000.0
    sessions = tuple(Session(began=began + 20 * number, seconds=10, kwh=one, estimated=estimated, host="h",
                             tool="codecarbon 3.9", machine=machine)
                     for number, one in enumerate([kwh] if isinstance(kwh, float) else kwh))
    write_record(layout.energy(what), Record(of=of, whole=whole, sessions=sessions))


def energies(layout: Layout) -> dict[int, Energy]:
    return system_energies(layout, load_run(layout.run))


@pytest.fixture
def measured_run(make_run: Any) -> Layout:
    layout = Layout(make_run())
    put(layout, "model1.training", [1.0, 0.25])
    put(layout, "model2.training", 4.0)
    put(layout, "model1.evaluation", 0.01)
    put(layout, "model2.evaluation", 0.02)
    put(layout, "model1.development", 100.0)  # nothing asks for it
    put(layout, "baseline_inference", 0.003)
    return layout


def test_each_system_is_the_sum_of_its_models(measured_run: Layout) -> None:
    found = energies(measured_run)
    assert {number: dict(one.kwh) for number, one in found.items()} == {
        1: {"training": 1.25, "inference": 0.01, "baseline_inference": 0.003},
        2: {"training": 5.25, "inference": 0.03, "baseline_inference": 0.003}}


def test_the_package_says_what_was_estimated(measured_run: Layout) -> None:
    put(measured_run, "model2.evaluation", 0.02, estimated=("CPU", "RAM"))
    path = package(measured_run.run)
    assert meta(path, 2)["system"]["energy_consumption"] == {
        "training": 5.25, "inference": 0.03, "baseline_inference": 0.003}
    text = next(content.decode() for name, content in contents(path).items() if name.endswith("_2.meta.yaml"))
    lines = text.splitlines()
    above = " ".join(lines[lines.index("    inference: 0.03") - 2:][:2]).replace("    # ", "")
    assert "ESTIMATE, not read from a power sensor: CPU, RAM. codecarbon 3.9 on Abacus x 2." in above
    assert package(measured_run.run).read_bytes() == path.read_bytes()


def test_a_run_without_records_has_the_bytes_of_before(make_run: Any) -> None:
    text = next(content.decode() for name, content in contents(package(make_run())).items()
                if name.endswith("_1.meta.yaml"))
    block = text[text.index("  energy_consumption:"):text.index("  external_datasets:")]
    comments = [line for line in text.splitlines() if "kWh" in line or "easured" in line]
    assert [line.split() for line in block.splitlines() if "#" not in line and line.strip()][1:] == [
        [f"{key}:", "!!null"] for key in KEYS]
    assert comments == ["  # kWh. Null where it was not measured."]


def test_what_ran_side_by_side_is_not_counted_twice(measured_run: Layout) -> None:
    put(measured_run, "model1.training", 3.0, 5000)
    put(measured_run, "model2.training", 3.0, 5000)
    found = energies(measured_run)
    assert (found[1].kwh["training"], found[2].kwh["training"]) == (1.5, 3)


@pytest.mark.parametrize(("key", "what", "why"), [
    ("training", "model2.training", "Not measured: model2.training."),
    ("inference", "model2.evaluation", "Not measured: model2.evaluation."),
    ("baseline_inference", "baseline_inference", "Not measured: baseline_inference.")])
def test_a_sum_with_a_gap_is_null_and_says_which(measured_run: Layout, key: str, what: str, why: str) -> None:
    measured_run.energy(what).unlink()
    two = energies(measured_run)[2]
    assert [name for name in KEYS if two.kwh[name] is None] == [key]
    assert two.notes[key] == why


def test_a_training_measured_in_part_is_null(measured_run: Layout) -> None:
    put(measured_run, "model2.training", 4.0, whole=False)
    found = energies(measured_run)
    assert found[1].kwh["training"] == 1.25
    assert found[2].kwh["training"] is None
    assert found[2].notes["training"] == "Not known: only a part of model2.training was measured."


@pytest.mark.parametrize("other", [{"machine": "Another x 8"}, {"of": "3 clips, cuda"}])
def test_a_baseline_of_another_machine_compares_nothing(measured_run: Layout, other: dict[str, Any]) -> None:
    put(measured_run, "baseline_inference", 0.003, **other)
    found = energies(measured_run)[1]
    assert found.kwh["baseline_inference"] is None
    assert "another machine" in found.notes["baseline_inference"]
    assert found.kwh["inference"] == 0.01


def test_figures_written_by_hand_go_before_measured_ones(measured_run: Layout) -> None:
    (measured_run.run / "energy.json").write_text('{"training": 0.5}')
    measured_run.energy("baseline_inference").unlink()
    found = energies(measured_run)[2]
    assert found.kwh == {"training": 0.5, "inference": 0.03, "baseline_inference": None}
    assert "energy.json" in found.notes["training"]


def save(layout: Layout, run: Run) -> None:
    save_run(run, layout.config)


def test_training_counts_teachers_fusions_and_trained_copies(tmp_path: Path) -> None:
    layout, run = Layout(tmp_path / "runs" / "x"), resolve("shao2022", "tiny")
    save(layout, run)
    number = next(number for number, system in run.systems.items() if system.is_fitted)
    students = run.systems[number].models
    teachers = {teacher for name in students for teacher in run.models[name].teachers}
    copies = {name for model in (*students, *teachers) for name in copies_of(run, model)}
    assert len(students) > 1
    assert teachers
    assert not teachers & set(students)
    trained = [name for name in copies if name.startswith("pix2pix-")]
    assert trained
    needed = [*(f"{name}.training" for name in (*students, *teachers, *trained)),
              *(f"{name}.learning" for name in teachers), *(f"{name}.validation" for name in students)]
    for power, what in enumerate(needed):  # every subset has another sum
        put(layout, what, 2.0 ** -power, 1e6 * (power + 1))
    expected = sum(2.0 ** -power for power in range(len(needed)))
    found = energies(layout)[number]
    assert found.kwh["training"] == float(f"{expected:.4g}")
    assert found.notes["baseline_inference"] == "Not measured: edition 2022 does not ask for it."
    for what in needed:
        content = layout.energy(what).read_bytes()
        layout.energy(what).unlink()
        assert energies(layout)[number].notes["training"] == f"Not measured: {what}."
        layout.energy(what).write_bytes(content)


def test_copies_made_without_a_network_are_not_asked_for(tmp_path: Path) -> None:
    layout, run = Layout(tmp_path / "runs" / "x"), resolve("zhao2021", "tiny")
    save(layout, run)
    number, system = next(iter(run.systems.items()))
    teachers = {teacher for name in system.models for teacher in run.models[name].teachers}
    assert any(copies_of(run, name) for name in (*system.models, *teachers))
    for name in (*system.models, *teachers):
        put(layout, f"{name}.training", 1.0)
    for name in teachers:
        put(layout, f"{name}.learning", 0.5)
    assert energies(layout)[number].kwh["training"] == len(system.models) + 1.5 * len(teachers)


def test_the_verb_tells_all_figures(measured_run: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    measured_run.energy("model2.training").unlink()
    assert main(["energy", "--run", str(measured_run.run)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[1] for line in lines] == ["1"] * 3 + ["2"] * 3
    assert lines[0][2:5] == ["training", "1.25", "kWh"]
    assert lines[3][2:] == ["training", "null", "Not", "measured:", "model2.training."]


@pytest.mark.parametrize("text", ["{", "[]", '{"of": "x"}'])
def test_a_damaged_record_is_told(measured_run: Layout, capsys: pytest.CaptureFixture[str], text: str) -> None:
    measured_run.energy("model1.training").write_text(text)
    assert main(["energy", "--run", str(measured_run.run)]) == 2
    assert "model1.training.json: " in capsys.readouterr().err


@pytest.mark.parametrize("kwh", [1e-9, 4e-5, 4.686e-05, 0.0, 123.4])
def test_small_values_stay_numbers_in_yaml(kwh: float) -> None:
    assert yaml.safe_load(render({"training": kwh}, {}, "x")) == {"training": kwh}
