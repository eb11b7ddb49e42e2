"""Command line `submission`: from a run's output tables and scores to the official package and a report."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from task1.cli import run
from task1.commands import add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

RUN_HELP = "folder of the run, work/runs/ENTRY-PROFILE (./run_all.sh makes it)"

PACKAGE = """\
Write RUN/submission/<Lastname_Inst_task>.zip: for every system the output table of the evaluation set and the meta
YAML, laid out as the organisers' validator of the entry's edition reads them; and RUN/report/technical_report.pdf, if
it is there. Figures in the YAML come from RUN/scores (development test fold, accuracy in percent), from counting the
trained networks, and from what was measured of its energy (`submission energy`).

Refused, with the figures: a system over the edition's limits, unless its entry says `submitted: false`; then it is left
out, which is told here and in the report. Validated right after writing, as `submission validate` does: a package with
errors is not kept. One from the embedded corpus says so in the YAML and in its file name. The same run gives the same
bytes.
"""

ENERGY = """\
Print the energies that the package of a run will have: kWh of training, inference and the organisers' baseline network
on the same machine, how each was measured, or why it is null.

They are measured by trainings and predictions while they run, where the extra `energy` (pip install .[energy]) is
installed. RUN/energy/ holds what each of them took; RUN/energy.json, if somebody has written it, goes before that. See
docs/submission.md.
"""

VALIDATE = """\
Check anybody's package, or one system's output table and meta file (and report), against the rules of its edition:
everything that the organisers' validators look at, and what they do not: ranges, sums and largest values of
probabilities, order of columns, nulls and texts for numbers, limits of complexity, sizes against parameters, overall
results against class-wise and device-wise ones, the technical report, names and sizes inside the zip.

Errors come first: what the official validator would reject, and figures that cannot be right or break a rule.
Warnings after them: what a team should look at. The last line counts both.

Tables are compared with the clips of the edition (0.wav, 1.wav ...) unless --clips names a list. Nothing is unpacked.

Exit status: 0 without errors, 1 with errors, 2 for bad usage.

examples:
  submission validate work/runs/wang2023-demo/submission/Wang_SCUT_task1_embedded-corpus.zip
  submission validate X_Y_task1_1.output.csv X_Y_task1_1.meta.yaml --edition 2022
  submission validate package.zip --clips evaluation_setup/fold1_test.csv --format json
"""

FIGURES = """\
Write the tables and figures of a technical report from a run's scores, histories and features:

  RUN/report/tables/*.{tex,md,csv,json}  LaTeX needs the package booktabs
  RUN/report/figures/*.{svg,pdf,png}     the same input gives the same bytes
  RUN/report/items.json                  titles, captions, files, and what each was made from

What the paper behind the entry prints stands beside what the run gave. An item whose input is not there is left out,
which is told. Runs of the same entry and corpus with other settings that lie beside RUN, under any name, enter the
table of variants. On the embedded corpus every table and figure says that it shows synthetic recordings.
"""

PDF = """\
Write RUN/report/technical_report.pdf, a technical report in the challenge's manner for its authors to edit, and what it
is made of:

  RUN/report/technical_report.typ              the source, for typst
  RUN/report/technical_report.references.yaml  the works that it can cite

Title and authors come from the entry, the method from the recipe in words and tables, results from RUN/scores, counts
from the trained networks, figures from RUN/report/items.json, if `submission figures` has written it. What the recipe
asks for and the run did not do is printed. On the embedded corpus every page says that it is synthetic. The same run
gives the same bytes. `submission package` puts the PDF into the package.
"""

REPORT = """\
Write RUN/report/index.html (one file, no network) and RUN/report/report.md (short): scores with intervals by device,
scene and both, confusion, calibration, learning curves, complexity against the edition's limits, float against int8,
every model, the paper's figures beside this run's, place on the leaderboard, recordings of the same moment to see and
hear, and where each number comes from. Needs RUN/submission/package.json, so `submission package` comes first; what
else is not there is left out or told. The same run gives the same bytes.
"""

AUDIT = """\
Recompute every number of anybody's package from its outputs, lists and models: accuracy and log loss overall, per scene
and per device; parameters, non-zero parameters, bytes, MACs; the edition's limits; the rank score. Printed are claimed,
recomputed, difference (recomputed minus claimed) and verdict:

  agrees, differs    within half a unit of the last printed digit, or not
  over the limit     by the recomputed figure
  not claimed        can be recomputed, and the package says nothing of it
  not given          could be recomputed; the last column says from what
  not checkable      no input could tell; the last column says why

A package holds no output table of the development test fold, where its results come from: give it with --outputs. --run
gives everything of a run of this program. A file is of the system of its label or folder (system2/...), or write
2=FILE. Tables find their lists by file names. See docs/audit.md.

With --published: the four papers against themselves. Every claim that their own printed figures can answer is
recomputed from them. Verdicts: match (rounds to the printed digits), match by truncation (its digits cut off), differs,
cannot be computed. In brackets: the readings of an unclear text that match; the last column has what the others give.
The claims are meta/published/claims/PAPER.yaml, the figures meta/published/PAPER.csv. How our networks compare with the
printed counts: `task1 complexity --published`.

Exit status: 0; with --strict 1 if anything differs or is over a limit; 2 for bad input.

examples:
  submission audit --run work/runs/wang2023-demo --strict
  submission audit X_Y_task1.zip --truth fold1_evaluate.csv --outputs 1=first.csv 2=second.csv --model 1=first.onnx
  submission audit X_Y_task1.zip --truth meta.csv --outputs development.csv --format csv
  submission audit --published wang2023 --format md
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="submission", description=__doc__)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    _verb(verbs, "package", "write the official package of a run", PACKAGE, _package)
    _add_validate(verbs)
    _verb(verbs, "energy", "print the measured energies of a run", ENERGY, _energy)
    _verb(verbs, "figures", "write the tables and figures of a technical report", FIGURES, _figures)
    _verb(verbs, "pdf", "write the technical report of a run as PDF, with its source", PDF, _pdf)
    _verb(verbs, "report", "write the report of a run, as Markdown and as one HTML page", REPORT, _report)
    _add_audit(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; exit status as of `task1`."""
    return run(parser(), arguments)


def _verb(verbs: "Verbs", name: str, summary: str, description: str, handler: object) -> None:
    verb = add_verb(verbs, name, summary, description)
    verb.add_argument("--run", type=Path, required=True, metavar="DIR", help=RUN_HELP)
    verb.set_defaults(handler=handler)


def _add_validate(verbs: "Verbs") -> None:
    verb = add_verb(verbs, "validate", "check anybody's package against the rules of its edition", VALIDATE)
    verb.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a zip, or X.output.csv X.meta.yaml X.pdf")
    verb.add_argument("--edition", metavar="YEAR", help="2020, 2021, 2022 or 2023 (default: guessed)")
    verb.add_argument("--clips", type=Path, metavar="LIST", help="evaluation clips, one a line or a column filename")
    verb.add_argument("--format", choices=("text", "md", "json"), default="text", help="(default: %(default)s)")
    verb.set_defaults(handler=_validate)


def _add_audit(verbs: "Verbs") -> None:
    verb = add_verb(verbs, "audit", "recompute every number of anybody's package, or of the papers", AUDIT)
    verb.add_argument("package", nargs="?", type=Path, metavar="PACKAGE.zip", help="(default: with --run, the run's)")
    verb.add_argument("--truth", nargs="+", type=Path, default=[], metavar="LIST",
                      help="lists of clips and true scenes")
    verb.add_argument("--outputs", nargs="+", default=[], metavar="[N=]TABLE", help="output tables of the systems")
    verb.add_argument("--model", nargs="+", default=[], metavar="[N=]FILE",
                      help="networks of the systems: ONNX files, or folders RUN/models/NAME")
    verb.add_argument("--run", type=Path, metavar="DIR", help="take all of that, energy and package.json from a run")
    verb.add_argument("--record", type=Path, metavar="JSON", help="package.json, whose SHA-256 are compared")
    verb.add_argument("--edition", metavar="YEAR", help="2020, 2021, 2022 or 2023 (default: the run's, or guessed)")
    verb.add_argument("--published", nargs="?", const="", metavar="PAPER",
                      help="instead of a package, the papers against themselves: one, or all four")
    verb.add_argument("--format", choices=("text", "md", "csv", "json"), default="text", help="(default: %(default)s)")
    verb.add_argument("--strict", action="store_true", help="exit status 1 if anything differs or is over a limit")
    verb.set_defaults(handler=_audit)


def _package(arguments: argparse.Namespace) -> None:
    from submission.package import notes, package

    target = package(arguments.run)
    print("\n".join([*notes(target), str(target)]))


def _energy(arguments: argparse.Namespace) -> None:
    from submission.energy import system_energies, told
    from task1.config import load_run
    from task1.layout import Layout

    print(told(system_energies(Layout(arguments.run), load_run(arguments.run))))


def _validate(arguments: argparse.Namespace) -> int:
    from submission.validate import read_clips, render, validate
    from task1.config import edition

    _check_edition(arguments.edition)
    report = validate(arguments.files, edition(arguments.edition) if arguments.edition else None,
                      read_clips(arguments.clips) if arguments.clips else None)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # foreign names on any terminal
    print(render(report, arguments.format), end="")
    return int(bool(report.errors))


def _figures(arguments: argparse.Namespace) -> None:
    from submission.items import make_all

    print(make_all(arguments.run))


def _pdf(arguments: argparse.Namespace) -> None:
    from submission.technical_report import write_technical_report

    for path in write_technical_report(arguments.run):
        print(path)


def _report(arguments: argparse.Namespace) -> None:
    from submission.report import write_report

    for path in write_report(arguments.run):
        print(path)


def _audit(arguments: argparse.Namespace) -> int:
    from task1.errors import InputError

    if arguments.published is not None:
        return _audit_published(arguments)
    if arguments.package is None and arguments.run is None:
        raise InputError("audit: found nothing to audit, expected PACKAGE.zip in front of the options, --run DIR or "
                         "--published")
    from submission.audit import Given, audit, package_of, render
    from task1.config import edition

    _check_edition(arguments.edition)
    given = Given(arguments.truth, arguments.outputs, arguments.model, arguments.run, arguments.record)
    result = audit(arguments.package or package_of(arguments.run), given,
                   edition(arguments.edition) if arguments.edition else None)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # foreign names on any terminal
    print(render(result, arguments.format), end="")
    return int(arguments.strict and bool(result.failing))


def _audit_published(arguments: argparse.Namespace) -> int:
    from submission.published_audit import audit, render
    from task1.errors import InputError

    if arguments.package is not None:
        raise InputError("audit: found both a package and --published; audit one of them")
    findings = audit(arguments.published or None)
    print(render(findings, arguments.format), end="")
    return int(arguments.strict and any(found.status == "differs" for found in findings))


def _check_edition(name: str | None) -> None:
    from task1.config import names
    from task1.errors import InputError

    if name not in (None, *names("editions")):
        raise InputError(f"--edition {name}: no such edition; there are: {', '.join(names('editions'))}")
