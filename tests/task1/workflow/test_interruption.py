"""Signals to a process that runs jobs: the jobs end, soon and all of them, and what caught the signal is told."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from task1.workflow import interruption
from tests.signals import hear_signals

DRIVER = """
import signal, subprocess, sys, threading, time
from task1.workflow.interruption import Interrupted, interruptible, interrupted, unswallowed

def job():  # as Snakemake begins one: a shell, in which -m task1 stands
    subprocess.run(["bash", "-c", "set -e; " + sys.argv[1] + " # -m task1 train"])

try:
    with interruptible():
        begun = [threading.Thread(target=job) for _ in range(2)]
        for thread in begun:
            thread.start()
        print("begun", flush=True)
        with unswallowed():
            try:
                time.sleep(60)
            except KeyboardInterrupt:  # as Snakemake does: swallowed, and jobs are waited for
                for thread in begun:
                    thread.join()
except Interrupted as stopped:
    print(stopped.name, interrupted(), signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
    sys.exit(128 + stopped.number)
"""


def drive(job: str) -> "subprocess.Popen[str]":
    driver = subprocess.Popen([sys.executable, "-c", textwrap.dedent(DRIVER), job], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, preexec_fn=hear_signals)
    assert driver.stdout is not None
    assert driver.stdout.readline() == "begun\n"
    patience = time.monotonic() + 10
    while len(psutil.Process(driver.pid).children(recursive=True)) < 4 and time.monotonic() < patience:
        time.sleep(0.05)
    return driver


def works(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("number", "name"), [(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "Ctrl-C"),
                                              (signal.SIGHUP, "SIGHUP")])
def test_all_jobs_end_and_the_signal_is_told_though_it_was_swallowed(number: int, name: str) -> None:
    driver = drive("sleep 60; true")
    jobs = psutil.Process(driver.pid).children(recursive=True)
    assert len(jobs) == 4  # shells and what they run
    os.kill(driver.pid, number)
    said, complained = driver.communicate(timeout=20)
    assert said == f"{name} True True\n"
    assert complained == ""
    assert driver.returncode == 128 + number
    assert not any(map(works, jobs))


def test_a_job_that_does_not_listen_is_killed() -> None:
    driver = drive("trap '' TERM; sleep 60; true")
    jobs = psutil.Process(driver.pid).children(recursive=True)
    began = time.monotonic()
    os.kill(driver.pid, signal.SIGTERM)
    driver.communicate(timeout=20)
    assert time.monotonic() - began > 1.0  # it was asked first
    assert driver.returncode == 143
    assert not any(map(works, jobs))


def test_nohup_is_respected() -> None:
    driver = subprocess.Popen(["nohup", sys.executable, "-c", textwrap.dedent(DRIVER), "sleep 60; true"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert driver.stdout is not None
    assert driver.stdout.readline() == "begun\n"
    os.kill(driver.pid, signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        driver.wait(0.5)
    os.kill(driver.pid, signal.SIGTERM)
    assert driver.wait(20) == 143


def test_a_job_clears_away_what_it_had_not_finished(tmp_path: Path) -> None:
    """A verb below a driver; alone, a verb ends as any program does."""
    script = ("import os, time; from pathlib import Path; from task1.files import atomic_path;"
              "from task1.processes import follow_driver;"
              "os.environ.update({'TASK1_DRIVER': f'{os.uname().nodename}:{os.getppid()}'}); follow_driver()\n"
              "with atomic_path(Path('x.csv')) as path:\n    print('begun', flush=True); time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "begun\n"
        assert [path.name[:6] for path in tmp_path.iterdir()] == [".part-"]
        job.send_signal(signal.SIGINT)  # of a terminal: meant for the driver
        with pytest.raises(subprocess.TimeoutExpired):
            job.wait(0.3)
        job.send_signal(signal.SIGTERM)
        assert job.wait(20) == 143
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_cannot_be_stopped_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As while it waits for a disk that does not answer."""
    process = psutil.Process()
    monkeypatch.setattr(process, "suspend", lambda: None)
    monkeypatch.setattr(process, "status", lambda: psutil.STATUS_DISK_SLEEP)
    began = time.monotonic()
    interruption._stop(process)
    assert time.monotonic() - began < 2 * interruption.PATIENCE_SECONDS
