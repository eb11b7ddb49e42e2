"""A job ends when its driver is killed."""

import os
import signal
import subprocess
import sys
import time

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


def _running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
