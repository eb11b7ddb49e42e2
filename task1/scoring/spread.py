"""Mean and spread of a figure over trainings that differ in their seed alone.

Input: one number a training. The standard deviation is that of a sample (n - 1 in the denominator). The interval is
mean +- t s / sqrt(n), with t of Student's distribution with n - 1 degrees of freedom: it holds the mean over all seeds
in 95 % of cases where the figures of seeds are spread about normally.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from scipy.special import stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """`low` and `high` bound the interval of the mean; the other four describe the trainings that there are."""

    n: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Of two values or more."""
    n, mean, deviation = len(values), fmean(values), stdev(values)
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * deviation / sqrt(n)
    return Spread(n, mean, deviation, min(values), max(values), mean - half, mean + half)
