"""A dry run changes nothing in the work folder, whatever it is asked, and tells the jobs that the run then does."""

import fcntl
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from task1.files import file_digest
from tests.pipeline import begun, copy_of, only, run

pytestmark = pytest.mark.slow

RUN = "runs/wang2023-tiny"

State = Mapping[str, tuple[int, int, str]]


def state(folder: Path) -> State:
    """Time, size and content of everything in it, the folder itself included."""
    paths = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.lstat().st_size,
                                            file_digest(path) if path.is_file() else "") for path in paths}


def jobs(shown: subprocess.CompletedProcess[str]) -> list[str]:
    """Rule and wildcards of every job that was told or begun, in the order of the alphabet."""
    return sorted(text.strip() for text in re.findall(r"^\[\d/\d\] ([^(\n]+)", shown.stderr, re.MULTILINE))


@pytest.fixture(scope="module")
def untouched(finished: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished work folder in which only dry runs are run."""
    return copy_of(finished[0], tmp_path_factory.mktemp("dry") / "work")


@pytest.fixture
def work(finished: tuple[Path, str], tmp_path: Path) -> Path:
    """A finished work folder to break."""
    return copy_of(finished[0], tmp_path / "work")


def edit_config(work: Path) -> None:
    config = work / RUN / "config.yaml"
    config.write_text(config.read_text().replace("epochs: 1", "epochs: 5"))


def spoil_config(work: Path) -> None:
    (work / RUN / "config.yaml").write_bytes(b"\xff\x00: [")


def delete_config(work: Path) -> None:
    (work / RUN / "config.yaml").unlink()


def delete_network(work: Path) -> None:
    (work / RUN / "models/model1/model.safetensors").unlink()


def delete_engine_state(work: Path) -> None:
    shutil.rmtree(work / ".snakemake")


def delete_marks(work: Path) -> None:
    """As in a folder of an older version of the project, or one copied without hidden files."""
    for name in (".lock", ".made.json", "CACHEDIR.TAG"):
        (work / name).unlink()


def delete_corpus(work: Path) -> None:
    shutil.rmtree(only(work / "corpora", "*-development"))


def delete_corpus_and_features(work: Path) -> None:
    delete_corpus(work)
    shutil.rmtree(only(work, "features/*/embedded-1s-tiny-dev"))


@pytest.mark.parametrize(("arguments", "expected"), [
    ((), []),
    (("--set", "training.seed=7"), ["train", "predict", "score", "package", "report"]),
    (("--seeds", "2"), ["train", "predict", "score", "package", "report"]),
    (("--entry", "shao2022", "features"), ["features"]),  # of a run that is not there yet, on the same recordings
    (("--executor", "slurm"), []),
    (("--force", "features", "features"), ["features"]),
])
def test_what_is_asked_changes_nothing(untouched: Path, arguments: tuple[str, ...], expected: list[str]) -> None:
    before = state(untouched)
    shown = run(untouched, "--dry-run", *arguments)
    assert shown.returncode == 0, shown.stderr
    assert begun(shown) == expected
    assert state(untouched) == before


@pytest.mark.parametrize(("happens", "expected", "told"), [
    (edit_config, [], r"config.yaml: changed since the pipeline wrote it; would be kept aside and written again"),
    (spoil_config, [], r"config.yaml: changed since the pipeline wrote it; would be kept aside"),
    (delete_config, [], ""),
    (delete_network, ["train", "predict", "score", "package", "report"],
     r"model.safetensors: found no such file; would be made again[^$]*came out otherwise"),
    (delete_marks, [], ""),
    (delete_corpus, [], ""),
    (delete_corpus_and_features, [], ""),
    (delete_engine_state, [], ""),
])
def test_what_happened_is_told_and_left_as_it_is(work: Path, happens: Callable[[Path], None], expected: list[str],
                                                 told: str) -> None:
    happens(work)
    before = state(work)
    shown = run(work, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert begun(shown) == expected
    assert re.search(told, shown.stderr)
    assert str(work) in shown.stderr or not told  # the real path, not that of anything temporary
    assert state(work) == before


def test_a_work_folder_that_is_not_there_stays_so(tmp_path: Path) -> None:
    shown = run(tmp_path / "some" / "work", "--dry-run", "features")
    assert shown.returncode == 0, shown.stderr
    assert begun(shown) == ["corpus", "verify", "index", "features"]
    assert list(tmp_path.iterdir()) == []


def test_on_a_cluster_the_parts_of_the_log_mels_are_told(tmp_path: Path) -> None:
    shown = run(tmp_path / "work", "--dry-run", "--executor", "slurm", "features")
    assert shown.returncode == 0, shown.stderr
    told = [job.split()[0] for job in jobs(shown)]
    assert {rule: told.count(rule) for rule in told} == {"corpus": 2, "verify": 2, "index": 2, "share": 16,
                                                         "features": 2}


def test_while_a_run_works_in_the_folder_nothing_can_be_told(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        shown = run(tmp_path, "--dry-run")
    assert shown.returncode == 2
    assert "another run (process 4711) works in this folder" in shown.stderr
    assert run(tmp_path, "--dry-run", "corpus").returncode == 0


def test_a_file_in_the_place_of_the_work_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("not a folder")
    shown = run(tmp_path / "work", "--dry-run")
    assert shown.returncode == 2
    assert "work: cannot be read (Not a directory); choose another folder with --work" in shown.stderr


@pytest.mark.parametrize(("happens", "arguments"), [
    (delete_corpus_and_features, ("features",)),
    (edit_config, ("--set", "texts.abbreviation=OTHER")),
    (None, ("--set", "decision.scene_share=0.7", "score")),
])
def test_the_run_does_what_was_told(work: Path, happens: Callable[[Path], None] | None,
                                    arguments: tuple[str, ...]) -> None:
    if happens:
        happens(work)
    told, done = run(work, "--dry-run", *arguments), run(work, *arguments)
    assert done.returncode == 0, done.stderr
    assert jobs(told) == jobs(done) != []
    assert f"{len(jobs(done))} jobs to do." in told.stdout


def test_nothing_is_left_in_the_folder_for_temporary_files(untouched: Path, tmp_path: Path,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert run(untouched, "--dry-run", "--set", "training.seed=7").returncode == 0
    assert list(tmp_path.iterdir()) == []
