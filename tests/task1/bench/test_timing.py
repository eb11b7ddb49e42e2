"""Turns, medians, processor time, threads."""

import time

import pytest
import torch
from threadpoolctl import threadpool_info

from task1.bench import timing


def test_turns_alternate_and_the_first_ones_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    lasts = {"ours": iter([9.0, 1.0, 5.0, 2.0]), "peer": iter([9.0, 7.0, 8.0, 30.0])}
    clock = 0.0

    def turn(name: str) -> None:
        nonlocal clock
        said.append(name)
        clock += next(lasts[name])

    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock)
    medians = timing.alternate(lambda: turn("ours"), lambda: turn("peer"), 3)
    assert said == ["ours", "peer"] * 4
    assert medians == (2.0, 8.0)


def test_waiting_takes_time_and_no_processor() -> None:
    spent = timing.cpu_and_wall(lambda: time.sleep(0.1))
    assert spent.wall >= 0.1
    assert spent.cpu < 0.05


def test_computing_takes_a_processor() -> None:
    def compute() -> None:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass

    assert timing.cpu_and_wall(compute).cpu >= 0.09
    computing, waiting = timing.alternate(compute, lambda: time.sleep(0.05), 1, cpu=True)
    assert computing >= 0.09
    assert waiting < 0.03
    assert timing.typical(lambda: time.sleep(0.05), 1, cpu=True) < 0.03


def test_threads_are_limited_and_given_back() -> None:
    before = torch.get_num_threads()
    with timing.threads(1):
        assert torch.get_num_threads() == 1
        assert {library["num_threads"] for library in threadpool_info()} == {1}
    assert torch.get_num_threads() == before
