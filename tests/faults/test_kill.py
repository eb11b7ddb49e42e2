"""SIGKILL at any moment: the same command goes on and ends with the same bytes."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.pipeline import command, digests, jobs_of, run

EARLY = ("index/*.csv", "features/*/*/*.h5", "features/*/*/store.json")


def kill_at_random(work: Path, seed: int, times: int, longest: float, *arguments: str) -> None:
    """Begin the run so many times and kill it after a random time, its driver alone."""
    moments, unheard = random.Random(seed), subprocess.DEVNULL
    for _ in range(times):
        with subprocess.Popen(command(work, *arguments), stdout=unheard, stderr=unheard) as victim:
            time.sleep(moments.uniform(1.0, longest))
            os.kill(victim.pid, signal.SIGKILL)


def test_killed_while_recordings_and_features_are_made(finished: tuple[Path, str], tmp_path: Path) -> None:
    work = tmp_path / "work"
    kill_at_random(work, 20231, 2, 5.0, "features")
    shown = run(work, "features")
    assert shown.returncode == 0, shown.stderr
    expected = digests(finished[0], EARLY)
    assert digests(work, EARLY) == expected
    assert len(expected) > 4
    assert not list(work.glob("features/**/.part-*"))


@pytest.mark.long
def test_killed_while_tables_are_made(finished: tuple[Path, str], work: Path) -> None:
    kill_at_random(work, 20233, 2, 8.0, "--from", "predict", "--force", "predict")
    shown = run(work)
    assert shown.returncode == 0, shown.stderr
    assert digests(work) == digests(finished[0])


@pytest.mark.long
def test_killed_at_fifty_moments_of_a_whole_run(finished: tuple[Path, str], tmp_path: Path) -> None:
    work = tmp_path / "work"
    kill_at_random(work, 20232, 50, 12.0)
    shown = run(work)
    assert shown.returncode == 0, shown.stderr
    assert digests(work) == digests(finished[0])
    assert "Nothing to do" in run(work).stdout


@pytest.mark.long
def test_jobs_end_with_their_killed_driver(tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert run(work, "features").returncode == 0
    with subprocess.Popen(command(work), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as victim:
        deadline = time.monotonic() + 120
        while not jobs_of(work) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert jobs_of(work)
        os.kill(victim.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while jobs_of(work) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not jobs_of(work)
