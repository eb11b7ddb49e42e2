"""SIGKILL at any moment: the same command goes on and ends with the same bytes."""

import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.pipeline import command, digests, jobs_of, run, stages_begun

EARLY = ("index/*.csv", "features/*/*/*.h5", "features/*/*/store.json")
KILLS = 50


def killed(work: Path, seconds: float, *arguments: str) -> str | None:
    """Begin the run and kill its driver alone after so long; the stage that was at work, None if the run has ended."""
    log = work.with_suffix(".log")
    with log.open("w") as said, subprocess.Popen(command(work, *arguments), stdout=subprocess.DEVNULL,
                                                 stderr=said) as victim:
        try:
            assert victim.wait(seconds) == 0, log.read_text()
            return None
        except subprocess.TimeoutExpired:
            os.kill(victim.pid, signal.SIGKILL)
    return (stages_begun(log.read_text()) or ["before any"])[-1]


def test_killed_while_recordings_and_features_are_made(finished: tuple[Path, str], tmp_path: Path) -> None:
    work, moments = tmp_path / "work", random.Random(20231)
    for _ in range(2):
        killed(work, moments.uniform(2.0, 5.0), "features")
    shown = run(work, "features")
    assert shown.returncode == 0, shown.stderr
    expected = digests(finished[0], EARLY)
    assert digests(work, EARLY) == expected
    assert len(expected) > 4
    assert not list(work.glob("features/**/.part-*"))


@pytest.mark.long
def test_killed_at_fifty_moments_of_whole_runs(finished: tuple[Path, str], tmp_path: Path) -> None:
    """Again and again until a run has ended, then from the beginning, until enough kills have hit."""
    moments, hit, rounds = random.Random(20232), Counter[str](), 0
    whole = float(re.findall(r"jobs in (\d+) s", finished[1])[0])
    while hit.total() < KILLS:
        rounds += 1
        work, longest = tmp_path / f"work{rounds}", max(6.0, whole / 4)
        while stage := killed(work, moments.uniform(1.0, longest)):
            hit[stage] += 1
            longest += whole / 40  # the longest job has to end some time
        assert digests(work) == digests(finished[0])
        assert "Nothing to do" in run(work).stdout
    print(f"{hit.total()} kills in {rounds} runs:", ", ".join(f"{stage} {count}" for stage, count in hit.items()))
    assert len(hit) >= 5, hit  # kills that all hit the same stage would show little


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
