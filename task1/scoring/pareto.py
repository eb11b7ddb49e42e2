"""The Pareto front: what nothing else beats in every respect.

Inputs: values (system, quantity), finite, and for each quantity whether the largest or the smallest is best.
Output: a mask. A system is off the front if another is at least as good in every quantity and better in one; so of
equal systems all are on it or none is.
"""

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from task1.scoring.ranking import Best


def pareto_front(values: npt.ArrayLike, directions: Sequence[Best]) -> npt.NDArray[np.bool_]:
    """Which rows of `values` (system, quantity) are on the front; two or three quantities, O(n log n) comparisons."""
    costs = validate(values, directions)
    unique, owner = np.unique(costs, axis=0, return_inverse=True)  # sorted by the first column, then the next
    keep = _staircase(unique) if unique.shape[1] == 3 else _sweep(unique)
    return keep[owner.reshape(-1)]


def validate(values: npt.ArrayLike, directions: Sequence[Best]) -> npt.NDArray[np.float64]:
    """The values as costs, the smallest being best; ValueError for what is no table of two or three finite columns."""
    table = np.asarray(values, dtype=np.float64)
    if len(directions) not in (2, 3) or any(direction not in ("max", "min") for direction in directions):
        raise ValueError(f"found directions {list(directions)}, expected two or three of 'max' and 'min'")
    if table.ndim != 2 or table.shape[1] != len(directions):
        raise ValueError(f"found values of shape {table.shape}, expected (systems, {len(directions)})")
    if not np.isfinite(table).all():
        raise ValueError("found values that are not finite; leave systems out whose figures are not known")
    # adding zero makes 0.0 of -0.0, which np.unique would keep apart
    return table * np.where(np.array(directions) == "max", -1.0, 1.0) + 0.0


def _sweep(points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Two costs, rows different and in order: a row is on the front if its second is below all before it."""
    before = np.concatenate([[np.inf], np.minimum.accumulate(points[:, 1])])[:-1]
    return points[:, 1] < before


def _staircase(points: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Three costs, rows different and in order: only rows before can beat a row, and they do by the other two costs.

    `seconds` and `thirds` are the front of those two costs so far: seconds rise, thirds fall.
    """
    seconds: list[float] = []
    thirds: list[float] = []
    keep = np.zeros(len(points), dtype=np.bool_)
    for row, (_, second, third) in enumerate(points.tolist()):
        at = bisect_left(seconds, second)
        equal = at < len(seconds) and seconds[at] == second
        if (equal and thirds[at] <= third) or (at and thirds[at - 1] <= third):
            continue
        keep[row] = True
        end = at
        while end < len(seconds) and thirds[end] >= third:
            end += 1
        seconds[at:end], thirds[at:end] = [second], [third]
    return keep
