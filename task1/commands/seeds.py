"""`task1 seeds`: mean and spread of a run's scores over several seeds."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

FORMS = ("text", "md", "latex", "csv", "json")

DESCRIPTION = """\
What chance does to the scores: of every system and every model of a run that was trained from several seeds
(./run_all.sh --seeds 5), mean, standard deviation, least and greatest of accuracy and log loss on the development test
fold, overall and on seen and unseen devices, with the 95 % interval of the mean. The table is printed; all figures,
those of each seed included, go into RUN/scores/seeds.json, the table into seeds.csv beside it. See docs/seeds.md.

examples:
  task1 seeds --run work/runs/wang2023-demo
  task1 seeds --run work/runs/zhao2021-demo --format latex
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "seeds", "mean and spread of the scores over several seeds", DESCRIPTION)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, with its config.yaml")
    parser.add_argument("--format", choices=FORMS, default="text", help="of what is printed (default: %(default)s)")
    parser.set_defaults(handler=_seeds)


def _seeds(arguments: argparse.Namespace) -> None:
    from task1.files import write_text
    from task1.layout import Layout
    from task1.scoring.seeds import make_document
    from task1.scoring.seeds_table import render

    document, path = make_document(arguments.run), Layout(arguments.run).seeds
    write_text(path.with_suffix(".csv"), render(document, "csv"))
    write_text(path, render(document, "json"))
    print(render(document, arguments.format), end="")
