"""Files gone or broken behind the pipeline's back: noticed, named, kept where somebody may want them, made again."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline import begun, digests, only, run

Break = Callable[[Path], None]


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_at_a_row(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:50]))


def zeros(path: Path) -> None:
    """Lost blocks: the size is right, and so may be the time."""
    path.write_bytes(bytes(path.stat().st_size))


def garbage(path: Path) -> None:
    path.write_bytes(b"\xff\x00" * 100)


RUN = "runs/wang2023-tiny"
DELETED = ["models/model1/model.onnx", "models/model1/model.safetensors", "models/model1/model.json",
           "models/model1/development.output.csv", "system1/evaluation.output.csv", "system1/system.json",
           "scores/system1.development.json", "scores/quantization.json", "submission/*.zip",
           "submission/package.json", "report/index.html"]
BROKEN: list[tuple[str, Break]] = [
    ("models/model1/model.onnx", cut), ("models/model1/model.onnx", zeros), ("models/model1/model.safetensors", cut),
    ("models/model1/model.json", garbage), ("models/model1/evaluation.output.csv", cut),
    ("models/model1/development.output.csv", cut_at_a_row), ("system1/development.output.csv", zeros),
    ("scores/system1.development.json", cut), ("submission/package.json", cut), ("submission/*.zip", cut),
    ("report/index.html", zeros), ("../../index/embedded-1s-tiny-dev.csv", cut),
    ("../../features/*/embedded-1s-tiny-dev/store.json", cut),
    ("../../features/*/embedded-1s-tiny-dev/part-00000.h5", cut)]


def test_several_at_once(finished: tuple[Path, str], work: Path) -> None:
    """Up to the scores, since package and report take longest; those are in the long form."""
    folder = work / RUN
    cut(work / "index" / "embedded-1s-tiny-dev.csv")
    cut(only(work, "features/*/embedded-1s-tiny-dev/part-00000.h5"))
    cut_at_a_row(folder / "system1" / "development.output.csv")
    zeros(folder / "scores" / "system1.evaluation.json")
    shown = run(work, "score")
    assert shown.returncode == 0, shown.stderr
    for told in ("index/embedded-1s-tiny-dev.csv: ", "bytes in part-00000.h5, expected",
                 "system1/development.output.csv: found 49 clips, 131 of the list are missing; kept as "
                 "development.output.csv.kept-1, made again", "scores/system1.evaluation.json: cannot be read"):
        assert told in shown.stderr
    assert "train" not in begun(shown)  # what comes out as it was makes nothing that depends on it stale
    assert digests(work) == digests(finished[0])
    assert sorted(path.name for path in work.rglob("*.kept-*")) == [
        "development.output.csv.kept-1", "embedded-1s-tiny-dev.csv.kept-1", "system1.evaluation.json.kept-1"]
    assert not begun(run(work, "--dry-run"))


@pytest.mark.long
def test_what_somebody_changed_is_kept_when_a_job_overwrites_it(finished: tuple[Path, str], work: Path) -> None:
    report = work / RUN / "report" / "report.md"
    report.write_text("my notes")
    shown = run(work, "--from", "report", "--force", "report")
    assert shown.returncode == 0, shown.stderr
    assert "report.md: changed since the pipeline made it" in shown.stderr
    assert "report.md was changed since it was made; kept as report.md.kept-1" in shown.stderr
    assert report.with_name("report.md.kept-1").read_text() == "my notes"
    assert report.read_bytes() == (finished[0] / RUN / "report" / "report.md").read_bytes()


@pytest.mark.long
def test_what_somebody_wrote_into_the_config_is_kept(work: Path) -> None:
    config = work / RUN / "config.yaml"
    written = config.read_text()
    config.write_text(written.replace("epochs: 1", "epochs: 5"))
    shown = run(work, "corpus")
    assert "config.yaml.kept-1" in shown.stderr
    assert config.read_text() == written
    assert "epochs: 5" in (config.parent / "config.yaml.kept-1").read_text()


def test_a_dry_run_tells_what_is_broken_and_what_was_changed_and_changes_nothing(work: Path) -> None:
    cut(work / RUN / "scores" / "quantization.json")
    table = work / RUN / "system1" / "evaluation.output.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")  # another order: can be used, so it is taken
    before = digests(work, ("**/*",))
    shown = run(work, "--dry-run")
    assert re.search("quantization.json: cannot be read .*would be made again", shown.stderr)
    assert f"{table.name}: changed since the pipeline made it, by hand or by the disk, but usable" in shown.stderr
    assert begun(shown) == ["score", "package", "report"]
    assert digests(work, ("**/*",)) == before


@pytest.mark.long
def test_earlier_stages_are_taken_as_they_are_where_the_user_says_so(work: Path) -> None:
    delete(work / RUN / "models" / "model1" / "history.csv")
    shown = run(work, "--from", "package", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "history.csv" not in shown.stderr


@pytest.mark.long
def test_features_deleted_to_save_room_are_not_computed_for_nothing(work: Path) -> None:
    shutil.rmtree(work / "features")
    assert not begun(run(work, "--dry-run"))


@pytest.mark.long
@pytest.mark.parametrize("name", DELETED)
def test_deleted(finished: tuple[Path, str], work: Path, name: str) -> None:
    path = only(work / RUN, name)
    delete(path)
    shown = run(work)
    assert shown.returncode == 0, shown.stderr
    assert "made again" in shown.stderr
    assert path.name in shown.stderr
    assert path.exists()
    assert digests(work) == digests(finished[0])


@pytest.mark.long
@pytest.mark.parametrize(("name", "broken"), BROKEN)
def test_broken(finished: tuple[Path, str], work: Path, name: str, broken: Break) -> None:
    path = only(work / RUN, name)
    broken(path)
    shown = run(work)
    assert shown.returncode == 0, shown.stderr
    assert "made again" in shown.stderr
    assert path.name in shown.stderr
    assert digests(work) == digests(finished[0])
    assert "Nothing to do" in run(work).stdout
