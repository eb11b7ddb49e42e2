"""`task1 ensemble`: one output table from several."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from task1.commands import Verbs
    from task1.config import Edition
    from task1.ensemble import Fusion
    from task1.outputs import Outputs

DESCRIPTION = """\
Combine official output tables, joined by file name: each has to hold the same clips.

mean      mean of the probabilities
weighted  weighted mean; weights given, or fitted to the least log loss
log_mean  geometric mean, scaled to sum 1
linear    softmax of a weighted sum of log-probabilities plus a bias for each scene, fitted by logistic regression
          (shao2022's linear combination); or of given weights without bias
vote      what most tables decide; the mean probability breaks ties

Weights are fitted (--fit) on tables of validation clips, one for each table and in the same order, never on clips that
are combined, nor on the test fold. With --edition the sum of the members is held against the limits of that edition;
the exit status is 1 if it is over one.

examples:
  task1 ensemble a.csv b.csv --how mean --out both.csv
  task1 ensemble a.csv b.csv --how weighted --weights 0.7 0.3 --out both.csv
  task1 ensemble a.csv b.csv --how linear --fit a.validation.csv b.validation.csv --truth meta.csv \\
      --fusion fusion.json --out both.csv
  task1 ensemble a.evaluation.csv b.evaluation.csv --how linear --fusion fusion.json --out both.evaluation.csv
  task1 ensemble a.csv b.csv --how mean --edition 2023 --models RUN/models/a RUN/models/b --out both.csv
  task1 ensemble a.csv b.csv --how mean --edition 2023 --sizes 45160 60000 --macs 8645641 9000000 --out both.csv
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "ensemble", "one output table from several", DESCRIPTION)
    parser.add_argument("tables", nargs="+", type=Path, metavar="TABLE.csv", help="official output tables, two or more")
    parser.add_argument("--how", required=True, choices=("mean", "weighted", "log_mean", "linear", "vote"))
    parser.add_argument("--out", required=True, type=Path, metavar="OUT.csv", help="the table to write")
    parser.add_argument("--weights", nargs="+", type=float, metavar="W", help="one for each table")
    parser.add_argument("--fit", nargs="+", type=Path, metavar="TABLE.csv",
                        help="fit the weights on these tables of validation clips")
    parser.add_argument("--truth", type=Path, metavar="LIST",
                        help="with --fit: the clips' scenes (an index of this tool, TAU's meta.csv or fold1_train.csv)")
    parser.add_argument("--fusion", type=Path, metavar="FILE.json",
                        help="with --fit: write the weights there; without: take them from there")
    parser.add_argument("--lenient", action="store_true", help="repair what can be repaired in a table, and say so")
    parser.add_argument("--edition", metavar="NAME", help="hold the sum of the members against these limits")
    parser.add_argument("--models", nargs="+", type=Path, metavar="DIR",
                        help="with --edition: the members, trained models RUN/models/NAME")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N",
                        help="with --edition, instead of --models: what its size limit counts, for each member")
    parser.add_argument("--macs", nargs="+", type=int, metavar="N", help="with --sizes: MACs of each member")
    parser.set_defaults(handler=_ensemble)


def _ensemble(arguments: argparse.Namespace) -> int:
    from task1.ensemble import combine
    from task1.outputs import write_outputs

    _check(arguments)
    figures = _figures(arguments)
    members = _read(arguments.tables, arguments.lenient)
    names = [str(path) for path in arguments.tables]
    fusion = _fusion(arguments, members)
    outputs = combine(members, arguments.how, arguments.weights, fusion, names)
    write_outputs(arguments.out, outputs)
    if fusion:
        print(f"{fusion.how}, fitted on {fusion.clips:,} validation clips (log loss there {fusion.log_loss:.4f}):")
        for weight, name, fitted in zip(fusion.weights, names, fusion.members, strict=True):
            print(f"  {weight:9.6f}  {name}" + (f"  (fitted as {fitted})" if fitted != name else ""))
    print(f"{arguments.out}: {len(outputs):,} clips, {arguments.how} of {len(members)} tables")
    return _judged(figures)


def _check(arguments: argparse.Namespace) -> None:
    """Options that only make sense together, and lists of one entry a table."""
    from task1.errors import InputError

    count = len(arguments.tables)
    if count < 2:
        raise InputError("an ensemble of one table; expected two or more")
    for option in ("weights", "fit", "models", "sizes", "macs"):
        given = getattr(arguments, option)
        if given is not None and len(given) != count:
            raise InputError(f"--{option}: found {len(given)} for {count} tables; expected one for each, in their "
                             "order")
    if bool(arguments.fit) != bool(arguments.truth):
        raise InputError("--fit and --truth go together: validation tables, and the list of their clips' scenes")
    if arguments.edition and not arguments.models and not (arguments.sizes and arguments.macs):
        raise InputError("--edition: the limits need the members' figures; expected --models, or --sizes and --macs")
    if not arguments.edition and (arguments.models or arguments.sizes or arguments.macs):
        raise InputError("--models, --sizes and --macs are held against limits; expected --edition as well")
    if arguments.models and (arguments.sizes or arguments.macs):
        raise InputError("--models are counted; expected either them or --sizes and --macs")


def _read(paths: "Sequence[Path]", lenient: bool) -> "list[Outputs]":
    import sys

    from task1.outputs import read_outputs, read_repaired

    if not lenient:
        return [read_outputs(path) for path in paths]
    members = []
    for path in paths:
        outputs, repairs = read_repaired(path)
        for repair in repairs:
            print(f"repaired: {repair.at(path)}", file=sys.stderr)
        members.append(outputs)
    return members


def _fusion(arguments: argparse.Namespace, members: "Sequence[Outputs]") -> "Fusion | None":
    from task1.ensemble import fit, read_fusion, validation_scenes, write_fusion
    from task1.errors import InputError

    if not arguments.fit:
        return read_fusion(arguments.fusion) if arguments.fusion else None
    if arguments.weights:
        raise InputError("--weights are given, so there is nothing to --fit; leave one of them out")
    validation = _read(arguments.fit, arguments.lenient)
    shared = set(validation[0].filenames) & set(members[0].filenames)
    if shared:
        raise InputError(f"{arguments.fit[0]}: {len(shared):,} of its clips are also combined (first: {min(shared)}); "
                         "weights are fitted on clips held back from training only")
    scenes = validation_scenes(arguments.truth, validation[0].filenames)
    fusion = fit(validation, scenes, arguments.how, [str(path) for path in arguments.fit])
    if arguments.fusion:
        write_fusion(arguments.fusion, fusion)
    return fusion


def _figures(arguments: argparse.Namespace) -> "tuple[list[tuple[int, int]], Edition] | None":
    """Size and MACs of each member, and the edition."""
    if not arguments.edition:
        return None
    from task1.config import edition, names
    from task1.errors import InputError

    if arguments.edition not in names("editions"):
        raise InputError(f"--edition {arguments.edition}: expected one of {', '.join(names('editions'))}")
    rules = edition(arguments.edition)
    if arguments.models:
        from task1.members import figures_of

        return figures_of(arguments.models, rules), rules
    return list(zip(arguments.sizes, arguments.macs, strict=True)), rules


def _judged(figures: "tuple[list[tuple[int, int]], Edition] | None") -> int:
    if figures is None:
        return 0
    from task1.limits import judge

    sums, rules = [sum(column) for column in zip(*figures[0], strict=True)], figures[1]
    verdicts = judge(sums[0], sums[1], rules)
    print(f"Sum of {len(figures[0])} members, limits of edition {rules.name}:")
    for verdict in verdicts:
        print(f"  {verdict.sentence}")
    return int(any(verdict.state == "over" for verdict in verdicts))
