"""Whether probabilities mean what they say: reliability table and expected calibration error of the decisions.

A clip's confidence is the probability of its decided scene (divided by the sum of its probabilities). Clips are sorted
into BINS bins of equal width, bin m holding confidences in ((m - 1) / BINS, m / BINS].
"""

from dataclasses import dataclass

import numpy as np

from task1.outputs import Floats, Integers, row_sums
from task1.scoring.metrics import ratio

BINS = 15


@dataclass(frozen=True, eq=False)
class Reliability:
    """Per bin: clips, sum of their confidences, how many were decided rightly."""

    clips: Integers
    confidences: Floats
    hits: Floats

    @property
    def confidence(self) -> Floats:
        """Mean confidence of each bin; NaN in an empty one."""
        return ratio(self.confidences, self.clips)

    @property
    def accuracy(self) -> Floats:
        """Share of each bin decided rightly; NaN in an empty one."""
        return ratio(self.hits, self.clips)


def edges() -> Floats:
    """The bins' BINS + 1 edges."""
    return np.linspace(0, 1, BINS + 1)


def reliability(probabilities: Floats, decisions: Integers, truth: Integers) -> Reliability:
    """The reliability table of one system."""
    confidence = probabilities[np.arange(len(decisions)), decisions] / row_sums(probabilities)
    places = np.searchsorted(edges()[1:-1], confidence, side="left")
    return Reliability(np.bincount(places, minlength=BINS).astype(np.int64),
                       np.bincount(places, weights=confidence, minlength=BINS).astype(np.float64),
                       np.bincount(places, weights=decisions == truth, minlength=BINS).astype(np.float64))


def expected_calibration_error(table: Reliability) -> float:
    """ECE = sum over bins m of n_m / n * |accuracy_m - confidence_m|, n_m clips in bin m of n clips (top label)."""
    return float(np.abs(table.hits - table.confidences).sum() / table.clips.sum())
