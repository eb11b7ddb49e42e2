"""What has happened to files since they were made: seals, forms, and what follows."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from task1.config import Run, resolve, save_run, taxonomy
from task1.files import file_digest
from task1.layout import Layout
from task1.outputs import Outputs, write_outputs
from task1.workflow.mend import clear_unfinished, keep_aside, leave_no_future, survey
from task1.workflow.seals import SEALS, Seals
from task1.workflow.whole import damage

MODEL = {"model": "model1"}


@pytest.fixture
def run() -> Run:
    return resolve("wang2023", "tiny")


@pytest.fixture
def at(tmp_path: Path, run: Run) -> Layout:
    """A run with a table, its scores, a history, all sealed."""
    at = Layout(tmp_path / "runs" / "wang2023-tiny")
    save_run(run, at.config)
    write_outputs(at.model_output("model1", "learning"), table(20))
    at.scores(1, "development").parent.mkdir()
    at.scores(1, "development").write_text('{"systems": []}')
    at.scores(1, "development").with_suffix(".csv").write_text("metric\tvalue\n")
    (at.model("model1") / "history.csv").write_text("epoch\tloss\n1\t2.3\n")
    seals = Seals(at.work)
    seals.set("predict", MODEL, [name(at, at.model_output("model1", "learning"))])
    seals.set("train", MODEL, [name(at, at.model("model1") / "history.csv")])
    seals.set("score", {"system": "1", "part": "development"}, [name(at, at.scores(1, "development"))])
    return at


def table(clips: int) -> Outputs:
    scenes = len(taxonomy().scenes)
    values = np.full((clips, scenes), 1 / scenes)
    return Outputs(tuple(f"{clip}.wav" for clip in range(clips)), values)


def name(at: Layout, path: Path) -> str:
    return str(path.relative_to(at.work))


def test_nothing_has_happened(at: Layout, run: Run) -> None:
    assert survey(at, run, Seals(at.work)) == []
    assert survey(at, run, Seals(at.work), deep=True) == []


def test_another_time_alone_is_no_change(at: Layout, run: Run) -> None:
    os.utime(at.scores(1, "development"), (1, 1))
    assert survey(at, run, Seals(at.work)) == []


def test_times_of_a_clock_that_was_set_back(at: Layout, run: Run) -> None:
    future, past = at.scores(1, "development"), at.model("model1") / "history.csv"
    os.utime(future, (time.time() + 86_400,) * 2)
    os.utime(past, (1, 1))
    leave_no_future(Seals(at.work))
    assert abs(future.stat().st_mtime - time.time()) < 60
    assert past.stat().st_mtime == 1
    assert survey(at, run, Seals(at.work)) == []


def test_gone(at: Layout, run: Run) -> None:
    at.scores(1, "development").unlink()
    (fault,) = survey(at, run, Seals(at.work))
    assert (fault.path, fault.what, fault.kept) == (at.scores(1, "development"), "found no such file", ())


def test_gone_beside_it(at: Layout, run: Run) -> None:
    at.scores(1, "development").with_suffix(".csv").unlink()
    (fault,) = survey(at, run, Seals(at.work))
    assert "found no system1.development.csv beside it" in fault.what


def test_broken_is_to_be_kept_and_made_again(at: Layout, run: Run) -> None:
    path = at.model_output("model1", "learning")
    os.truncate(path, path.stat().st_size - 10)
    (fault,) = survey(at, run, Seals(at.work))
    assert fault.kept == (path,)
    assert not fault.usable
    assert fault.what.startswith("row 21: found 10 columns, expected 12")


def test_changed_but_usable_is_only_told(at: Layout, run: Run) -> None:
    write_outputs(at.model_output("model1", "learning"), table(19))
    (fault,) = survey(at, run, Seals(at.work))
    assert fault.usable
    assert not fault.kept


def test_a_flipped_byte_that_kept_size_and_time_is_found_by_reading(at: Layout, run: Run) -> None:
    path = at.scores(1, "development")
    status = path.stat()
    path.write_text('{"systemz": []}')
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert survey(at, run, Seals(at.work)) == []
    (fault,) = survey(at, run, Seals(at.work), deep=True)
    assert fault.path == path


def test_only_files_of_the_rules_asked_for(at: Layout, run: Run) -> None:
    at.scores(1, "development").unlink()
    assert survey(at, run, Seals(at.work), ["train"]) == []


def test_models_of_another_selection_are_none_of_our_business(at: Layout, run: Run) -> None:
    seals = Seals(at.work)
    other = at.model("model4") / "history.csv"
    other.parent.mkdir()
    other.write_text("epoch\n1\n")
    seals.set("train", {"model": "model4"}, [name(at, other)])
    seals.set("score", {"system": "4"}, [name(at, other.with_name("x.json"))])
    other.unlink()
    assert survey(at, run, Seals(at.work)) == []


@pytest.mark.parametrize(("rule", "wildcards"), [
    ("copies", {"copies": "pitch-0123456789ab"}), ("teach", MODEL), ("hold_out", MODEL), ("fuse", {"system": "1"}),
    ("seeds", {})])
def test_what_an_earlier_recipe_has_left_is_none_of_our_business(at: Layout, run: Run, rule: str,
                                                                 wildcards: dict[str, str]) -> None:
    """No job of this run could make it again."""
    left = at.run / "left" / "store.json"
    left.parent.mkdir()
    left.write_text('{"parts": []}')
    seals = Seals(at.work)
    seals.set(rule, wildcards, [name(at, left)])
    left.write_text("broken")
    assert survey(at, run, Seals(at.work)) == []


def test_what_this_recipe_makes_is_looked_at(at: Layout) -> None:
    run = resolve("shao2022", "tiny")
    fused = next(number for number, system in run.systems.items() if system.is_fitted)
    member = run.systems[fused].models[0]
    taught = next(model.teachers[0] for model in run.models.values() if model.teachers)
    expected = []
    seals = Seals(at.work)
    for rule, wildcards in (("hold_out", {"model": member}), ("teach", {"model": taught}),
                            ("fuse", {"system": str(fused)})):
        path = at.run / f"{rule}.json"
        path.write_text("{}")
        seals.set(rule, wildcards, [name(at, path)])
        path.write_text("broken")
        expected.append(path)
    assert {fault.path for fault in survey(at, run, Seals(at.work))} == set(expected)


def test_a_job_that_begins_takes_its_seals_away(at: Layout, run: Run) -> None:
    history = at.model("model1") / "history.csv"
    Seals(at.work).drop([name(at, history)])
    history.unlink()
    assert survey(at, run, Seals(at.work)) == []


@given(content=st.binary(max_size=200) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.dictionaries(st.text(max_size=5), inner)).map(
        lambda made: json.dumps(made).encode()))
def test_seals_that_cannot_be_read_seal_nothing(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    work = tmp_path_factory.mktemp("work")
    (work / SEALS).write_bytes(content)
    assert list(Seals(work)) == []


def test_seals_on_a_full_disk_are_given_up(at: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("task1.workflow.seals.write_json", full)
    Seals(at.work).set("train", MODEL, [name(at, at.model("model1") / "history.csv")])
    assert not (at.work / SEALS).exists()


@pytest.mark.parametrize("happened", ["record gone", "record broken", "package changed"])
def test_a_package_without_a_record_that_vouches_for_it_is_kept(at: Layout, run: Run, happened: str) -> None:
    at.submission.mkdir()
    record, package, other = (at.submission / name for name in ("package.json", "a.zip", "mine.zip"))
    package.write_bytes(b"packed")
    other.write_bytes(b"not the pipeline's")
    record.write_text(json.dumps({"package": "a.zip", "sha256": file_digest(package)}))
    seals = Seals(at.work)
    seals.set("package", {}, [name(at, record)])
    if happened == "record gone":
        record.unlink()
    elif happened == "record broken":
        record.write_text("{")
    else:
        package.write_bytes(b"edited by somebody")
    (fault,) = survey(at, run, Seals(at.work))
    expected = {"record gone": {package, other}, "record broken": {record, package, other},
                "package changed": {package}}
    assert set(fault.kept) == expected[happened]


def test_files_of_somebody_else_in_a_folder_of_ours_are_noticed(at: Layout, run: Run) -> None:
    folder = at.report / "figures"
    folder.mkdir(parents=True)
    (folder / "a.svg").write_text("<svg/>")
    seals = Seals(at.work)
    seals.set("figures", {}, [name(at, folder)])
    assert survey(at, run, Seals(at.work), deep=True) == []
    assert seals.changed([name(at, folder)]) == []
    (folder / "mine.svg").write_text("<svg/>")
    assert seals.changed([name(at, folder)]) == [folder]
    (fault,) = survey(at, run, Seals(at.work))
    assert fault.usable


def test_what_was_changed_and_what_was_not(at: Layout) -> None:
    seals = Seals(at.work)
    table, scores = at.model_output("model1", "learning"), at.scores(1, "development")
    names = [name(at, table), name(at, scores), "runs/never-sealed", name(at, at.config)]
    assert seals.changed(names) == []
    table.write_text("edited")
    scores.unlink()
    at.config.write_text("never sealed")
    assert seals.changed(names) == [table]


def test_unfinished_files_of_killed_jobs_are_cleared_away(at: Layout) -> None:
    before = sorted(at.work.rglob("*"))
    (at.model("model1") / ".part-model.float.onnx-j6yalo9n.onnx").touch()
    clear_unfinished(at)
    assert sorted(at.work.rglob("*")) == before


def test_kept_files_are_numbered(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / "a.csv").write_text(str(number))
        assert keep_aside(tmp_path / "a.csv").name == f"a.csv.kept-{number}"
    assert (tmp_path / "a.csv.kept-1").read_text() == "1"


@pytest.mark.parametrize(("file", "content", "told"), [
    ("scores.json", b'{"a": 1}', None),
    ("scores.json", b'{"a": ', "cannot be read"),
    ("scores.json", b"[1]", "found a JSON list, expected an object"),
    ("scores.json", b"\0" * 20, "cannot be read"),
    ("report.md", b"# Report\n", None),
    ("report.md", b"", "empty"),
    ("index.html", b"<html>\0\0\0", "bytes of zero"),
    ("history.csv", b"", "empty"),
    ("x.output.csv", b"filename\tscene_label\n", "row 1"),
    ("model.onnx", b"\0" * 300, "no ONNX model that can be run"),
    ("model.safetensors", b"\x08\0\0\0\0\0\0\0{}", "cannot be read|found no tensor"),
    ("store.json", b'{"parts": [{"name": "part-00000.h5", "bytes": 3, "sha256": ""}]}', "found no part-00000.h5"),
    ("store.json", b'{"parts": 3}', "cannot be read"),
    ("package.json", b'{"package": "x.zip", "sha256": "0"}', "found no x.zip"),
    ("package.json", b"{}", "cannot be read"),
])
def test_forms(tmp_path: Path, file: str, content: bytes, told: str | None) -> None:
    (tmp_path / file).write_bytes(content)
    found = damage(tmp_path / file)
    if told is None:
        assert found is None
    else:
        assert found is not None
        assert any(text in found for text in told.split("|")), found
        assert "\n" not in found


def test_whole_tensors_and_cut_ones(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    save_file({"a": np.zeros(100, np.float32)}, path)
    assert damage(path) is None
    os.truncate(path, path.stat().st_size - 1)
    assert "cannot be read" in str(damage(path))
