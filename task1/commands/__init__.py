"""The verbs: one small module each, importing nothing heavy until a verb runs.

A module has `register(verbs)`, which adds its parser and sets `handler`, a function of the parsed arguments that does
the work through the library and returns an exit status (None means 0).
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "work"
"""Where everything is written unless told otherwise: work/ beside run_all.sh."""


def add_verb(verbs: "Verbs", name: str, summary: str, description: str = "") -> argparse.ArgumentParser:
    """A parser for a verb: `summary` stands in the list of verbs, `description` (or it) on the verb's own page."""
    return verbs.add_parser(name, help=summary, description=description or summary[:1].upper() + summary[1:] + ".",
                            formatter_class=argparse.RawDescriptionHelpFormatter)


def add_corpora(parser: argparse.ArgumentParser) -> None:
    """The option that says where the data sets' folders lie."""
    parser.add_argument("--corpora", type=Path, default=WORK / "corpora", metavar="DIR",
                        help="holds the data sets' folders (default: work/corpora beside run_all.sh)")


def positive(text: str) -> int:
    """An argument that is a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)
