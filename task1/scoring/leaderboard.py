"""The work behind `task1 leaderboard`: where one's systems would stand among the official rows that are known.

Inputs: an edition, systems of one's own or supposed ones. Output: a listing: known official rows and comparable
systems ranked together (all of one's own enter at once), then those that cannot be ranked, each with the reason.
`possible` is the range of ranks that the rows not known leave open.
"""

from collections.abc import Sequence
from typing import Any

from task1.config import Board, Ranking, board, leaderboard, names, ranking_of
from task1.errors import InputError
from task1.scoring.listing import Column, Listing
from task1.scoring.official import Official, official_systems
from task1.scoring.own_systems import Own
from task1.scoring.rank_bounds import Bounds, KnownRow, half_step, value_bounds, weighted_bounds
from task1.scoring.rank_table import (
    FRONT_NOTE,
    certainty,
    columns,
    described,
    front_of,
    lacks,
    over_limits,
    row_of,
    unranked_row,
)
from task1.scoring.ranking import BEST, Best, Placed, formula, missing, needed, rank_systems, rank_teams, word

RANKS = ("rank: among the rows shown, all systems of yours entering at once; official: what the results page says, "
         "without them.")
OPEN = "possible: the ranks that official rows not known leave open (?: how many there are is not known)"
RANGES = {  # is the formula a mean of ranks? are teams ranked?
    (False, False): f"{OPEN}, by figures as far as printed and by official ranks.",
    (False, True): f"{OPEN}, by figures as far as printed and by official ranks.",
    (True, False): f"{OPEN}, official figures taken as printed.",
    (True, True): "Which ranks are possible is not worked out for teams under this formula.",
}
COLUMNS = (Column("possible", "possible"), Column("official_rank", "official"), Column("from", "from"))


def standings(name: str, own: Sequence[Own] = (), teams: bool = False, pareto: bool = False) -> Listing:
    """Known official rows of an edition and one's own systems (or teams, each by its best system)."""
    ranking = ranking_of(name)
    if name not in names("leaderboards"):
        raise InputError(f"no official results of edition {name} are known; there are those of "
                         f"{', '.join(names('leaderboards'))}")
    facts, officials = board(name), official_systems(name)
    _check_names(own)
    known = [official for official in officials if not missing(official.contender, ranking)]
    ranked = [system for system in own if system.comparable and not missing(system.contender, ranking)]
    contenders = [*(official.contender for official in known), *(system.contender for system in ranked)]
    placed = rank_systems(contenders, ranking)
    shown = rank_teams(placed) if teams else placed
    front = front_of([place.contender for place in shown], ranking) if pareto else {}
    origin = {**{official.contender.name: "official" for official in officials},
              **{system.contender.name: system.kind for system in own}}
    ranges = (_team_ranges if teams else _ranges)(shown, known, ranked, ranking, facts)
    ranks = {official.contender.name: official.team_rank if teams else official.system_rank for official in officials}
    rows = [{**row_of(place, front), "from": origin[place.contender.name],
             "official_rank": ranks.get(place.contender.name), **_possible(ranges.get(place.contender.name))}
            for place in shown]
    rows += [{**unranked_row(official.contender, ranking, front), "from": "official",
              "official_rank": ranks[official.contender.name]} for official in officials if official not in known]
    rows += [_unranked(system, ranking, placed) for system in own if system not in ranked]
    notes = _notes(name, officials, known, own, ranked, ranking, facts, teams) + ([FRONT_NOTE] if pareto else [])
    return Listing(f"Leaderboard of {facts.title}, {'teams' if teams else 'systems'} ranked by {formula(ranking)}",
                   columns(ranking, rows, pareto, COLUMNS), rows, notes,
                   {"edition": name, "ranking": described(ranking), "official": facts.model_dump(
                       mode="json", include={"title", "page", "systems", "teams", "counts_source"})})


def _check_names(own: Sequence[Own]) -> None:
    seen: set[str] = set()
    for system in own:
        if system.contender.name in seen:
            raise InputError(f"two systems are called {system.contender.name}; give each run once, and copies of runs "
                             "folders of different names")
        seen.add(system.contender.name)


def _ranges(placed: Sequence[Placed], known: Sequence[Official], own: Sequence[Own], ranking: Ranking,
            facts: Board) -> dict[str, Bounds]:
    """The possible rank of each of one's own systems."""
    if ranking.weights:
        unknown = None if facts.systems is None else max(facts.systems - len(known), 0)
        everyone = [place.contender for place in placed]
        return {system.contender.name: weighted_bounds(system.contender, [
            other for other in everyone if other is not system.contender], ranking, unknown) for system in own}
    scores = {place.contender.name: place.score for place in placed}
    rows = []
    for official in known:
        first = official.best_of_team and official.team_rank == 1  # the best system of the best team is the best
        rows.append(KnownRow(scores[official.contender.name], _half_step(official, ranking),
                             1 if first else official.system_rank, official.team_rank or 1))
    return _value_ranges({system.contender.name: scores[system.contender.name] for system in own}, rows, facts.systems,
                         ranking)


def _team_ranges(teams: Sequence[Placed], known: Sequence[Official], own: Sequence[Own], ranking: Ranking,
                 facts: Board) -> dict[str, Bounds]:
    """The same of teams. For means of ranks there is none: other systems of known teams would change the ranks."""
    if ranking.weights:
        return {}
    scores = {place.contender.name: place.score for place in teams}
    mine = {system.contender.name for system in own}
    complete = {official.contender.team for official in known if official.best_of_team}
    rows = [KnownRow(scores[official.contender.name], _half_step(official, ranking), official.team_rank,
                     or_better=official.contender.team not in complete)
            for official in known if official.contender.name in scores]
    return _value_ranges({name: score for name, score in scores.items() if name in mine}, rows, facts.teams, ranking)


def _half_step(official: Official, ranking: Ranking) -> float:
    """How far the true score may lie from what follows from the printed figures."""
    return max(half_step(official.contender.figures[name]) for name in needed(ranking))


def _value_ranges(mine: dict[str, float], rows: Sequence[KnownRow], total: int | None, ranking: Ranking
                  ) -> dict[str, Bounds]:
    best: Best = BEST.get(ranking.metric, "max")
    sign = 1 if best == "max" else -1
    found = {}
    for name, score in mine.items():
        bounds = value_bounds(score, best, rows, total)
        ahead = sum(sign * other > sign * score for other in mine.values())
        found[name] = Bounds(bounds.best + ahead, None if bounds.worst is None else bounds.worst + ahead)
    return found


def _possible(bounds: Bounds | None) -> dict[str, Any]:
    return {} if bounds is None else {"possible": str(bounds), "possible_best": bounds.best,
                                      "possible_worst": bounds.worst}


def _unranked(system: Own, ranking: Ranking, placed: Sequence[Placed]) -> dict[str, Any]:
    """A system of one's own that is not ranked; its memory and MACs are still told a rank among the rows shown."""
    contender = system.contender
    ranks = {f"{name}_rank": 1 + sum(place.contender.figures[name] < contender.figures[name] for place in placed)
             for name in ("memory", "macs") if name in ranking.weights and name in contender.figures}
    row = {**unranked_row(contender, ranking, {}), **ranks, "from": system.kind}
    return row if system.comparable else {**row, "not_ranked": system.remarks[0]}


def _notes(name: str, officials: Sequence[Official], known: Sequence[Official], own: Sequence[Own],
           ranked: Sequence[Own], ranking: Ranking, facts: Board, teams: bool) -> list[str]:
    notes = [_coverage(officials, known, ranking, facts, teams), certainty(ranking)]
    if own:
        notes.append("Official rows are scores on the evaluation set, whose true scenes are not public. "
                     f"{_shift(name)}")
    if ranked:
        notes.append(f"{RANKS} {RANGES[bool(ranking.weights), teams]}")
    for official in officials:
        if official not in known:
            rank = f", team rank {official.team_rank}" if official.team_rank else ""
            notes.append(f"Not ranked: {official.contender.name} (official{rank}): "
                         f"{lacks(official.contender, ranking)} found.")
    for system in own:
        label, kind = system.contender.name, system.kind
        if system.comparable and missing(system.contender, ranking):
            notes.append(f"Not ranked: {label} ({kind}): {lacks(system.contender, ranking)}.")
        notes += [f"{label}: {remark}." for remark in system.remarks]
        notes += [f"Over the limit: {sentence}." for sentence in over_limits(system.contender, name)]
    return [*notes, f"Where each official row is from: meta/leaderboards/{name}.csv; results: {facts.page}"]


def _coverage(officials: Sequence[Official], known: Sequence[Official], ranking: Ranking, facts: Board,
              teams: bool) -> str:
    """How much of the official table is known."""
    what, total = ("teams", facts.teams) if teams else ("systems", facts.systems)
    some, all_figures = ({official.contender.team if teams else official.contender.name for official in rows}
                         for rows in (officials, known))
    of = f"{len(some)} of {total} {what}" if total else f"{len(some)} {what} (how many there were is not known)"
    return (f"Official rows known: {of}, {len(all_figures)} of them with all that the formula needs "
            f"({', '.join(map(word, needed(ranking)))}). Total: {facts.counts_source}.")


def _shift(name: str) -> str:
    """How far apart the two sets were for systems known on both."""
    changes = [row.accuracy - row.development_accuracy for row in leaderboard(name)
               if row.accuracy is not None and row.development_accuracy is not None]
    text = "Scores of the development test fold are on other recordings"
    if not changes:
        return f"{text}."
    if len(changes) == 1:
        return f"{text}: the one system known on both came {changes[0]:+.1f} points from that on the evaluation set."
    return (f"{text}: of {len(changes)} systems known on both, accuracy on the evaluation set was {min(changes):+.1f} "
            f"to {max(changes):+.1f} points from that.")
