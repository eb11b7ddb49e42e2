"""Command line `submission`: from a run's output tables and scores to the official package and a report."""

import argparse
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
YAML, laid out as the organisers' validator of the entry's edition reads them. Figures in the YAML come from
RUN/scores (development test fold, accuracy in percent) and from counting the trained networks.

Refused, with the figures: a system over the edition's limits. Checked right after writing: names, labels, rows,
probabilities, keys and types of the YAML. A package from the embedded corpus says so in the YAML and in its file name.
The same run gives the same bytes. The technical report (PDF) is not written yet: add yours to the zip.
"""

REPORT = """\
Write RUN/report/report.md and RUN/report/index.html (one file, no network): scores of every system on seen and unseen
devices, per scene and device, complexity against the edition's limits, and where each number comes from. Needs
RUN/submission/package.json, so `submission package` comes first.
"""


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="submission", description=__doc__)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    _verb(verbs, "package", "write the official package of a run", PACKAGE, _package)
    _verb(verbs, "report", "write the report of a run, as Markdown and as one HTML page", REPORT, _report)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; exit status as of `task1`."""
    return run(parser(), arguments)


def _verb(verbs: "Verbs", name: str, summary: str, description: str, handler: object) -> None:
    verb = add_verb(verbs, name, summary, description)
    verb.add_argument("--run", type=Path, required=True, metavar="DIR", help=RUN_HELP)
    verb.set_defaults(handler=handler)


def _package(arguments: argparse.Namespace) -> None:
    from submission.package import package

    print(package(arguments.run))


def _report(arguments: argparse.Namespace) -> None:
    from submission.report import write_report

    for path in write_report(arguments.run):
        print(path)
