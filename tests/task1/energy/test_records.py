"""Reading records, and the even shares of what ran side by side."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.energy import Record, Session, read_record, shared
from task1.energy.records import write_record
from task1.errors import InputError


def session(began: float = 0, seconds: float = 10, kwh: float = 1, host: str = "h", **other: Any) -> Session:
    return Session(began=began, seconds=seconds, kwh=kwh, host=host,
                   **({"estimated": ("RAM",), "tool": "t", "machine": "m"} | other))


def record(*sessions: Session, of: str = "x", whole: bool = True) -> Record:
    return Record(of=of, whole=whole, sessions=sessions)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    one = record(session(1e9, 0.5, 1e-7), session(estimated=()))
    write_record(tmp_path / "a.json", one)
    assert read_record(tmp_path / "a.json") == one
    assert read_record(tmp_path / "b.json") is None


GOOD: dict[str, Any] = record(session()).model_dump(mode="json")


@pytest.mark.parametrize("content", [
    "{", "[]", "null", "\xff", json.dumps(GOOD | {"sessions": []}), json.dumps(GOOD | {"more": 1}),
    json.dumps(GOOD).replace('"kwh": 1.0', '"kwh": -1'), json.dumps(GOOD).replace('"kwh": 1.0', '"kwh": NaN'),
    json.dumps(GOOD).replace('"kwh": 1.0', '"kwh": "much"'), json.dumps(GOOD).replace('"kwh": 1.0', '"kwh": 1e999'),
    json.dumps(GOOD).replace('"whole": true, ', "")])
def test_what_is_no_record_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.json: .*delete the file"):
        read_record(path)


def test_alone_everything_counts() -> None:
    assert shared({"a": record(session(0, 10, 1), session(20, 5, 2)), "b": record(session(10, 10, 4))}) == {
        "a": 3, "b": 4}


def test_side_by_side_each_has_half() -> None:
    # 10 s at 1 kWh each, of which 5 s together; on another host, and for no time at all, nothing is shared
    assert shared({"a": record(session(0, 10, 1)), "b": record(session(5, 10, 1)),
                   "c": record(session(0, 10, 1, host="other")), "d": record(session(30, 0, 1e-9))}) == pytest.approx(
        {"a": 0.75, "b": 0.75, "c": 1, "d": 1e-9})


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 20)), min_size=1, max_size=6))
def test_shares_of_a_machine_with_constant_power_are_its_energy(times: list[tuple[int, int]]) -> None:
    # an oracle second by second: every second in which anything ran was paid for once
    busy = np.zeros(60)
    for began, seconds in times:
        busy[began:began + seconds] += 1
    shares = shared({str(number): record(session(began, seconds, kwh=seconds))
                     for number, (began, seconds) in enumerate(times)})
    assert sum(shares.values()) == pytest.approx(np.count_nonzero(busy))
    for number, (began, seconds) in enumerate(times):
        assert shares[str(number)] == pytest.approx((1 / busy[began:began + seconds]).sum())
