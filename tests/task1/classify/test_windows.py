"""Windows against slices of the whole recording, however it comes in blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task1.classify.windows import TooShort, windows


def whole(wave: np.ndarray, length: int, hop: int) -> list[tuple[int, int, np.ndarray]]:
    """The definition, on a recording in memory."""
    total = len(wave)
    if total < length:
        there_and_back = np.concatenate([wave, wave[-2:0:-1]])  # one period of going backwards and forwards
        return [(0, total, there_and_back[np.arange(length) % len(there_and_back)])]
    starts = list(range(0, total - length + 1, hop))
    if 4 * (total - starts[-1] - length) >= length:
        starts.append(total - length)
    return [(start, start + length, wave[start:start + length]) for start in starts]


@settings(max_examples=300, deadline=None)
@given(total=st.integers(0, 500), length=st.integers(4, 90), data=st.data())
def test_windows_are_slices_of_the_whole(total: int, length: int, data: st.DataObject) -> None:
    hop = data.draw(st.integers(1, length))
    cuts = sorted(data.draw(st.lists(st.integers(0, total), max_size=6)))
    wave = np.random.default_rng(total).normal(size=total).astype(np.float32)
    blocks = np.split(wave, cuts)
    if 4 * total < length:
        with pytest.raises(TooShort) as caught:
            list(windows(blocks, length, hop))
        assert caught.value.samples == total
        return
    found, expected = list(windows(blocks, length, hop)), whole(wave, length, hop)
    assert [(first, last) for first, last, _ in found] == [(first, last) for first, last, _ in expected]
    for (_, _, mine), (_, _, theirs) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_what_is_left_is_worth_a_window_from_a_quarter_on() -> None:
    wave = np.arange(130, dtype=np.float32)
    assert [first for first, _, _ in windows([wave[:124]], 100, 100)] == [0]
    assert [first for first, _, _ in windows([wave[:125]], 100, 100)] == [0, 25]
