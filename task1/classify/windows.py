"""A recording of any length as windows of the length that a model was trained on.

The first window begins with the recording, the next ones a hop later each. What is left at the end is covered by a
window that ends with the recording, unless it is shorter than a quarter of a window. A recording shorter than a window
is continued by itself, backwards and forwards in turn; one shorter than a quarter of a window is refused.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from task1.features.audio import Samples

SMALLEST_SHARE = 0.25
"""Of a window, what has to be there, and what is worth a window of its own."""


class TooShort(ValueError):
    """Holds how many samples there were."""

    def __init__(self, samples: int) -> None:
        super().__init__(f"{samples} samples")
        self.samples = samples


def windows(blocks: Iterable[Samples], length: int, hop: int) -> Iterator[tuple[int, int, Samples]]:
    """First sample, sample behind the last one, and the `length` samples themselves of each window.

    `hop` is at most `length`. A recording that is continued has less samples between first and last than `length`.
    """
    begin, rest, latest = 0, np.empty(0, np.float32), None
    for block in blocks:
        rest = np.concatenate([rest, block])
        while len(rest) >= length:
            latest = rest[:length]
            yield begin, begin + length, latest
            begin, rest = begin + hop, rest[hop:]
    total = begin + len(rest)
    if latest is None:
        if total < SMALLEST_SHARE * length:
            raise TooShort(total)
        yield 0, total, np.pad(rest, (0, length - total), mode="reflect")
        return
    uncovered = total - (begin - hop + length)
    if uncovered >= SMALLEST_SHARE * length:
        yield total - length, total, np.concatenate([latest[uncovered:], rest[len(rest) - uncovered:]])
