"""Ctrl-C, SIGTERM and SIGHUP: one sentence, no job left, the folder free, and the same command goes on."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.pipeline import begun, command, copy_of, digests, jobs_of, run
from tests.signals import hear_signals

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}


def interrupt(number: signal.Signals, work: Path, *arguments: str, begins: str) -> None:
    """Begin a run, interrupt it when the job is at work that `begins` tells of, and look at how it ends."""
    with subprocess.Popen(command(work, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, preexec_fn=hear_signals) as driver:
        assert driver.stderr is not None
        said = []
        while not said or said[-1] != f"{begins}\n":
            said.append(driver.stderr.readline())
            assert said[-1], said
        while not jobs_of(work):
            time.sleep(0.05)
        began = time.monotonic()
        os.kill(driver.pid, number)
        said += driver.stderr.readlines()
        seconds = time.monotonic() - began
    assert not jobs_of(work)
    assert driver.returncode == 128 + number
    assert said[-1] == (f"Interrupted ({NAMES[number]}): running jobs were ended; the same command goes on from "
                        "there.\n")
    assert sum(not line.startswith(("[", " ")) for line in said) == 1, said
    assert seconds < 10.0  # two seconds, where nothing else takes the processors


@pytest.mark.parametrize("number", [
    signal.SIGTERM, *(pytest.param(other, marks=pytest.mark.long) for other in (signal.SIGINT, signal.SIGHUP))])
def test_while_recordings_are_made(tmp_path: Path, number: signal.Signals) -> None:
    work = tmp_path / "work"
    interrupt(number, work, "index", begins="[1/9] corpus embedded-1s-tiny-dev")
    assert not list(work.rglob(".part-*"))
    if number == signal.SIGTERM:
        assert begun(run(work, "index")) == ["corpus", "verify", "index"]


@pytest.mark.long
@pytest.mark.parametrize("number", NAMES)
def test_while_a_network_is_trained(finished: tuple[Path, str], tmp_path: Path, number: signal.Signals) -> None:
    work = copy_of(finished[0], tmp_path / "work")
    interrupt(number, work, "train", "--force", "train", begins="[5/9] train model1")
    shown = run(work)
    assert shown.returncode == 0, shown.stderr
    assert digests(work) == digests(finished[0])
    assert not list(work.rglob(".part-*"))
