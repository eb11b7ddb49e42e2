"""`task1 rank`: anybody's systems, ranked as an edition of the challenge does."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb
from task1.scoring.listing import FORMATS, Listing, render

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Rank the systems of a CSV as an edition of the challenge does. Equal values share the lowest rank and the ranks behind
them are skipped (1, 2, 2, 4). A system that lacks a figure the formula needs is listed without a rank, and told.

Columns are found by name: system (or label), team, accuracy, log_loss, memory (or memory_bytes), macs (or mmacs, in
millions), and for edition 2024 accuracy_5, accuracy_10, accuracy_25, accuracy_50, accuracy_100.
  accuracy  in percent or as fractions, the whole column alike (58.3 or 0.583)
  memory    bytes of the parameters as the edition counts them; or with kB, MB, KiB, MiB
  macs      a number (8640000, 8.64e6), or with k, M, G (8.64M)

examples:
  task1 rank systems.csv --edition 2023
  task1 rank systems.csv --edition 2023 --teams --format latex
  task1 rank systems.csv --edition 2023 --pareto --plot front.pdf
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "rank", "systems of any CSV, ranked by an edition's formula", DESCRIPTION)
    parser.add_argument("systems", type=Path, metavar="SYSTEMS.csv", help="one line a system, with a header")
    parser.add_argument("--edition", required=True, metavar="NAME", help="2020, 2020_1b, 2021, ... 2025")
    parser.add_argument("--teams", action="store_true", help="teams instead, each by its best system")
    add_output_options(parser)
    parser.set_defaults(handler=_rank)


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """What `rank` and `leaderboard` share."""
    parser.add_argument("--pareto", action="store_true", help="mark the Pareto front of accuracy, memory and MACs")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw accuracy against MACs, memory as area and the "
                        "front marked: a .png, .svg or .pdf (with --pareto implied)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="of what is printed (default: %(default)s)")


def _rank(arguments: argparse.Namespace) -> None:
    from task1.scoring.rank_table import rank_table

    pareto = arguments.pareto or arguments.plot is not None
    deliver(rank_table(arguments.systems, arguments.edition, arguments.teams, pareto), arguments)


def deliver(listing: Listing, arguments: argparse.Namespace) -> None:
    """Draw what is to be drawn, then print."""
    if arguments.plot is not None:
        from task1.scoring.pareto_plot import draw

        draw(arguments.plot, listing.rows, listing.title)
    print(render(listing, arguments.format), end="")
