"""The official systems and teams of an edition that are known, as contenders.

Input: meta/leaderboards. Output: one `Official` a system. Rows with one label are one system found in two tables; of
two figures the first is taken, which is the more finely printed one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from task1.config import Standing, edition, leaderboard, names
from task1.scoring.ranking import Contender

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, eq=False)
class Official:
    """A system of the official tables."""

    contender: Contender
    system_rank: int | None
    team_rank: int | None
    best_of_team: bool


def official_systems(name: str) -> list[Official]:
    """The known systems of an edition, in the order of the file."""
    groups: dict[str, list[Standing]] = {}
    for number, standing in enumerate(leaderboard(name)):
        groups.setdefault(standing.label or f"row {number}", []).append(standing)
    # where the rule fixes the type to int8, a parameter is a byte
    one_byte = name in names("editions") and edition(name).size.assumed_dtype == "int8"
    return [_official(rows, one_byte) for rows in groups.values()]


def _official(rows: Sequence[Standing], one_byte: bool) -> Official:
    first = rows[0]
    memory = _first(row.memory_bytes for row in rows)
    millions = _first(row.mmacs for row in rows)
    known = {"accuracy": _first(row.accuracy for row in rows), "log_loss": _first(row.log_loss for row in rows),
             "memory": _first(row.parameters for row in rows) if memory is None and one_byte else memory,
             "macs": None if millions is None else round(millions * 1e6),
             **{f"accuracy_{subset}": accuracy for row in rows for subset, accuracy in row.subsets.items()}}
    entry = f" ({first.entry})" if first.entry and first.entry != "Baseline" else ""
    figures = {quantity: float(value) for quantity, value in known.items() if value is not None}
    return Official(Contender(first.label or f"{first.team}{entry}", first.team, figures),
                    _first(row.system_rank for row in rows), _first(row.team_rank for row in rows),
                    any(row.best_of_team for row in rows))


def _first(values: Iterable[Number | None]) -> Number | None:
    return next((value for value in values if value is not None), None)
