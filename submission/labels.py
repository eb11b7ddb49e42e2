"""Labels of systems and the names of a package's files, by the rules of the official validators.

A label is `<Lastname>_<Institute>_<task>_<index>`: four parts when split at `_`, no dot, since file names are split at
dots into exactly three parts (`<label>.output.csv`, `<label>.meta.yaml`).
"""

import re
import unicodedata

from task1.config import Edition, Run
from task1.errors import InputError

TASK_FOLDER = "task1"
_PART = re.compile(r"[A-Za-z0-9-]+")


def system_label(run: Run, index: int, rules: Edition) -> str:
    """The label of one system, or the sentence that says why there can be none."""
    label = f"{run.texts.label}_{rules.task_label}_{index}"
    wrong = label_problems(label, rules)
    if wrong:
        raise InputError(f"run {run.entry}-{run.profile}, texts.label: found {run.texts.label!r}, which makes "
                         f"{label!r}: {wrong[0]}")
    return label


def label_problems(label: str, rules: Edition) -> list[str]:
    """What the official validators (and file systems) would object to; empty for a good label."""
    parts = label.split("_")
    if len(parts) != 4:
        return [f"{len(parts)} parts between underscores, expected four as in Lastname_Inst_{rules.task_label}_1"]
    problems = [f"part {part!r} must be made of ASCII letters, digits and hyphens"
                for part in parts if not _PART.fullmatch(part)]
    if parts[2] != rules.task_label:
        problems.append(f"third part {parts[2]!r}, expected {rules.task_label!r}")
    if not re.fullmatch(r"[1-9]", parts[3]) or int(parts[3]) > rules.max_systems:
        problems.append(f"index {parts[3]!r}, expected 1 to {rules.max_systems}")
    return problems


def names_author(label: str, lastname: str) -> bool:
    """Whether the label begins with that last name, spelt with ASCII letters."""
    return _letters(label.split("_")[0]) == _letters(lastname)


def output_name(label: str) -> str:
    return f"{label}.output.csv"


def meta_name(label: str) -> str:
    return f"{label}.meta.yaml"


def member(label: str, name: str, rules: Edition) -> str:
    """Path of a system's file inside the package."""
    root = f"{rules.package_root}/" if rules.package_root else ""
    return f"{root}{TASK_FOLDER}/{label}/{name}"


def package_name(run: Run, rules: Edition) -> str:
    """File name of the zip; the embedded corpus is named in it."""
    mark = "_embedded-corpus" if run.embedded else ""
    return f"{run.texts.label}_{rules.task_label}{mark}.zip"


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if c.isascii() and c.isalpha()).casefold()
