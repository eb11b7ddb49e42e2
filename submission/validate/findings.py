"""What a validation says: findings, one line each, and the report that holds them.

A finding is an `error` when the organisers' validator would count it or crash on it, or when a figure cannot be right
or breaks a rule of the edition; everything else that a team should look at is a `warning`. What was found is quoted
with `shown`, so that foreign text can neither break a line nor steer a terminal.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from task1.config import Edition
from task1.textual import markdown_row, markdown_rule, markdown_text

Severity = Literal["error", "warning"]
MOST_ALIKE = 3
"""Rows with one and the same fault that are shown one by one; the rest are counted."""
MOST_OF_A_FILE = 100
_LONGEST = 60


@dataclass(frozen=True)
class Finding:
    severity: Severity
    file: str
    at: str
    """Row or key inside the file; empty for the file itself."""
    found: str
    expected: str

    @property
    def where(self) -> str:
        return f"{self.file}, {self.at}" if self.at else self.file

    @property
    def message(self) -> str:
        return f"{self.found}; expected {self.expected}"

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.message}"

    def record(self) -> dict[str, str]:
        """For JSON."""
        return {"severity": self.severity, "where": self.where, "found": self.found, "expected": self.expected,
                "message": self.message}


@dataclass(frozen=True)
class Report:
    """Everything found in one package."""

    name: str
    rules: Edition
    guessed: bool
    labels: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "warning"]

    @property
    def summary(self) -> str:
        how = " (guessed; --edition chooses another)" if self.guessed else ""
        return (f"{named(self.name)}: edition {self.rules.name}{how}, {_counted(len(self.labels), 'system')}: "
                f"{_counted(len(self.errors), 'error')}, {_counted(len(self.warnings), 'warning')}")


def shown(value: Any) -> str:
    """A foreign value as one short line of printable text."""
    try:
        text = "null" if value is None else repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST - 3]}..."


def named(name: str) -> str:
    """A foreign file name: as it is, or quoted where it could be misread."""
    return name if name.isprintable() and name and len(name) <= 4 * _LONGEST else shown(name)


def condense(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The same findings, but of rows with one fault the first few and a count, and not more than 100 of a file."""
    alike: Counter[tuple[Severity, str, str]] = Counter()
    of_file: Counter[tuple[str, Severity]] = Counter()
    for finding in findings:
        fault = (finding.severity, finding.file, finding.expected)
        if finding.at.startswith("row "):
            alike[fault] += 1
            if alike[fault] > MOST_ALIKE:
                continue
        of_file[finding.file, finding.severity] += 1
        if of_file[finding.file, finding.severity] <= MOST_OF_A_FILE:
            yield finding
    for (severity, file, expected), count in alike.items():
        if count > MOST_ALIKE:
            yield Finding(severity, file, "", f"{_counted(count - MOST_ALIKE, 'more row')} with this fault", expected)
    for (file, severity), count in of_file.items():
        if count > MOST_OF_A_FILE:
            rest = _counted(count - MOST_OF_A_FILE, f"more {severity}")
            yield Finding(severity, file, "", rest, "a file without them")


def render(report: Report, form: str) -> str:
    """The report as text, Markdown or JSON; errors before warnings, the summary last (in JSON: a key)."""
    if form == "json":
        content = {"package": report.name, "edition": report.rules.name, "edition_guessed": report.guessed,
                   "systems": report.labels, "errors": [finding.record() for finding in report.errors],
                   "warnings": [finding.record() for finding in report.warnings], "summary": report.summary}
        return json.dumps(content, indent=2, ensure_ascii=True) + "\n"
    blocks = []
    for title, findings in (("Errors", report.errors), ("Warnings", report.warnings)):
        if findings and form == "md":
            rows = [markdown_row(map(markdown_text, (one.where, one.found, one.expected))) for one in findings]
            header = [markdown_row(("Where", "Found", "Expected")), markdown_rule([False] * 3)]
            blocks.append("\n".join([f"## {title}", "", *header, *rows]))
        elif findings:
            blocks.append("\n".join(map(str, findings)))
    blocks.append(markdown_text(report.summary) if form == "md" else report.summary)
    return "\n\n".join(blocks) + "\n"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else f"no {what}s"
