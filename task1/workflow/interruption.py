"""Ctrl-C, SIGTERM and SIGHUP: the jobs of a run end at once, and the run with them.

Left to itself, Snakemake waits for its jobs, which may be trainings of days. Here a signal ends the processes of all
jobs on this machine (politely; by force after PATIENCE_SECONDS) and raises `Interrupted` wherever the run stands;
Snakemake then cancels the jobs of a cluster. A signal that was ignored when the run began (nohup) stays ignored.
"""

import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import psutil  # type: ignore[import-untyped]

PATIENCE_SECONDS = 1.0
POLL_SECONDS = 0.05
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
JOB = re.compile(r" -m (task1|submission) ")
"""In the command of a job; what asks or cancels on behalf of a cluster's plugin has to go on."""

_received: list[int] = []
_left = threading.Event()
_ending: list[threading.Thread] = []


class Interrupted(KeyboardInterrupt):
    """`number` is the signal's, `name` what people call it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number, self.name = number, "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def interrupted() -> bool:
    """Whether a signal has come since the run began."""
    return bool(_received)


def stop(number: int, frame: FrameType | None = None) -> None:
    """The handler of the signals."""
    _received.append(number)
    if len(_received) == 1:
        ending = threading.Thread(target=_end_jobs, daemon=True)
        ending.start()
        _ending.append(ending)
    raise Interrupted(number)


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, the signals are handled as told above; after it no job of an interrupted run is left on this machine."""
    _received.clear()
    _left.clear()
    _ending.clear()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number in SIGNALS if before[number] is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heeded:  # an impatient second Ctrl-C does not leave jobs behind
            signal.signal(number, signal.SIG_IGN)
        _left.set()
        if _received:
            _end_jobs()
        for ending in _ending:  # it may know of processes whose shell has ended before them
            ending.join()
        for number in heeded:
            signal.signal(number, before[number])


@contextmanager
def unswallowed() -> Iterator[None]:
    """An interruption that is caught inside, as Snakemake does, comes out of it all the same."""
    try:
        yield
    finally:
        if _received:
            raise Interrupted(_received[0])


def _end_jobs() -> None:
    """End all jobs, those that are just being started as well; return when none is left and none will come."""
    told: dict[psutil.Process, float] = {}
    while True:
        done = _left.is_set()
        for process in _jobs():
            if process not in told:
                told[process] = time.monotonic()
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
        alive = [process for process in told if _alive(process)]
        for process in alive:
            if time.monotonic() - told[process] > PATIENCE_SECONDS:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        if done and not alive:
            return
        time.sleep(POLL_SECONDS)


def _jobs() -> Iterator[psutil.Process]:
    """Shells of jobs and all below them; shells first, so that none is left to complain of what ended under it.

    While its own are looked up a shell stands still: what it began in that moment would outlive it, unknown to us.
    """
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if JOB.search(" ".join(child.cmdline())):
                try:
                    _stop(child)
                    yield child
                    yield from child.children(recursive=True)
                finally:
                    child.resume()


def _stop(shell: psutil.Process) -> None:
    """Return when it stands still or has ended; one that waits for a dead disk does neither, others shall not wait."""
    shell.suspend()
    patience = time.monotonic() + PATIENCE_SECONDS
    while shell.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE) and time.monotonic() < patience:
        time.sleep(0.001)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
