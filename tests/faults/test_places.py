"""Folders that cannot be written, that somebody else works in, and clocks that go wrong."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.conftest import Disk
from tests.pipeline import begun, command, digests, run, task1


def test_a_folder_on_a_read_only_disk(disk: Disk) -> None:
    place = disk(1 << 20)
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    shown = run(place / "work")
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr
    assert re.search(r"work: cannot be written \(Read-only file system\); choose another folder with --work",
                     shown.stderr)


@pytest.mark.long
def test_a_disk_that_became_read_only_between_stages(disk: Disk) -> None:
    place = disk(150 << 20)
    assert run(place / "work", "index").returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    shown = run(place / "work")
    subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr
    assert "Read-only file system" in shown.stderr
    assert begun(run(place / "work", "features")) == ["features"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    shown = run(tmp_path / "work")
    tmp_path.chmod(0o755)
    assert shown.returncode == 2
    assert "Permission denied" in shown.stderr


def test_two_runs_in_one_folder_the_second_is_refused(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with subprocess.Popen(command(work), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as first:
        assert first.stderr is not None
        first.stderr.readline()
        second = run(work)
        doctor = task1("doctor", "--profile", "tiny", "--work", work)
        first.kill()
    assert second.returncode == 2
    assert re.search(rf"another run \(process {first.pid}\) works in this folder; wait for it", second.stderr)
    assert re.search(rf"^warning  work .*process {first.pid} works in it \(.*task1 run", doctor.stdout, re.MULTILINE)


def test_inputs_from_the_future_make_nothing_stale(work: Path) -> None:
    """The clock was set back after they had been made."""
    for days, pattern in enumerate(("index/*", "features/*/*/store.json", "runs/*/models/*/*", "corpora/*/audio/*"), 1):
        set_times(work, pattern, time.time() + days * 86_400)
    shown = run(work, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert not begun(shown)


@pytest.mark.long
def test_outputs_from_the_past_are_still_right(work: Path) -> None:
    """The clock was set back before they were made: all are older than what they were made from."""
    set_times(work, "runs/*/*/*", time.time() - 10 * 86_400)
    assert not begun(run(work, "--dry-run"))


@pytest.mark.long
def test_a_run_with_a_clock_set_back_ends_right_and_stays_done(finished: tuple[Path, str], work: Path) -> None:
    set_times(work, "index/*", time.time() + 86_400)
    set_times(work, "runs/*/models/*/*", time.time() + 86_400)
    set_times(work, "runs/*/system*/*", time.time() + 3_600)
    shown = run(work, "--force", "score", "score")
    assert shown.returncode == 0, shown.stderr
    assert begun(shown) == ["score"]
    assert digests(work, ("runs/*/scores/*.json",)) == digests(finished[0], ("runs/*/scores/*.json",))
    assert not begun(run(work, "score"))


def set_times(work: Path, pattern: str, when: float) -> None:
    paths = [path for path in work.glob(pattern) if path.is_file()]
    assert paths
    for path in paths:
        os.utime(path, (when, when))
