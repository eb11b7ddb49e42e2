"""Possible ranks: never wrong on tables made up in full and then hidden in part, and no wider than need be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.config import board, edition, leaderboard, names, ranking_of
from task1.scoring.official import official_systems
from task1.scoring.rank_bounds import Bounds, KnownRow, half_step, value_bounds, weighted_bounds
from task1.scoring.ranking import BEST, Contender, missing, rank_systems

WEIGHTED = edition("2023").ranking


@pytest.mark.parametrize(("bounds", "shown"), [
    (Bounds(3, 3), "3"), (Bounds(3, 9), "3 to 9"), (Bounds(3, None), "3 to ?")])
def test_as_text(bounds: Bounds, shown: str) -> None:
    assert str(bounds) == shown


@pytest.mark.parametrize(("value", "expected"), [(58.7, 0.05), (59.0, 0.05), (58.98, 0.005), (1.256, 0.0005)])
def test_half_a_step_of_what_is_printed(value: float, expected: float) -> None:
    assert half_step(value) == pytest.approx(expected, abs=1e-8)


def test_one_value_by_hand() -> None:
    # ten rows, of which four are known: 60 (rank 1), 58 (rank 4), 55 (rank 6) and 50 (rank unknown)
    rows = [KnownRow(60, 0.05, 1), KnownRow(58, 0.05, 4), KnownRow(55, 0.05, 6), KnownRow(50, 0.05, None)]
    # 57: behind 58, so behind at least 4; before 55, which 5 are before, so behind at most 5: rank 5 or 6
    assert value_bounds(57, "max", rows, 10) == Bounds(5, 6)
    # 52: behind 55 (6 at least); 50 is not before it, so behind at most 9
    assert value_bounds(52, "max", rows, 10) == Bounds(7, 10)
    assert value_bounds(52, "max", rows, None) == Bounds(7, None)
    assert value_bounds(49, "max", rows, 10) == Bounds(7, 11)
    assert value_bounds(61, "max", rows, None) == Bounds(1, 1)
    # 58.04 and the printed 58 may lie either way: behind 1 to 4 rows
    assert value_bounds(58.04, "max", rows, 10) == Bounds(2, 6)


def test_of_a_team_any_better_system_may_be_unknown() -> None:
    rows = [KnownRow(60, 0.05, None), KnownRow(50, 0.05, None, or_better=True)]
    assert value_bounds(55, "max", rows, 2) == Bounds(2, 3)


def test_the_rank_of_a_team_is_one_for_each_of_its_systems() -> None:
    assert value_bounds(54.0, "max", [KnownRow(54.35, 0.005, None, lowest_rank=8)], 38) == Bounds(9, 39)


@given(st.data(), st.lists(st.integers(0, 300), min_size=1, max_size=15), st.integers(-10, 310), st.booleans(),
       st.sampled_from(["max", "min"]))
def test_one_value_is_never_outside(data: st.DataObject, hundredths: list[int], mine: int, counted: bool,
                                    best: str) -> None:
    sign = 1 if best == "max" else -1
    rows = []
    for value in hundredths:
        if data.draw(st.booleans()):
            rank = 1 + sum(sign * other > sign * value for other in hundredths)
            known = data.draw(st.sampled_from(["exactly", "at least", "not"]))
            printed = round(value / 100, data.draw(st.sampled_from([1, 2])))
            rows.append(KnownRow(printed, half_step(printed), rank if known == "exactly" else None,
                                 data.draw(st.integers(1, rank)) if known == "at least" else 1))
    bounds = value_bounds(mine / 100, best, rows, len(hundredths) if counted else None)  # type: ignore[arg-type]
    true = 1 + sum(sign * other > sign * mine for other in hundredths)
    assert bounds.best <= true
    assert bounds.worst is None or true <= bounds.worst
    assert bounds.worst is not None or not counted


def contender(name: str, figures: tuple[float, ...]) -> Contender:
    return Contender(name, None, dict(zip(WEIGHTED.weights, figures, strict=True)))


FIGURES = st.tuples(*[st.integers(1, 8).map(float)] * 3)


def rank_of_mine(systems: list[Contender]) -> int:
    return next(place.rank for place in rank_systems(systems, WEIGHTED) if place.contender.name == "mine")


@given(FIGURES, st.lists(FIGURES, max_size=8), st.lists(FIGURES, max_size=8))
def test_means_of_ranks_are_never_outside(mine: tuple[float, ...], known: list[tuple[float, ...]],
                                          hidden: list[tuple[float, ...]]) -> None:
    me = contender("mine", mine)
    others = [contender(f"k{row}", figures) for row, figures in enumerate(known)]
    true = rank_of_mine([me, *others, *(contender(f"h{row}", figures) for row, figures in enumerate(hidden))])
    bounds = weighted_bounds(me, others, WEIGHTED, len(hidden))
    assert bounds.worst is not None
    assert bounds.best <= true <= bounds.worst
    open_ended = weighted_bounds(me, others, WEIGHTED, None)
    assert open_ended.worst is None
    assert open_ended.best <= bounds.best


@given(FIGURES, st.lists(FIGURES, max_size=8), st.integers(0, 6))
def test_means_of_ranks_reach_both_ends(mine: tuple[float, ...], known: list[tuple[float, ...]], hidden: int) -> None:
    me = contender("mine", mine)
    others = [contender(f"k{row}", figures) for row, figures in enumerate(known)]
    bounds = weighted_bounds(me, others, WEIGHTED, hidden)

    def all_hidden(better: bool) -> list[Contender]:
        signs = [1 if (BEST[name] == "max") == better else -1 for name in WEIGHTED.weights]
        figures = tuple(value + 0.1 * sign for value, sign in zip(mine, signs, strict=True))
        return [contender(f"h{row}", figures) for row in range(hidden)]

    assert rank_of_mine([me, *others, *all_hidden(better=True)]) == bounds.worst
    assert rank_of_mine([me, *others, *all_hidden(better=False)]) == bounds.best


def test_without_hidden_rows_the_rank_is_certain() -> None:
    me, other = contender("mine", (58, 45160, 8.64e6)), contender("other", (58.7, 12310, 4.35e6))
    assert weighted_bounds(me, [other], WEIGHTED, 0) == Bounds(2, 2)


@pytest.mark.parametrize("name", ["2020_1b", "2025"])
def test_official_rows_put_in_again_keep_their_official_rank(name: str) -> None:
    rules = ranking_of(name)
    officials = [official for official in official_systems(name) if not missing(official.contender, rules)]
    rows = [KnownRow(official.contender.figures["accuracy"], half_step(official.contender.figures["accuracy"]),
                     official.system_rank, official.team_rank or 1) for official in officials]
    checked = 0
    for official in officials:
        if official.system_rank:
            bounds = value_bounds(official.contender.figures["accuracy"], "max", rows, board(name).systems)
            assert bounds.best <= official.system_rank
            assert bounds.worst is None or official.system_rank <= bounds.worst
            checked += 1
    assert checked


@pytest.mark.parametrize("name", names("leaderboards"))
def test_no_more_rows_are_known_than_there_are(name: str) -> None:
    officials = official_systems(name)
    labels = [official.contender.name for official in officials]
    assert len(set(labels)) == len(labels)
    assert len({row.label for row in leaderboard(name) if row.label}) <= len(labels)
    assert len(labels) <= (board(name).systems or len(labels))
    teams = {official.contender.team for official in officials}
    assert len(teams) <= (board(name).teams or len(teams))
    ranks = [official.system_rank for official in officials if official.system_rank]
    assert max(ranks, default=1) <= (board(name).systems or max(ranks, default=1))
