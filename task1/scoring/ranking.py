"""Rank systems and teams as an edition does; the formula is data (`ranking` in meta/), this interprets its kind.

Inputs: contenders with the figures that the formula needs, accuracy in percent, log loss in nats, memory in bytes,
MACs as a number. Outputs: contenders with their place, best first.
Conventions: standard competition ranking: equal values share the lowest rank and the ranks behind are skipped
(1, 2, 2, 4). Component ranks are over systems, whatever is ranked by them. Means are compared exactly, as fractions of
the decimal numbers, so that rounding neither makes nor breaks a tie. Nothing breaks ties of means; how the organisers
did is not known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeVar

from task1.config import Ranking

Best = Literal["max", "min"]
Number = TypeVar("Number", float, Fraction)
BEST: Mapping[str, Best] = {"accuracy": "max", "log_loss": "min", "memory": "min", "macs": "min"}
"""Which end of a quantity is the good one."""


@dataclass(frozen=True, eq=False)
class Contender:
    """A system with what is known of its figures."""

    name: str
    team: str | None
    figures: Mapping[str, float]
    """By quantity: accuracy, log_loss, memory, macs, and accuracy_<subset> where networks were trained on subsets."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A contender and where it stands."""

    contender: Contender
    rank: int
    score: float
    """What was ranked: the value itself, or a mean of ranks or accuracies."""
    components: Mapping[str, int]
    """Ranks among all systems by each quantity of a weighted mean of ranks; empty for other formulas."""


def needed(ranking: Ranking) -> tuple[str, ...]:
    """The figures without which a system cannot be ranked."""
    if ranking.metric == "weighted_ranks":
        return tuple(ranking.weights)
    if ranking.metric == "subset_mean":
        return tuple(f"accuracy_{subset}" for subset in ranking.subsets)
    return (ranking.metric,)


def missing(contender: Contender, ranking: Ranking) -> list[str]:
    """Which of them a contender lacks."""
    return [name for name in needed(ranking) if name not in contender.figures]


def word(name: str) -> str:
    """A figure's name for people."""
    subset = name.partition("accuracy_")[2]
    return f"accuracy at {subset} %" if subset else {"log_loss": "log loss", "macs": "MACs"}.get(name, name)


def formula(ranking: Ranking) -> str:
    """The formula in words."""
    if ranking.metric == "weighted_ranks":
        terms = " + ".join(f"{weight:g} x {word(name)} rank" for name, weight in ranking.weights.items())
        return f"{terms}, the ranks being over systems; the smallest first"
    if ranking.metric == "subset_mean":
        return (f"mean of the accuracies of networks trained on {', '.join(ranking.subsets)} % of the training clips; "
                "the largest first")
    return {"accuracy": "accuracy, the largest first", "log_loss": "log loss, the smallest first"}[ranking.metric]


def competition_ranks(values: Sequence[Number], best: Best) -> list[int]:
    """Rank of each value: 1 + how many are strictly better."""
    ordered = sorted(values, reverse=best == "max")
    first: dict[Number, int] = {}
    for position, value in enumerate(ordered, start=1):
        first.setdefault(value, position)
    return [first[value] for value in values]


def rank_systems(contenders: Sequence[Contender], ranking: Ranking) -> list[Placed]:
    """All contenders by the formula, best first, equals in the order given; each must have the figures needed."""
    validate(contenders, ranking)
    components: dict[str, list[int]] = {}
    best: Best = "max"
    if ranking.metric == "weighted_ranks":
        best = "min"
        components = {name: competition_ranks([contender.figures[name] for contender in contenders], BEST[name])
                      for name in ranking.weights}
        scores = [sum((_exact(weight) * components[name][row] for name, weight in ranking.weights.items()), Fraction())
                  for row in range(len(contenders))]
    elif ranking.metric == "subset_mean":
        scores = [sum((_exact(contender.figures[name]) for name in needed(ranking)), Fraction()) / len(ranking.subsets)
                  for contender in contenders]
    else:
        best = BEST[ranking.metric]
        scores = [_exact(contender.figures[ranking.metric]) for contender in contenders]
    placed = [Placed(contender, rank, float(score), {name: ranks[row] for name, ranks in components.items()})
              for row, (contender, rank, score) in
              enumerate(zip(contenders, competition_ranks(scores, best), scores, strict=True))]
    return sorted(placed, key=lambda place: place.rank)


def rank_teams(placed: Sequence[Placed]) -> list[Placed]:
    """Teams, each by its best system; of equal ones the first. Systems without a team are left out.

    `placed` is what `rank_systems` returned, so equal scores have equal ranks and ranks alone order the teams.
    """
    first: dict[str, Placed] = {}
    for place in sorted(placed, key=lambda place: place.rank):
        if place.contender.team is not None:
            first.setdefault(place.contender.team, place)
    best = list(first.values())
    ranks = competition_ranks([float(place.rank) for place in best], "min")
    return [Placed(place.contender, rank, place.score, place.components)
            for place, rank in zip(best, ranks, strict=True)]


def validate(contenders: Sequence[Contender], ranking: Ranking) -> None:
    """ValueError for a contender that lacks a figure, or has one that is no number."""
    for contender in contenders:
        lacking = missing(contender, ranking)
        if lacking:
            raise ValueError(f"{contender.name} has no {', '.join(lacking)}")
        for name in needed(ranking):
            if not math.isfinite(contender.figures[name]):
                raise ValueError(f"{contender.name}: {name} is {contender.figures[name]}")


def _exact(value: float) -> Fraction:
    """The decimal number that is written, not the binary one beside it."""
    return Fraction(repr(float(value)))
