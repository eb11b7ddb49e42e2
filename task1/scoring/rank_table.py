"""The work behind `task1 rank`: systems of a CSV, ranked by an edition's formula, as a listing.

Also what `task1 leaderboard` shares with it: the columns of such listings, the Pareto front of accuracy against memory
and MACs, and what an edition's limits say of a system.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from task1.config import Ranking, edition, names, ranking_of
from task1.errors import InputError
from task1.limits import judge
from task1.scoring.listing import Column, Listing
from task1.scoring.pareto import pareto_front
from task1.scoring.ranking import BEST, Contender, Placed, formula, missing, needed, rank_systems, rank_teams, word
from task1.scoring.systems_csv import SystemsTable, read_systems

AXES = ("accuracy", "memory", "macs")
"""What the front is of."""
CONFIDENCE = {"certain": "certain", "secondary": "second-hand", "assumed": "assumed"}
FRONT_NOTE = ("Pareto front: no other system shown is as good in accuracy, memory and MACs and better in one; equal "
              "systems are on it together.")


def rank_table(path: Path, name: str, teams: bool = False, pareto: bool = False) -> Listing:
    """Systems (or teams, each by its best system) of the file, best first; behind them those that cannot be ranked."""
    ranking = ranking_of(name)
    axes = AXES[1:] if ranking.metric == "subset_mean" else AXES
    table = read_systems(path, ranking, (*(("team",) if teams else ()), *(axes if pareto else ())))
    complete = [contender for contender in table.contenders if not missing(contender, ranking)]
    if not complete:
        raise InputError(f"{path}: no system has all that edition {name} ranks by: "
                         f"{', '.join(map(word, needed(ranking)))}")
    placed = rank_systems(complete, ranking)
    shown = rank_teams(placed) if teams else placed
    behind = [] if teams else [contender for contender in table.contenders if missing(contender, ranking)]
    front = front_of([*(place.contender for place in shown), *behind], ranking) if pareto else {}
    rows = [row_of(place, front) for place in shown]
    rows += [unranked_row(contender, ranking, front) for contender in behind]
    notes = _notes(path, name, ranking, table, teams) + ([FRONT_NOTE] if pareto else [])
    return Listing(title(name, ranking, "Teams, each by its best system," if teams else "Systems"),
                   columns(ranking, rows, pareto), rows, notes, {"edition": name, "ranking": described(ranking)})


def title(name: str, ranking: Ranking, what: str) -> str:
    return f"{what} ranked as in edition {name}: {formula(ranking)}"


def described(ranking: Ranking) -> dict[str, Any]:
    """The formula for JSON."""
    return {"formula": formula(ranking), **ranking.model_dump(mode="json")}


def certainty(ranking: Ranking) -> str:
    """What the formula rests on."""
    return f"The formula is {CONFIDENCE[ranking.confidence]}: {ranking.source}."


def row_of(place: Placed, front: Mapping[str, bool]) -> dict[str, Any]:
    """A ranked system as a row. Of means over subsets the mean is the accuracy."""
    contender = place.contender
    figures = _whole(contender.figures)
    if place.components:
        figures |= {f"{name}_rank": rank for name, rank in place.components.items()} | {"score": place.score}
    elif any(name.startswith("accuracy_") for name in figures):
        figures["accuracy"] = place.score
    return {"rank": place.rank, "system": contender.name, "team": contender.team, **figures,
            "front": front.get(contender.name)}


def unranked_row(contender: Contender, ranking: Ranking, front: Mapping[str, bool]) -> dict[str, Any]:
    """A system that lacks a figure, as a row that says which."""
    return {"system": contender.name, "team": contender.team, **_whole(contender.figures),
            "front": front.get(contender.name), "not_ranked": lacks(contender, ranking)}


def lacks(contender: Contender, ranking: Ranking) -> str:
    return f"no {', no '.join(map(word, missing(contender, ranking)))}"


def _whole(figures: Mapping[str, float]) -> dict[str, float]:
    """Bytes and MACs as whole numbers, where they are."""
    return {name: int(value) if name in AXES[1:] and value == int(value) else value for name, value in figures.items()}


def columns(ranking: Ranking, rows: Sequence[Mapping[str, Any]], pareto: bool,
            more: Sequence[Column] = ()) -> list[Column]:
    """The columns that some row fills; `more` stand behind the rank."""
    def number(decimals: int) -> Any:
        return lambda value: f"{value:,.{decimals}f}"

    subsets = [Column(f"accuracy_{subset}", f"acc. {subset} %", number(2)) for subset in ranking.subsets]
    ranks = [Column(f"{name}_rank", f"{heading} rank") for name, heading in
             (("accuracy", "acc."), ("memory", "mem."), ("macs", "MACs")) if name in ranking.weights]
    known = [Column("rank", "rank"), *more, Column("system", "system"), Column("team", "team"),
             Column("accuracy", "accuracy %", number(2)), *subsets, Column("log_loss", "log loss", number(3)),
             Column("memory", "memory B", number(0)), Column("macs", "MACs", number(0)), *ranks,
             Column("score", "mean rank", number(3))]
    filled = [column for column in known
              if column.key in ("rank", "system") or any(row.get(column.key) is not None for row in rows)]
    return [*filled, *([Column("front", "front", lambda on: "yes" if on else "no")] if pareto else [])]


def accuracy_of(contender: Contender, ranking: Ranking) -> float | None:
    """The accuracy that counts: for subsets, their mean."""
    if ranking.metric != "subset_mean":
        return contender.figures.get("accuracy")
    return None if missing(contender, ranking) else rank_systems([contender], ranking)[0].score


def front_of(contenders: Sequence[Contender], ranking: Ranking) -> dict[str, bool]:
    """Is a system on the Pareto front? Systems lacking one of the three figures are left out; names are unique."""
    points: dict[str, list[float]] = {}
    for contender in contenders:
        point = [accuracy_of(contender, ranking), *(contender.figures.get(name) for name in AXES[1:])]
        known = [value for value in point if value is not None]
        if len(known) == len(AXES):
            points[contender.name] = known
    if not points:
        return {}
    mask = pareto_front(list(points.values()), [BEST[name] for name in AXES])
    return dict(zip(points, map(bool, mask), strict=True))


def over_limits(contender: Contender, name: str) -> list[str]:
    """What an edition's limits refuse, in sentences; memory is bytes as the edition counts them."""
    if name not in names("editions"):
        return []
    rules, memory, macs = edition(name), contender.figures.get("memory"), contender.figures.get("macs")
    verdicts = judge(round(memory or 0), round(macs or 0), rules)
    return [f"{contender.name}: {verdict.sentence}; edition {name} does not take it"
            for verdict in verdicts if verdict.state == "over"]


def _notes(path: Path, name: str, ranking: Ranking, table: SystemsTable, teams: bool) -> list[str]:
    notes = [certainty(ranking)]
    for contender, line in zip(table.contenders, table.lines, strict=True):
        if missing(contender, ranking):
            notes.append(f"Not ranked: {contender.name} ({path.name}, line {line}): {lacks(contender, ranking)}; "
                         "ranks are among the others.")
        elif teams and contender.team is None:
            notes.append(f"In no team: {contender.name} ({path.name}, line {line}): team is empty.")
        notes += [f"Over the limit: {sentence}." for sentence in over_limits(contender, name)]
    if table.unused:
        notes.append(f"Columns not used: {', '.join(table.unused)}.")
    return notes
