"""`task1 check`: the files under meta/, loaded and held against their schemas and each other."""

import argparse
from typing import TYPE_CHECKING

from task1.commands import add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Load every data set, edition, profile, entry, table of printed figures and leaderboard under meta/, check it against its
schema and the files it refers to, and print a line for each. Entries are resolved with every profile and every variant
of theirs. With names: check these entries alone, be they of meta/entries or files of your own.

Exit status: 0 when all is well, 1 when a file is wrong.

examples:
  task1 check
  task1 check my_entry.yaml
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "check", "are the facts and recipes under meta/ well-formed?", DESCRIPTION)
    parser.add_argument("entries", nargs="*", metavar="ENTRY", help="a name or a YAML file (default: everything)")
    parser.set_defaults(handler=_check)


def _check(arguments: argparse.Namespace) -> int:
    from task1.config.everything import check_entries, check_everything

    wrong = 0
    for checked in check_entries(arguments.entries) if arguments.entries else check_everything():
        wrong += checked.problem is not None
        print(f"{checked.path}: {checked.summary}" if checked.problem is None else f"WRONG {checked.problem}")
    if wrong:
        print(f"{wrong} of these files are wrong" if wrong > 1 else "one of these files is wrong")
    return 1 if wrong else 0
