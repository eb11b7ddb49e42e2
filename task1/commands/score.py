"""`task1 score`: accuracy and log loss of anybody's output tables."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from task1.commands import add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

FORMS = ("text", "md", "latex", "csv", "json")
METRICS = {"accuracy": "accuracy", "log-loss": "log_loss", "calibration": "expected_calibration_error"}
GROUPS = ("overall", "scene", "device", "device-average", "device-group", "city", "city-group", "super-class",
          "scene-device")

DESCRIPTION = """\
Accuracy and log loss of official output tables, overall, per scene, device (seen and unseen) and city, with 95 %
intervals; several tables side by side, every two of them compared on the same resamples. See docs/scoring.md.

The tables are joined with the list of true scenes by file name. The list may be an index of this tool (its test and
evaluation rows count), TAU's fold1_evaluate.csv or meta.csv, or any table with the columns filename and scene_label.

examples:
  task1 score system1/development.output.csv --truth fold1_evaluate.csv
  task1 score a.output.csv b.output.csv --label ours theirs --truth truth.csv --json scores.json --csv scores.csv
  task1 score a.output.csv b.output.csv --truth truth.csv --edition 2021 --format latex --groups overall scene
  task1 score --run work/runs/wang2023-demo --system 1 --part development
  task1 score --run work/runs/zhao2021-demo --model teacher1
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "score", "accuracy and log loss of output tables", DESCRIPTION)
    parser.add_argument("outputs", nargs="*", type=Path, metavar="OUTPUT.csv", help="official output tables")
    parser.add_argument("--truth", type=Path, metavar="LIST", help="list of clips and their true scenes")
    parser.add_argument("--label", nargs="+", default=[], metavar="TEXT", help="names of the tables, in their order "
                        "(default: their file names)")
    parser.add_argument("--corpus", metavar="NAME", help="data set the clips are from, a name under meta/datasets "
                        "(default: the list's file name, where it is one)")
    parser.add_argument("--edition", metavar="YEAR", help="edition of the challenge: its metric comes first (default: "
                        "with --run the run's, else accuracy comes first)")
    parser.add_argument("--lenient", action="store_true", help="repair tables where that takes no guessing, and list "
                        "what was repaired (default: refuse them)")
    written = parser.add_argument_group("what is written and printed")
    written.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    written.add_argument("--csv", type=Path, metavar="FILE", help="write all figures there as one long table")
    written.add_argument("--format", choices=FORMS, default="text", help="of what is printed (default: %(default)s)")
    written.add_argument("--metrics", nargs="+", choices=tuple(METRICS), metavar="METRIC",
                         help=f"tables to print: {', '.join(METRICS)} (default: all)")
    written.add_argument("--groups", nargs="+", choices=GROUPS, metavar="KIND", default=GROUPS[:-1],
                         help=f"rows of the tables: {', '.join(GROUPS)} (default: all but the last)")
    drawn = parser.add_argument_group("intervals")
    drawn.add_argument("--resamples", type=_whole, default=1000, metavar="N",
                       help="resamples of recording locations; 0: no intervals (default: %(default)s)")
    drawn.add_argument("--seed", type=_whole, default=0, metavar="N", help="what they are drawn from "
                       "(default: %(default)s)")
    of_run = parser.add_argument_group("tables of a run")
    of_run.add_argument("--run", type=Path, metavar="DIR", help="score a system or model of this run, into its scores/")
    which = of_run.add_mutually_exclusive_group()
    which.add_argument("--system", type=int, metavar="K", help="with --run: the system's number")
    which.add_argument("--model", metavar="NAME", help="with --run: one model, a teacher or baseline as well")
    of_run.add_argument("--part", choices=("development", "evaluation"), default="development",
                        help="with --run: test fold or evaluation set (default: %(default)s)")
    parser.set_defaults(handler=_score)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, not {text!r}")
    return int(text)


def _score(arguments: argparse.Namespace) -> None:
    from task1.scoring.intervals import Resampling
    from task1.scoring.report import View, score

    metrics = [METRICS[name] for name in arguments.metrics] if arguments.metrics else None
    print(score(**_request(arguments), resampling=Resampling(arguments.resamples, arguments.seed),
                view=View(arguments.format, metrics, arguments.groups), lenient=arguments.lenient), end="")


def _request(arguments: argparse.Namespace) -> dict[str, Any]:
    from task1.errors import InputError

    if arguments.run:
        own = (arguments.outputs, arguments.truth, arguments.label, arguments.corpus)
        if any(own) or (arguments.system is None and arguments.model is None):
            raise InputError("--run takes --system K or --model NAME (and --part), but no table, --truth, --label or "
                             "--corpus")
        return _of_run(arguments)
    if not arguments.outputs or not arguments.truth:
        raise InputError("expected output tables and --truth LIST (or --run DIR and --system K or --model NAME)")
    _known("--edition", arguments.edition, "editions")
    _known("--corpus", arguments.corpus, "datasets")
    labels = arguments.label or [path.name.removesuffix(".csv").removesuffix(".output") for path in arguments.outputs]
    if len(labels) != len(arguments.outputs):
        raise InputError(f"{len(labels)} labels for {len(arguments.outputs)} tables; give as many (or none)")
    return {"outputs": arguments.outputs, "labels": labels, "truth": arguments.truth, "corpus": arguments.corpus,
            "json": arguments.json, "csv": arguments.csv, "edition": arguments.edition}


def _of_run(arguments: argparse.Namespace) -> dict[str, Any]:
    from task1.config import load_run
    from task1.errors import InputError
    from task1.features.store import left_out
    from task1.layout import Layout

    at, run, part = Layout(arguments.run), load_run(arguments.run), arguments.part
    name = run.development if part == "development" else run.evaluation
    truth = at.index(name)
    if part == "evaluation":
        if not run.embedded:
            raise InputError(f"{name}: its true scenes are not public; score a table you have a list for with --truth")
        truth = at.truth(run, name)
    request: dict[str, Any] = {
        "truth": truth, "without": tuple(left_out(at.features(run, name))) if run.skip_bad else (), "corpus": name,
        "edition": arguments.edition or run.edition}
    if arguments.model is None:
        table, label, scores = (at.output(arguments.system, part), f"system{arguments.system}",
                                at.scores(arguments.system, part))
    else:
        from task1.predictions import about  # imports torch

        if arguments.model not in run.trainings:
            raise InputError(f"{at.config}: no model {arguments.model}; there are: {', '.join(run.trainings)}")
        table, label, scores = (at.model_output(arguments.model, part), arguments.model,
                                at.model_scores(arguments.model, part))
        request["described"] = [{"model": arguments.model, **about(at, run, (arguments.model,))}]
    _known("--edition", request["edition"], "editions")
    return request | {"outputs": [table], "labels": [label], "json": arguments.json or scores,
                      "csv": arguments.csv or (arguments.json or scores).with_suffix(".csv")}


def _known(option: str, name: str | None, kind: str) -> None:
    from task1.config import names
    from task1.errors import InputError

    if name is not None and name not in names(kind):
        raise InputError(f"{option} {name}: no such file meta/{kind}/{name}.yaml; there are: {', '.join(names(kind))}")
