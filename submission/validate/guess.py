"""Which edition a package was made for, when nobody says so.

The four editions differ in the third part of their labels, the folders of the zip, the keys of the meta file and the
number of clips; 2020 and 2021 have nearly the same keys. The edition that contradicts least is taken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from submission.validate.meta import lookup
from task1.config import Edition, edition, names

TASK_LABEL_WEIGHT = 4
_YEAR = re.compile(r"DCASE\s?(20\d\d)")


@dataclass(frozen=True)
class Evidence:
    """What can be seen of a package without knowing its edition."""

    labels: Sequence[str]
    depth: int | None
    """Folders above `task1/` in the zip; None for single files."""
    tree: Any
    """The first meta file, None if it cannot be read."""
    text: str
    rows: int | None
    """Rows of the first output table."""


def guess_edition(evidence: Evidence) -> Edition:
    """The edition with the fewest contradictions, the latest of equal ones."""
    return min((edition(name) for name in reversed(names("editions"))), key=lambda rules: _against(evidence, rules))


def _against(evidence: Evidence, rules: Edition) -> int:
    points = 0
    if evidence.labels:
        points += TASK_LABEL_WEIGHT * all(label.split("_")[2:3] != [rules.task_label] for label in evidence.labels)
    if evidence.depth is not None:
        points += evidence.depth != (rules.package_root is not None)
    if evidence.rows is not None:
        points += evidence.rows != rules.output_rows
    years = _YEAR.findall(evidence.text)
    points += bool(years) and str(rules.year) not in years
    if evidence.tree is not None:
        points += sum(_has(evidence.tree, path) != (path in _required(rules)) for path in _telling())
    return points


def _telling() -> list[str]:
    """The keys of `system` that not all editions require."""
    required = [_required(edition(name)) for name in names("editions")]
    every = set[str]().union(*required)
    return [path for path in sorted(every) if path.startswith("system.") and not all(path in one for one in required)]


def _required(rules: Edition) -> set[str]:
    return {key.path for key in rules.meta_keys if key.required}


def _has(tree: Any, path: str) -> bool:
    parent, _, name = path.rpartition(".")
    holder = lookup(tree, parent)
    return isinstance(holder, dict) and name in holder
