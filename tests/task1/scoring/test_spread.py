"""Mean and spread against numpy, scipy's distribution and the printed table of Student's t."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from task1.scoring.spread import LEVEL, spread


@given(st.lists(st.floats(0, 40), min_size=2, max_size=30))
def test_against_numpy_and_scipy(values: list[float]) -> None:
    found = spread(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-12)
    assert found.standard_deviation == pytest.approx(np.std(values, ddof=1), abs=1e-9)
    assert (found.minimum, found.maximum) == (min(values), max(values))
    error = stats.sem(values)
    if error > 1e-9:  # scipy has no interval of width 0
        low, high = stats.t.interval(LEVEL, len(values) - 1, loc=np.mean(values), scale=error)
        assert (found.low, found.high) == (pytest.approx(low, abs=1e-8), pytest.approx(high, abs=1e-8))


@pytest.mark.parametrize(("n", "printed"), [(2, 12.706), (3, 4.303), (5, 2.776), (10, 2.262), (31, 2.042)])
def test_the_width_is_that_of_the_printed_table(n: int, printed: float) -> None:
    found = spread([*range(n)])
    assert (found.high - found.mean) / (found.standard_deviation / n**0.5) == pytest.approx(printed, abs=5e-4)


def test_equal_figures_have_no_spread() -> None:
    found = spread([0.25] * 4)
    assert (found.mean, found.standard_deviation, found.low, found.high) == (0.25, 0, 0.25, 0.25)


def test_the_interval_holds_the_mean_as_often_as_it_says() -> None:
    drawn = np.random.default_rng(0).normal(0.6, 0.02, (4000, 5))
    held = [found.low <= 0.6 <= found.high for found in map(spread, drawn.tolist())]
    assert np.mean(held) == pytest.approx(LEVEL, abs=0.012)  # 3.5 standard errors
