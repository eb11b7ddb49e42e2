"""Times that can be compared: taken in turns, with the machine's noise on both sides."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any, NamedTuple

import torch
from threadpoolctl import threadpool_limits

Work = Callable[[], Any]


class Spent(NamedTuple):
    """Seconds of processors (all threads of this process) and seconds by the clock."""

    cpu: float
    wall: float


def alternate(ours: Work, peer: Work, rounds: int, cpu: bool = False) -> tuple[float, float]:
    """Median seconds of both, measured A B A B ..., after one turn of each that is not counted.

    By the clock; with `cpu` those of the processor, which for work on one core are the same on a quiet machine, and on
    a busy one much nearer to it.
    """
    ours()
    peer()
    clock = processor_seconds if cpu else seconds
    times = [(clock(ours), clock(peer)) for _ in range(rounds)]
    first, second = zip(*times, strict=True)
    return median(first), median(second)


def typical(work: Work, rounds: int, cpu: bool = False) -> float:
    """Median seconds, by the clock or (see `alternate`) of the processor, after one turn that is not counted."""
    work()
    clock = processor_seconds if cpu else seconds
    return median(clock(work) for _ in range(rounds))


def seconds(work: Work) -> float:
    """Seconds by the clock of one turn."""
    return cpu_and_wall(work).wall


def processor_seconds(work: Work) -> float:
    """Seconds of processors of one turn, all threads of this process together."""
    return cpu_and_wall(work).cpu


def cpu_and_wall(work: Work) -> Spent:
    """Both times of one turn; much less cpu than wall on one core says that something else was running."""
    before, start = _cpu(), time.perf_counter()
    work()
    wall = time.perf_counter() - start
    return Spent(_cpu() - before, wall)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for PyTorch and for the linear algebra below NumPy; with 1, one core is used."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
