"""Processes that do not outlive their driver, and processes and threads that do not stand in each other's way.

A killed driver (SIGKILL) cannot stop its jobs; orphans would go on writing beside those of the next run. So a job that
finds DRIVER_VARIABLE in its environment, and every worker of a pool, watches the process it works for and ends with it.
"""

import os
import signal
import socket
import sys
import threading
import time

DRIVER_VARIABLE = "TASK1_DRIVER"
POLL_SECONDS = 0.2
NUMBER_SECONDS = 2.0
"""For processes of a job that has just ended to end, too."""
_HELD: list[socket.socket] = []


def driver_environment() -> dict[str, str]:
    """What a driver adds to the environment of its jobs on this machine."""
    return {DRIVER_VARIABLE: f"{os.uname().nodename}:{os.getpid()}"}


def follow_driver() -> None:
    """End with the driver named in the environment, if there is one on this machine."""
    host, _, pid = os.environ.get(DRIVER_VARIABLE, "").rpartition(":")
    if pid.isdigit() and host == os.uname().nodename:
        end_with(int(pid))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the driver's, which then ends its jobs
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: sys.exit(128 + number))  # unfinished files are cleared away


def spin_briefly() -> None:
    """Have the threads that torch computes with (imported after this) sleep soon when they wait for each other.

    By default they spin. Where anything else is running, the thread that is waited for then gets no processor: beside
    a single busy process training fell from 150 to 6 clips/s on two cores; this way it falls to 55, and alone it
    reaches 144.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def own_number(count: int) -> int:
    """One of so many numbers, of GPUs for example, that no other job of our driver has until this process ends.

    0 where all are taken, or where no driver on this machine has started us. A socket whose name is in no file system
    (Linux) stands for a number: like a lock it vanishes with the process that holds it, and nothing is left to clear.
    """
    driver = os.environ.get(DRIVER_VARIABLE, "")
    deadline = time.monotonic() + NUMBER_SECONDS
    while count > 1 and driver.startswith(f"{os.uname().nodename}:") and time.monotonic() < deadline:
        for number in range(count):
            holder = socket.socket(socket.AF_UNIX)
            try:
                holder.bind(f"\0task1 {driver} {number}")
            except OSError:
                holder.close()
            else:
                _HELD.append(holder)
                return number
        time.sleep(POLL_SECONDS)
    return 0


def end_with(pid: int) -> None:
    """End this process as soon as process `pid` is gone. Suits as a pool's initializer with os.getpid() as argument."""
    threading.Thread(target=_watch, args=(pid,), name="end-with-driver", daemon=True).start()


def _watch(pid: int) -> None:
    while _alive(pid):
        time.sleep(POLL_SECONDS)
    os._exit(143)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
