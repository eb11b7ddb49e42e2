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
trained networks, and from RUN/energy.json (kWh), if it is there.

Refused, with the figures: a system over the edition's limits, unless its entry says `submitted: false`; then it is left
out, which is told here and in the report. Validated right after writing, as `submission validate` does: a package with
errors is not kept. One from the embedded corpus says so in the YAML and in its file name. The same run gives the same
bytes.
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

REPORT = """\
Write RUN/report/report.md and RUN/report/index.html (one file, no network): scores of every system on seen and unseen
devices, per scene and device, complexity against the edition's limits, and where each number comes from. Needs
RUN/submission/package.json, so `submission package` comes first.
"""

AUDIT = """\
Recompute what is claimed. With --published: the four papers against themselves. Every claim that their own printed
figures can answer is recomputed from them: averages, differences in percent, sizes in bytes, frames of a clip, learning
rate cycles, limits, which is largest, whether a percentage can come of so many clips, text against tables.

Verdicts: match (rounds to the printed digits), match by truncation (its digits cut off), differs (the difference is
ours minus printed, in the printed unit), cannot be computed. In brackets: the readings of an unclear text that match;
the last column has what the others give.

The claims are meta/published/claims/PAPER.yaml, the figures meta/published/PAPER.csv. How our networks compare with the
printed counts: `task1 complexity --published`.

Exit status: 0; with --strict 1 if a claim differs; 2 for bad input.

examples:
  submission audit --published
  submission audit --published wang2023
  submission audit --published --format md
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="submission", description=__doc__)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    _verb(verbs, "package", "write the official package of a run", PACKAGE, _package)
    _add_validate(verbs)
    _verb(verbs, "figures", "write the tables and figures of a technical report", FIGURES, _figures)
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
    verb = add_verb(verbs, "audit", "recompute what is claimed", AUDIT)
    verb.add_argument("--published", nargs="?", const="", metavar="PAPER",
                      help="the papers against themselves: one, or all four")
    verb.add_argument("--format", choices=("text", "md", "csv", "json"), default="text", help="(default: %(default)s)")
    verb.add_argument("--strict", action="store_true", help="exit status 1 if a claim differs")
    verb.set_defaults(handler=_audit)


def _package(arguments: argparse.Namespace) -> None:
    from submission.package import notes, package

    target = package(arguments.run)
    print("\n".join([*notes(target), str(target)]))


def _validate(arguments: argparse.Namespace) -> int:
    from submission.validate import read_clips, render, validate
    from task1.config import edition, names
    from task1.errors import InputError

    if arguments.edition not in (None, *names("editions")):
        raise InputError(f"--edition {arguments.edition}: no such edition; there are: {', '.join(names('editions'))}")
    report = validate(arguments.files, edition(arguments.edition) if arguments.edition else None,
                      read_clips(arguments.clips) if arguments.clips else None)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # foreign names on any terminal
    print(render(report, arguments.format), end="")
    return int(bool(report.errors))


def _figures(arguments: argparse.Namespace) -> None:
    from submission.items import make_all

    print(make_all(arguments.run))


def _report(arguments: argparse.Namespace) -> None:
    from submission.report import write_report

    for path in write_report(arguments.run):
        print(path)


def _audit(arguments: argparse.Namespace) -> int:
    from submission.published_audit import audit, render
    from task1.errors import InputError

    if arguments.published is None:
        raise InputError("audit: found nothing to audit, expected --published or --published PAPER")
    findings = audit(arguments.published or None)
    print(render(findings, arguments.format), end="")
    return int(arguments.strict and any(found.status == "differs" for found in findings))
