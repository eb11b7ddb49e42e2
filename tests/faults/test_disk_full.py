"""A full disk, stage by stage: one sentence, nothing half-written, and with room again the same bytes."""

import re
import shutil
from pathlib import Path

import pytest

from task1.workflow.stages import STAGES
from tests.faults.conftest import Disk
from tests.pipeline import copy_of, digests, run

ROOM = 30_000
"""Bytes left free: enough to begin a stage, too little to end it."""


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*"))


def fill(disk: Path, leave: int) -> Path:
    """Take all room but so much."""
    filler = disk / "filler"
    filler.touch()
    with filler.open("wb") as stream:
        stream.truncate(0)
        while shutil.disk_usage(disk).free > leave + (1 << 20):
            stream.write(bytes(1 << 20))
            stream.flush()
        stream.write(bytes(max(0, shutil.disk_usage(disk).free - leave)))
    return filler


@pytest.mark.parametrize("stage", [
    pytest.param(stage.name, marks=[] if stage.name == "features" else [pytest.mark.long]) for stage in STAGES])
def test_a_disk_that_is_full_in_a_stage(finished: tuple[Path, str], disk: Disk, stage: str) -> None:
    place = disk(bytes_in(finished[0]) + (80 << 20))
    work = copy_of(finished[0], place / "work")
    if stage == "corpus":
        shutil.rmtree(work / "corpora")
    if stage == "features":
        shutil.rmtree(work / "features")
    filler = fill(place, ROOM)
    shown = run(work, stage, "--force", stage)
    if shown.returncode:
        assert "Traceback" not in shown.stderr
        assert re.search(r"No space left|disk is full|cannot be written|room", shown.stderr), shown.stderr
    filler.unlink()
    again = run(work, stage, "--force", stage)
    assert again.returncode == 0, again.stderr
    assert digests(work) == digests(finished[0])
    assert not list(work.glob("runs/**/.part-*"))


def test_a_file_that_may_not_grow(finished: tuple[Path, str], tmp_path: Path) -> None:
    """What a quota does; needs no right to mount."""
    import resource
    import subprocess
    import sys

    index = next((finished[0] / "index").glob("*-dev.csv"))
    target = tmp_path / "index.csv"
    target.write_text("the user's own")
    root = finished[0] / "corpora" / "embedded-1s-tiny-development"
    shown = subprocess.run(
        [sys.executable, "-m", "task1", "corpus", "index", index.stem, "--root", str(root), "--out", str(target)],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
    assert shown.returncode == 2, shown.stderr
    assert "File too large" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert target.read_text() == "the user's own"
    assert [path.name for path in tmp_path.iterdir()] == ["index.csv"]
