"""The verbs: one small module each, importing nothing heavy until a verb runs.

A module has `register(verbs)`, which adds its parser and sets `handler`, a function of the parsed arguments that does
the work through the library and returns an exit status (None means 0).
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def add_verb(verbs: "Verbs", name: str, summary: str, description: str = "") -> argparse.ArgumentParser:
    """A parser for a verb: `summary` stands in the list of verbs, `description` (or it) on the verb's own page."""
    return verbs.add_parser(name, help=summary, description=description or summary[:1].upper() + summary[1:] + ".",
                            formatter_class=argparse.RawDescriptionHelpFormatter)
