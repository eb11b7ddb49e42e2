"""The Pareto front against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.scoring.pareto import pareto_front

DIRECTIONS = st.sampled_from(["min", "max"])


def by_definition(values: np.ndarray, directions: list[str]) -> np.ndarray:
    costs = values * np.where(np.array(directions) == "max", -1, 1)
    as_good = (costs[:, None] <= costs[None]).all(axis=-1)
    better = (costs[:, None] < costs[None]).any(axis=-1)
    return ~(as_good & better).any(axis=0)


@given(st.data(), st.sampled_from([2, 3]), st.integers(0, 25))
def test_is_what_the_definition_says(data: st.DataObject, quantities: int, systems: int) -> None:
    cell = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6), st.just(-0.0))
    values = np.array(data.draw(st.lists(st.lists(cell, min_size=quantities, max_size=quantities),
                                         min_size=systems, max_size=systems))).reshape(systems, quantities)
    directions = data.draw(st.lists(DIRECTIONS, min_size=quantities, max_size=quantities))
    assert (pareto_front(values, directions) == by_definition(values, directions)).all()


def test_by_hand() -> None:
    # accuracy, memory, MACs: b is beaten by a in all; c is best in memory, d in accuracy; e equals a; f ties a in two
    # and is worse in MACs
    systems = {"a": (58.7, 12, 4), "b": (58.0, 45, 8), "c": (44.8, 10, 29), "d": (62.7, 54, 16), "e": (58.7, 12, 4),
               "f": (58.7, 12, 5)}
    mask = pareto_front(list(systems.values()), ["max", "min", "min"])
    assert dict(zip(systems, mask.tolist(), strict=True)) == {
        "a": True, "b": False, "c": True, "d": True, "e": True, "f": False}


def test_a_long_front_of_three_quantities() -> None:
    generator = np.random.default_rng(0)
    values = generator.integers(1, 1000, (50_000, 3)).astype(float)
    values[:, 2] = -values[:, 0] - values[:, 1]  # a plane: nothing on it beats anything
    assert pareto_front(values, ["min", "min", "min"]).all()
    values[::2] += 1
    assert not pareto_front(np.vstack([values, [[0, 0, -2000]]]), ["min", "min", "min"])[:-1].any()


@pytest.mark.parametrize(("values", "directions", "expected"), [
    ([[1.0, 2.0]], ["min", "best"], "directions"),
    ([[1.0]], ["min"], "two or three"),
    ([[1.0, 2.0]], ["min", "min", "max"], "shape"),
    ([1.0, 2.0], ["min", "min"], "shape"),
    ([[1.0, float("nan")]], ["min", "min"], "not finite"),
    ([[1.0, float("inf")]], ["min", "min"], "not finite"),
])
def test_what_is_no_table_of_figures(values: list, directions: list, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        pareto_front(values, directions)
