"""`task1 corpus verify`: are the recordings all there, and are they what they should be."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_corpora, add_verb, positive

if TYPE_CHECKING:
    from task1.commands import Verbs
    from task1.corpus.verify import VerifyReport

DESCRIPTION = """\
Check every recording of a data set against its lists and its format: missing and extra files, files of zero bytes, cut
off, of another length, rate, coding, number of bits or channels. Only headers and sizes are read, unless --full is
given: then every sample, which finds unreadable disks and silent clips too.

exit status: 0 all is well (or warnings only), 1 errors were found, 2 the lists themselves cannot be used
"""

SHOWN = 5  # findings of one kind


def register(actions: "Verbs") -> None:
    parser = add_verb(actions, "verify", "check that the recordings are complete and of the right format", DESCRIPTION)
    parser.add_argument("dataset", metavar="DATASET", help="a name under meta/datasets")
    add_corpora(parser)
    parser.add_argument("--root", type=Path, metavar="DIR",
                        help="the data set's own folder, if it is not <corpora>/<its usual name>")
    parser.add_argument("--full", action="store_true", help="read every sample, not headers and sizes alone")
    parser.add_argument("--workers", type=positive, default=4, metavar="N",
                        help="threads; more help where the disk is far away (default: %(default)s)")
    parser.add_argument("--report", type=Path, metavar="FILE",
                        help="write all findings there, one a row (TAB-separated)")
    parser.add_argument("--skip-bad", action="store_true",
                        help="list findings, but do not fail for them: the features stage will leave these files out")
    parser.set_defaults(handler=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    from task1.config import dataset
    from task1.corpus.verify import verify, write_report

    facts = dataset(arguments.dataset)
    report = verify(facts, arguments.root or arguments.corpora / facts.root_dir, arguments.full, arguments.workers)
    if arguments.report:
        write_report(report, arguments.report)
    print(summary(report, arguments.report))
    return 0 if report.clean or arguments.skip_bad else 1


def summary(report: "VerifyReport", path: Path | None) -> str:
    """Counts of each kind of finding, with the first few."""
    from task1.corpus.verify import ERRORS, WARNINGS

    extent = "every sample" if report.full else "headers and sizes"
    lines = [f"{report.dataset}: {report.listed:,} recordings listed, {report.checked:,} looked at ({extent})"]
    for level, kinds in (("error", ERRORS), ("warning", WARNINGS)):
        for kind, meaning in kinds.items():
            found = [finding for finding in report.findings if finding.kind == kind]
            if not found:
                continue
            lines.append(f"{level}: {kind}: {len(found):,} ({meaning})")
            lines += [f"    {finding.filename}: {finding.detail}" for finding in found[:SHOWN]]
            if len(found) > SHOWN:
                where = f"all in {path}" if path else "--report FILE lists all"
                lines.append(f"    ... and {len(found) - SHOWN:,} more; {where}")
    if report.clean:
        lines.append("No errors." if report.findings else "No findings.")
    return "\n".join(lines)
