"""Between which ranks a system can stand in a table of which only some rows are known.

Inputs: the system, the known rows, and how many rows there are in all (None: unknown). Output: the best and the worst
possible rank, the new system being one more row. Nothing is assumed of rows that are not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from task1.config import Ranking
from task1.scoring.ranking import BEST, Best, Contender, competition_ranks, needed


@dataclass(frozen=True)
class Bounds:
    best: int
    worst: int | None
    """None where it is not known how many rows there are."""

    def __str__(self) -> str:
        if self.worst is None:
            return f"{self.best} to ?"
        return str(self.best) if self.best == self.worst else f"{self.best} to {self.worst}"


@dataclass(frozen=True)
class KnownRow:
    """A row with a value, which is rounded as printed, and its official rank if that is known."""

    value: float
    half_step: float
    rank: int | None = None
    lowest_rank: int = 1
    """Where the rank is not known: what it is at least (the rank of a team is one for each of its systems)."""
    or_better: bool = False
    """The true value may be any better one (a team of which not the best system is known)."""


def half_step(value: float) -> float:
    """Half a unit of the last printed digit, and a little for binary fractions; at least one decimal is assumed."""
    exponent = Decimal(repr(float(value))).as_tuple().exponent
    assert isinstance(exponent, int)
    return 0.5 * 10.0 ** min(exponent, -1) + 1e-9


def value_bounds(value: float, best: Best, rows: Sequence[KnownRow], total: int | None) -> Bounds:
    """Where the table is ordered by one value.

    How many rows are better is at least the number of known better ones and the official rank of each of these; it is
    at most all rows but the known ones that are not better, and the official rank of each of these less one.
    """
    sign = 1.0 if best == "max" else -1.0
    better = [row for row in rows if sign * row.value - row.half_step > sign * value]
    not_better = [row for row in rows if not row.or_better and sign * row.value + row.half_step <= sign * value]
    fewest = max([len(better), *(row.rank or row.lowest_rank for row in better)])
    limits = [row.rank - 1 for row in not_better if row.rank is not None]
    most = min(limits + ([] if total is None else [total - len(not_better)]), default=None)
    return Bounds(1 + fewest, None if most is None else 1 + most)


def weighted_bounds(contender: Contender, others: Sequence[Contender], ranking: Ranking,
                    unknown: int | None) -> Bounds:
    """Where the table is ordered by a weighted mean of ranks; `others` are known in full, `unknown` rows are not.

    An unknown row worsens the contender's rank in a component by one where it is better, and that of another row
    likewise. The worst case is that all of them lie just before the contender in every component: they pass it, and of
    the others those better in a component gain on it there. The best case is that they lie just behind it everywhere.
    Figures are taken as printed; official ranks are not used, since a new row changes the component ranks of all.
    """
    rows = [contender, *others]
    weights = {name: Fraction(repr(weight)) for name, weight in ranking.weights.items()}
    ranks = {name: competition_ranks([row.figures[name] for row in rows], BEST[name]) for name in needed(ranking)}
    best = worst = 0
    for row in range(1, len(rows)):
        behind = {name: ranks[name][row] - ranks[name][0] for name in weights}
        difference = sum(weight * behind[name] for name, weight in weights.items())
        gain = sum(weight for name, weight in weights.items() if behind[name] < 0)
        loss = sum(weight for name, weight in weights.items() if behind[name] > 0)
        # with any number of unknown rows, a row that is worse in one component may end behind
        best += difference + unknown * loss < 0 if unknown is not None else difference < 0 and loss == 0
        worst += difference - (unknown or 0) * gain < 0
    return Bounds(1 + best, None if unknown is None else 1 + worst + unknown)
