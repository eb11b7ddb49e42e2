"""Labels of systems and the names of a package's files, by the rules of the official validators.

A label is `<Lastname>_<Institute>_<task>_<index>`: four parts when split at `_`, no dot, since file names are split at
dots into exactly three parts (`<label>.output.csv`, `<label>.meta.yaml`).
"""

import re
import unicodedata

from task1.config import Edition, Run
from task1.errors import InputError

TASK_FOLDER = "task1"
OUTPUT_SUFFIX, META_SUFFIX = ".output.csv", ".meta.yaml"
_PART = re.compile(r"[A-Za-z0-9-]+")


def system_label(run: Run, index: int, rules: Edition) -> str:
    """The label of one system, or the sentence that says why there can be none."""
    label = f"{run.texts.label}_{rules.task_label}_{index}"
    problems = label_problems(label, rules)
    if problems and run.systems[index].submitted:
        found, expected = problems[0]
        raise InputError(f"run {run.name}, texts.label: found {run.texts.label!r}, which makes "
                         f"{label!r}: {found}, expected {expected}")
    return label


def label_problems(label: str, rules: Edition) -> list[tuple[str, str]]:
    """What the official validators (and file systems) would object to, as found and expected."""
    parts = label.split("_")
    if len(parts) != 4:
        return [(f"{len(parts)} parts between underscores", f"four, as in Lastname_Inst_{rules.task_label}_1")]
    problems = [(f"part {part!r}", "ASCII letters, digits and hyphens") for part in parts if not _PART.fullmatch(part)]
    if parts[2] != rules.task_label:
        problems.append((f"third part {parts[2]!r}", repr(rules.task_label)))
    if not re.fullmatch(r"[1-9]", parts[3]) or int(parts[3]) > rules.max_systems:
        problems.append((f"index {parts[3]!r}", f"1 to {rules.max_systems}"))
    return problems


def names_author(label: str, lastname: str) -> bool:
    """Whether the label begins with that last name, spelt with ASCII letters."""
    return _letters(label.split("_")[0]) == _letters(lastname)


def team(label: str) -> str:
    """Lastname_Institute of a label."""
    return "_".join(label.split("_")[:2])


def output_name(label: str) -> str:
    return f"{label}{OUTPUT_SUFFIX}"


def meta_name(label: str) -> str:
    return f"{label}{META_SUFFIX}"


def report_name(team: str, rules: Edition) -> str:
    """File name of a team's technical report."""
    return rules.report_name.format(label=team)


def task_path(rules: Edition) -> str:
    """The folder inside a package of ours that holds the systems' folders and the technical report."""
    return f"{rules.package_root}/{TASK_FOLDER}" if rules.package_root else TASK_FOLDER


def member(label: str, name: str, rules: Edition) -> str:
    """Path of a system's file inside a package of ours."""
    return f"{task_path(rules)}/{label}/{name}"


def package_name(run: Run, rules: Edition) -> str:
    """File name of the zip; the embedded corpus is named in it."""
    mark = "_embedded-corpus" if run.embedded else ""
    return f"{run.texts.label}_{rules.task_label}{mark}.zip"


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if c.isascii() and c.isalpha()).casefold()
