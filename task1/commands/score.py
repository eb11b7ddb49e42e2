"""`task1 score`: accuracy and log loss of anybody's output tables."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from task1.commands import add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Accuracy and log loss of official output tables, overall, per device (seen and unseen), scene and city.

The tables are joined with the list of true scenes by file name. The list may be an index of this tool (its test and
evaluation rows count), TAU's fold1_evaluate.csv or meta.csv, or any table with the columns filename and scene_label.

examples:
  task1 score system1/development.output.csv --truth fold1_evaluate.csv
  task1 score a.output.csv b.output.csv --label ours theirs --truth truth.csv --json scores.json
  task1 score --run work/runs/wang2023-demo --system 1 --part development
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "score", "accuracy and log loss of output tables", DESCRIPTION)
    parser.add_argument("outputs", nargs="*", type=Path, metavar="OUTPUT.csv", help="official output tables")
    parser.add_argument("--truth", type=Path, metavar="LIST", help="list of clips and their true scenes")
    parser.add_argument("--label", nargs="+", default=[], metavar="TEXT", help="names of the tables, in their order "
                        "(default: their file names)")
    parser.add_argument("--corpus", metavar="NAME", help="data set the clips are from, a name under meta/datasets "
                        "(default: the list's file name, where it is one)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument("--run", type=Path, metavar="DIR", help="score a system of this run instead, into its scores/")
    parser.add_argument("--system", type=int, metavar="K", help="with --run: the system's number")
    parser.add_argument("--part", choices=("development", "evaluation"), default="development",
                        help="with --run: test fold or evaluation set (default: %(default)s)")
    parser.set_defaults(handler=_score)


def _score(arguments: argparse.Namespace) -> None:
    from task1.scoring.report import score

    print(score(**_request(arguments)), end="")


def _request(arguments: argparse.Namespace) -> dict[str, Any]:
    from task1.errors import InputError

    if arguments.run:
        if arguments.outputs or arguments.truth or arguments.system is None:
            raise InputError("--run takes --system K (and --part), but no table and no --truth")
        return _of_run(arguments)
    if not arguments.outputs or not arguments.truth:
        raise InputError("expected output tables and --truth LIST (or --run DIR --system K)")
    labels = arguments.label or [path.name.removesuffix(".csv").removesuffix(".output") for path in arguments.outputs]
    if len(labels) != len(arguments.outputs):
        raise InputError(f"{len(labels)} labels for {len(arguments.outputs)} tables; give as many (or none)")
    return {"outputs": arguments.outputs, "labels": labels, "truth": arguments.truth,
            "corpus": arguments.corpus, "json": arguments.json}


def _of_run(arguments: argparse.Namespace) -> dict[str, Any]:
    from task1.config import load_run
    from task1.errors import InputError
    from task1.features.store import left_out
    from task1.layout import Layout

    at, run = Layout(arguments.run), load_run(arguments.run)
    name = run.development if arguments.part == "development" else run.evaluation
    truth = at.index(name)
    if arguments.part == "evaluation":
        if not run.embedded:
            raise InputError(f"{name}: its true scenes are not public; score a table you have a list for with --truth")
        truth = at.truth(run, name)
    without = tuple(left_out(at.features(run, name))) if run.skip_bad else ()
    return {"outputs": [at.output(arguments.system, arguments.part)], "labels": [f"system{arguments.system}"],
            "truth": truth, "without": without, "corpus": name,
            "json": arguments.json or at.scores(arguments.system, arguments.part)}
