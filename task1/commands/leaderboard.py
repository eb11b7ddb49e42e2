"""`task1 leaderboard`: where one's systems would stand among the official rows that are known."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb
from task1.commands.rank import add_output_options, deliver

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Show the official results known of an edition, and where systems of yours would stand among them: those of a run, or a
supposed one (what-if). Only a part of the official rows is known; `possible` is the range of ranks that the others
leave open. Systems scored on the embedded corpus are listed without a rank: their scores are not comparable with any.

Scores of a run are those of the development test fold, official ones those of the evaluation set: not the same
recordings. Figures of a what-if are written as in `task1 rank`; edition 2024 takes five accuracies (5 to 100 %).

examples:
  task1 leaderboard --edition 2023
  task1 leaderboard --edition 2023 --with work/runs/wang2023-full
  task1 leaderboard --edition 2023 --accuracy 58 --memory 45160 --macs 8.64e6
  task1 leaderboard --edition 2025 --accuracy 59.9 --teams
  task1 leaderboard --edition 2024 --accuracy 50 53 55 57 59
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "leaderboard", "where systems would stand among the official results known", DESCRIPTION)
    parser.add_argument("--edition", required=True, metavar="NAME", help="2020_1b, 2021, 2022, ... 2025")
    parser.add_argument("--with", nargs="+", type=Path, default=[], metavar="RUN", dest="runs",
                        help="folders work/runs/<name>, all of whose systems enter")
    figures = parser.add_argument_group("what-if: a supposed system")
    figures.add_argument("--accuracy", nargs="+", metavar="A", help="58, 58%% or 0.58")
    figures.add_argument("--log-loss", metavar="L", help="1.256")
    figures.add_argument("--memory", metavar="BYTES", help="45160 or 45.16kB")
    figures.add_argument("--macs", metavar="N", help="8640000, 8.64e6 or 8.64M")
    parser.add_argument("--teams", action="store_true", help="teams instead of systems, each by its best system")
    add_output_options(parser)
    parser.set_defaults(handler=_leaderboard)


def _leaderboard(arguments: argparse.Namespace) -> None:
    from task1.scoring.leaderboard import standings
    from task1.scoring.own_systems import read_run, what_if

    name = arguments.edition
    own = [system for folder in arguments.runs for system in read_run(folder, name)]
    figures = {quantity: getattr(arguments, quantity) for quantity in ("log_loss", "memory", "macs")}
    given = {quantity: text for quantity, text in figures.items() if text is not None}
    if given or arguments.accuracy:
        own.append(what_if(name, arguments.accuracy or [], given))
    pareto = arguments.pareto or arguments.plot is not None
    deliver(standings(name, own, arguments.teams, pareto), arguments)
