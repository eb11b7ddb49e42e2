"""Which files of a package belong to which system, by the layout of the edition.

Editions with a root folder (of any name): `<root>/task1/<label>/<label>.output.csv`; the others begin with `task1/`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from submission.labels import TASK_FOLDER, label_problems, meta_name, output_name, report_name, team
from submission.validate.findings import Finding, named
from task1.config import Edition

REPORT_SUFFIX = ".pdf"
MOST_CHECKED = 8
"""Systems and reports that are looked into: twice what a package may have, so that no zip keeps a validator busy."""


@dataclass
class Members:
    """Names in the archive: of each system's two files (None where it is missing), and of the reports."""

    systems: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def task_depth(names: Sequence[str]) -> int:
    """How many folders stand above `task1/` in most of the names: 0 or 1."""
    depths = [PurePosixPath(name).parts.index(TASK_FOLDER) for name in names
              if TASK_FOLDER in PurePosixPath(name).parts[:2]]
    return int(sum(depths) * 2 > len(depths))


def sort_members(names: Sequence[str], rules: Edition) -> Members:
    """The systems of a package, and a finding for every file that is missing or too much."""
    members = Members()
    depth = 0 if rules.package_root is None else 1
    files: dict[str, dict[str, str]] = {}
    folders = set()
    for name in names:
        parts = PurePosixPath(name).parts
        in_task = len(parts) > depth and parts[depth] == TASK_FOLDER
        if name.lower().endswith(REPORT_SUFFIX):
            members.reports.append(name)
            if not in_task or len(parts) != depth + 2:
                members.findings.append(Finding("warning", named(name), "", "a PDF in this folder",
                                                f"the technical report right in {_folder(rules)}"))
        elif in_task and len(parts) == depth + 3 and parts[-1] in (output_name(parts[-2]), meta_name(parts[-2])):
            files.setdefault(parts[-2], {})[parts[-1]] = name
            folders.add(parts[:depth])
        else:
            # the official validator looks at every name with task1 in it and at no other
            members.findings.append(Finding(
                "error" if TASK_FOLDER in name else "warning", named(name), "", "a file that belongs to no system",
                f"only {_folder(rules)}LABEL/LABEL.output.csv, LABEL.meta.yaml and the technical report"))
    if len(folders) > 1:
        members.findings.append(Finding("warning", "package", "", f"{len(folders)} root folders", "one"))
    for label in sorted(files):
        output, meta = (files[label].get(name(label)) for name in (output_name, meta_name))
        members.systems[label] = output, meta
        for missing, file in ((output, output_name(label)), (meta, meta_name(label))):
            if missing is None:
                members.findings.append(Finding("error", named(f"{_folder(rules)}{label}/{file}"), "", "no such file",
                                                "both files of the system"))
    members.findings += _check_whole(members, rules)
    return members


def check_label(label: str, file: str, rules: Edition) -> Iterator[Finding]:
    """The rules of a label, told of `file`."""
    for problem in label_problems(label, rules):
        yield Finding("error", named(file), "label", *problem)


def _check_whole(members: Members, rules: Edition) -> Iterator[Finding]:
    labels = list(members.systems)
    if not labels:
        yield Finding("error", "package", "", "no system", f"files below {_folder(rules)}LABEL/")
        return
    if len(labels) > rules.max_systems:
        rest = f"; only the first {MOST_CHECKED} were looked into" if len(labels) > MOST_CHECKED else ""
        yield Finding("error", "package", "", f"{len(labels)} systems", f"at most {rules.max_systems}{rest}")
    teams = sorted({team(label) for label in labels})
    if len(teams) > 1:
        yield Finding("warning", "package", "", f"systems of {len(teams)} teams ({', '.join(map(named, teams[:3]))})",
                      "labels that differ in their last part only")
    if not members.reports:
        yield Finding("warning", "package", "", "no technical report",
                      f"{_folder(rules)}{named(report_name(teams[0], rules))}")
    wanted = {report_name(name, rules) for name in teams}
    wanted |= {f"{label}.technical_report.pdf" for label in labels}
    if len(members.reports) > MOST_CHECKED:
        yield Finding("error", "package", "", f"{len(members.reports)} technical reports",
                      f"one, or one a system; only the first {MOST_CHECKED} were looked into")
    for name in members.reports:
        if PurePosixPath(name).name not in wanted:
            yield Finding("warning", named(name), "", "this name of the technical report",
                          named(report_name(teams[0], rules)))


def _folder(rules: Edition) -> str:
    return f"{TASK_FOLDER}/" if rules.package_root is None else f"ROOT/{TASK_FOLDER}/"
