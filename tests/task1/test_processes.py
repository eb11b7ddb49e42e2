"""A job ends when its driver is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import pytest

from task1 import processes
from task1.processes import DRIVER_VARIABLE, driver_environment

JOB = "from task1.processes import follow_driver; import time; follow_driver(); print('up', flush=True); time.sleep(60)"
DRIVER = f"""
import os, subprocess, sys, time
from task1.processes import driver_environment
job = subprocess.Popen([sys.executable, "-c", {JOB!r}], env={{**os.environ, **driver_environment()}},
                       stdout=subprocess.PIPE)
job.stdout.readline()
print(job.pid, flush=True)
time.sleep(60)
"""


def test_sigkill_of_the_driver_ends_its_job() -> None:
    with subprocess.Popen([sys.executable, "-c", DRIVER], stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        job = int(driver.stdout.readline())
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and _running(job):
            time.sleep(0.05)
        assert not _running(job)


def test_a_driver_on_another_machine_is_not_watched() -> None:
    environment = {**os.environ, DRIVER_VARIABLE: "elsewhere:1"}
    code = ("import threading; from task1.processes import follow_driver; follow_driver(); "
            "print(threading.active_count())")
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "1"


def test_the_driver_names_this_process() -> None:
    assert driver_environment()[DRIVER_VARIABLE].endswith(f":{os.getpid()}")


def test_jobs_of_a_driver_take_different_numbers_until_they_end() -> None:
    with ExitStack() as jobs:
        first, second, third = (take_number(jobs, count=3) for _ in range(3))
        assert [number for _, number in (first, second, third)] == [0, 1, 2]
        assert take_number(jobs, count=3)[1] == 0  # all are taken: better together than not at all
        second[0].kill()
        assert take_number(jobs, count=3)[1] == 1
        assert take_number(jobs, count=3, driver="another")[1] == 0


def test_a_number_that_becomes_free_soon_is_waited_for() -> None:
    with ExitStack() as jobs:
        take_number(jobs, count=2)
        ends, _ = take_number(jobs, count=2)
        threading.Timer(processes.NUMBER_SECONDS / 4, ends.kill).start()
        assert take_number(jobs, count=2)[1] == 1


@pytest.mark.parametrize("environment", [{}, {DRIVER_VARIABLE: "elsewhere:1"}])
def test_without_a_driver_here_there_is_nobody_to_be_told_from(monkeypatch: pytest.MonkeyPatch,
                                                               environment: dict[str, str]) -> None:
    monkeypatch.delenv(DRIVER_VARIABLE, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert [processes.own_number(4), processes.own_number(4)] == [0, 0]


def take_number(jobs: ExitStack, count: int, driver: str = "") -> tuple[subprocess.Popen[str], int]:
    """A job that has taken one and goes on."""
    code = ("from task1.processes import own_number; import time; "
            f"print(own_number({count}), flush=True); time.sleep(60)")
    named = {name: value + driver for name, value in driver_environment().items()}
    job = jobs.enter_context(subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **named},
                                              stdout=subprocess.PIPE, text=True))
    jobs.callback(job.kill)
    assert job.stdout is not None
    return job, int(job.stdout.readline())


def _running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
