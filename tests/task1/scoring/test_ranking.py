"""Ranking: by hand, against scipy, its invariances, and the official orders that the known rows allow to check."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from task1.config import Ranking, edition, leaderboard, ranked_editions, ranking_of
from task1.scoring.official import official_systems
from task1.scoring.ranking import (
    BEST,
    Contender,
    competition_ranks,
    formula,
    missing,
    needed,
    rank_systems,
    rank_teams,
)

WEIGHTED = edition("2023").ranking


def contender(name: str, accuracy: float, memory: float, macs: float, team: str | None = None) -> Contender:
    return Contender(name, team, {"accuracy": accuracy, "memory": memory, "macs": macs})


def ranking(metric: str, **more: object) -> Ranking:
    return Ranking.model_validate({"metric": metric, "confidence": "assumed", "source": "a test", **more})


def ranks(systems: list[Contender], rules: Ranking) -> dict[str, int]:
    return {place.contender.name: place.rank for place in rank_systems(systems, rules)}


def test_2023_by_hand() -> None:
    # accuracy: A 60 -> 1, B and C 55 -> both 2, D 50 -> 4 (3 is skipped)
    # memory:   B 10 -> 1, A and D 20 -> both 2, C 40 -> 4
    # MACs:     D 1 -> 1, B 2 -> 2, A 3 -> 3, C 9 -> 4
    # A: 0.5 x 1 + 0.25 x 2 + 0.25 x 3 = 1.75     B: 0.5 x 2 + 0.25 x 1 + 0.25 x 2 = 1.75
    # C: 0.5 x 2 + 0.25 x 4 + 0.25 x 4 = 3.00     D: 0.5 x 4 + 0.25 x 2 + 0.25 x 1 = 2.75
    # so A and B share rank 1, rank 2 is skipped, D is 3 and C is 4
    systems = [contender("A", 60, 20, 3, "x"), contender("B", 55, 10, 2, "y"), contender("C", 55, 40, 9, "x"),
               contender("D", 50, 20, 1, "z")]
    placed = rank_systems(systems, WEIGHTED)
    assert [(place.contender.name, place.rank, place.score) for place in placed] == [
        ("A", 1, 1.75), ("B", 1, 1.75), ("D", 3, 2.75), ("C", 4, 3.0)]
    assert {place.contender.name: tuple(place.components.values()) for place in placed} == {
        "A": (1, 2, 3), "B": (2, 1, 2), "C": (2, 4, 4), "D": (4, 2, 1)}
    # teams by their best: x has A and y has B, which are equal and share rank 1; z has D, rank 3
    assert [(place.contender.team, place.contender.name, place.rank) for place in rank_teams(placed)] == [
        ("x", "A", 1), ("y", "B", 1), ("z", "D", 3)]


def test_component_ranks_of_teams_stay_those_over_systems() -> None:
    # accuracy ranks: A1 1, A2 2, B 3; among teams alone, B would be 2
    systems = [contender("A1", 60, 10, 1, "a"), contender("A2", 59, 11, 2, "a"), contender("B", 50, 12, 3, "b")]
    teams = rank_teams(rank_systems(systems, WEIGHTED))
    assert [(place.contender.name, place.rank, place.components["accuracy"]) for place in teams] == [
        ("A1", 1, 1), ("B", 2, 3)]


def test_systems_without_team_are_in_no_team() -> None:
    placed = rank_systems([contender("A", 60, 10, 1), contender("B", 50, 12, 3, "b")], WEIGHTED)
    assert [(place.contender.name, place.rank) for place in rank_teams(placed)] == [("B", 1)]


def test_means_that_are_equal_as_decimals_tie() -> None:
    # ranks (1, 3, 3) and (2, 1, 2), with a third system (3, 2, 1), under 0.6 0.2 0.2:
    # 0.6 + 0.6 + 0.6 = 1.8 = 1.2 + 0.2 + 0.4; in binary the first sum is 1.8000000000000003
    rules = ranking("weighted_ranks", weights={"accuracy": 0.6, "memory": 0.2, "macs": 0.2})
    assert 0.6 * 1 + 0.2 * 3 + 0.2 * 3 != 0.6 * 2 + 0.2 * 1 + 0.2 * 2
    systems = [contender("A", 3, 3, 3), contender("B", 2, 1, 2), contender("C", 1, 2, 1)]
    assert ranks(systems, rules) == {"A": 1, "B": 1, "C": 3}


def test_values_and_their_direction() -> None:
    systems = [Contender(name, None, {"accuracy": accuracy, "log_loss": loss})
               for name, accuracy, loss in (("A", 60, 1.2), ("B", 60, 1.1), ("C", 61, 1.3))]
    assert ranks(systems, ranking_of("2020")) == {"C": 1, "A": 2, "B": 2}
    assert ranks(systems, ranking_of("2022")) == ranks(systems, ranking_of("2021")) == {"B": 1, "A": 2, "C": 3}


def test_2024_means_over_subsets_are_the_printed_scores() -> None:
    rows = {row.team: row for row in leaderboard("2024") if len(row.subsets) == len(ranking_of("2024").subsets)}
    systems = [official.contender for official in official_systems("2024") if official.contender.team in rows]
    placed = rank_systems(systems, ranking_of("2024"))
    assert [place.contender.team for place in placed] == ["Werning_UPBNT", "DCASE2024 baseline"]  # official: 8 and 17
    for place in placed:
        assert place.score == pytest.approx(rows[place.contender.team or ""].accuracy, abs=0.005)


def test_the_complete_table_of_teams_of_2025_comes_out_in_the_official_order() -> None:
    officials = official_systems("2025")
    systems = [official.contender for official in officials]
    official_ranks = {official.contender.team: official.team_rank for official in officials if official.team_rank}
    ours = {place.contender.team: place.rank for place in rank_teams(rank_systems(systems, ranking_of("2025")))}
    assert len(ours) == 13
    assert ours == official_ranks


@pytest.mark.parametrize("name", ["2020_1b", "2023", "2025"])
def test_systems_stand_in_the_order_of_their_official_ranks(name: str) -> None:
    rules = ranking_of(name)
    officials = [official for official in official_systems(name) if not missing(official.contender, rules)]
    expected = {official.contender.name: official.system_rank for official in officials if official.system_rank}
    assert len(expected) == {"2020_1b": 12, "2023": 2, "2025": 6}[name]
    placed = [place for place in rank_systems([official.contender for official in officials], rules)
              if place.contender.name in expected]
    order = [expected[place.contender.name] for place in placed]
    assert order == sorted(order)
    assert all(better.rank < worse.rank for better, worse in pairwise(placed))


def test_known_rows_of_2023_speak_against_accuracy_alone() -> None:
    # what the two known ranks (1 and 3) can tell of the formula: not accuracy, by which they would swap
    systems = [official.contender for official in official_systems("2023")
               if not missing(official.contender, WEIGHTED)]
    by_accuracy = [place.contender.name for place in rank_systems(systems, ranking("accuracy"))]
    assert by_accuracy[:2] == ["Schmid_CPJKU_task1_4", "Schmid_CPJKU_task1_2"]


VALUES = st.lists(st.integers(-20, 20), min_size=1, max_size=30)


@given(VALUES, st.sampled_from(["min", "max"]))
def test_ranks_are_those_of_scipy(values: list[int], best: str) -> None:
    signed = np.array(values) * (1 if best == "min" else -1)
    assert competition_ranks([float(value) for value in values], best) == rankdata(signed, method="min").tolist()  # type: ignore[arg-type]


TABLES = st.lists(st.tuples(*[st.integers(1, 6)] * 3), min_size=1, max_size=12)


def systems_of(table: list[tuple[int, ...]]) -> list[Contender]:
    return [contender(f"s{row}", *map(float, figures), team=f"t{row % 3}") for row, figures in enumerate(table)]


@given(TABLES)
def test_weighted_means_are_those_of_scipy(table: list[tuple[int, ...]]) -> None:
    columns = np.array(table, dtype=float).T * np.array([[-1], [1], [1]])
    # quarters are exact in binary, so that plain arithmetic finds the ties as well
    means = np.array([0.5, 0.25, 0.25]) @ np.array([rankdata(column, method="min") for column in columns])
    found = {place.contender.name: (place.rank, place.score) for place in rank_systems(systems_of(table), WEIGHTED)}
    assert found == {f"s{row}": (int(rank), mean)
                     for row, (rank, mean) in enumerate(zip(rankdata(means, method="min"), means, strict=True))}


@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(table: list[tuple[int, ...]], random: object) -> None:
    systems = systems_of(table)
    shuffled = list(systems)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ranks(systems, WEIGHTED) == ranks(shuffled, WEIGHTED)


@given(TABLES, st.floats(0.001, 1000), st.floats(0.1, 3))
def test_only_the_order_of_the_figures_matters(table: list[tuple[int, ...]], factor: float, power: float) -> None:
    bent = [Contender(system.name, system.team, {
        "accuracy": system.figures["accuracy"] * factor, "memory": system.figures["memory"] ** power,
        "macs": system.figures["macs"] + factor}) for system in systems_of(table)]
    assert ranks(systems_of(table), WEIGHTED) == ranks(bent, WEIGHTED)


@given(TABLES, st.data())
def test_a_better_figure_never_worsens_the_score(table: list[tuple[int, ...]], data: st.DataObject) -> None:
    systems = systems_of(table)
    row = data.draw(st.integers(0, len(systems) - 1))
    name = data.draw(st.sampled_from(list(WEIGHTED.weights)))
    better = dict(systems[row].figures)
    better[name] += 2.5 if BEST[name] == "max" else -2.5
    improved = [*systems[:row], Contender(systems[row].name, None, better), *systems[row + 1:]]
    before, after = ({place.contender.name: (place.score, place.rank) for place in rank_systems(chosen, WEIGHTED)}
                     [systems[row].name] for chosen in (systems, improved))
    assert after <= before


@given(TABLES)
def test_every_team_stands_by_its_best(table: list[tuple[int, ...]]) -> None:
    placed = rank_systems(systems_of(table), WEIGHTED)
    teams = rank_teams(placed)
    best = {team: min(place.rank for place in placed if place.contender.team == team)
            for team in {place.contender.team for place in placed}}
    order = list(best)
    expected = rankdata([best[team] for team in order], method="min").astype(int).tolist()
    assert {place.contender.team: place.rank for place in teams} == dict(zip(order, expected, strict=True))


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(ValueError, match="A has no memory, macs"):
        rank_systems([Contender("A", None, {"accuracy": 1.0})], WEIGHTED)
    with pytest.raises(ValueError, match="accuracy is nan"):
        rank_systems([contender("A", float("nan"), 1, 1)], WEIGHTED)
    assert rank_systems([], WEIGHTED) == [] == rank_teams([])


@pytest.mark.parametrize("name", ranked_editions())
def test_every_formula_has_words_and_figures(name: str) -> None:
    rules = ranking_of(name)
    assert needed(rules)
    assert formula(rules).endswith(" first")


def test_weights_of_2023_are_those_of_the_report_behind_wang2023() -> None:
    assert WEIGHTED.weights == {"accuracy": 0.5, "memory": 0.25, "macs": 0.25}


@pytest.mark.parametrize(("content", "expected"), [
    ({"metric": "weighted_ranks", "weights": {"accuracy": 0.5, "memory": 0.6}}, "weights whose sum is 1"),
    ({"metric": "weighted_ranks"}, "weights with metric: weighted_ranks"),
    ({"metric": "accuracy", "weights": {"accuracy": 1.0}}, "and only with it"),
    ({"metric": "subset_mean"}, "subsets, all different"),
    ({"metric": "subset_mean", "subsets": ("5", "5")}, "subsets, all different"),
    ({"metric": "accuracy", "subsets": ("5",)}, "and only with it"),
])
def test_formulas_that_contradict_themselves(content: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        ranking(**content)  # type: ignore[arg-type]
