"""An audit as text, Markdown, CSV or JSON: all rows, then what differs once more, then the count of each verdict."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import Literal, get_args

from submission.audit.rows import FAILING, Row, Verdict
from submission.validate.figures import COMPLEXITY, RESULTS
from submission.validate.findings import named
from task1.columns import aligned
from task1.config import Edition

Format = Literal["text", "md", "csv", "json"]
HEADINGS = ("key", "claimed", "recomputed", "difference", "verdict", "why")
SHORT = {f"{RESULTS}.": "", f"{COMPLEXITY}.": "", "system.": "", "results.": ""}
"""Beginnings of keys that people need not read in every row."""
WIDEST = 24
"""Characters of words that nothing is wrong with; CSV and JSON have more of them."""
SYNTHETIC = "Results on the EMBEDDED corpus (synthetic recordings): they say nothing about real ones."


@dataclass(frozen=True)
class Audit:
    """The rows of one package."""

    package: str
    rules: Edition
    guessed: bool
    embedded: bool
    rows: tuple[Row, ...]

    @property
    def failing(self) -> list[Row]:
        """What is beyond the printed rounding, or over a limit."""
        return [row for row in self.rows if row.verdict in FAILING]

    @property
    def summary(self) -> str:
        """How many rows there are of each verdict."""
        counts = Counter(row.verdict for row in self.rows)
        words = {"agrees": "agree", "differs": "differ"}
        told = [f"{counts[verdict]} {words.get(verdict, verdict)}" for verdict in get_args(Verdict)
                if counts[verdict] or verdict in ("agrees", "differs")]
        how = " (guessed; --edition chooses another)" if self.guessed else ""
        return f"{named(self.package)}: edition {self.rules.name}{how}, {len(self.rows)} rows: {', '.join(told)}"


def render(result: Audit, form: Format) -> str:
    """The whole audit."""
    if form == "json":
        rows = [{field.name: getattr(row, field.name) for field in fields(Row)} for row in result.rows]
        content = {"package": result.package, "edition": result.rules.name, "edition_guessed": result.guessed,
                   "embedded": result.embedded, "rows": rows, "summary": result.summary}
        return json.dumps(content, indent=2, ensure_ascii=True) + "\n"
    if form == "csv":
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows(
            [[field.name for field in fields(Row)], *map(astuple, result.rows)])
        return stream.getvalue()
    groups: dict[str, list[Row]] = {}
    for row in result.rows:
        groups.setdefault(row.system, []).append(row)
    blocks = [_block(named(system), rows, form) for system, rows in groups.items()]
    if result.failing:
        blocks.append(_block("Differences", result.failing, form, with_system=True))
    blocks += [SYNTHETIC] if result.embedded else []
    return "\n\n".join([*blocks, _cell(result.summary) if form == "md" else result.summary]) + "\n"


def _block(title: str, rows: Sequence[Row], form: Format, with_system: bool = False) -> str:
    headings = (("system",) if with_system else ()) + HEADINGS
    cells = [((row.system,) if with_system else ()) + (
        _short(row.key), _cut(row.claimed, row), _cut(row.recomputed, row), *astuple(row)[4:]) for row in rows]
    if form == "md":
        lines = [headings, tuple("---" for _ in headings), *(tuple(map(_cell, row)) for row in cells)]
        return f"## {_cell(title)}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in lines)
    return f"{title}\n" + aligned([headings, *cells]).rstrip("\n")


def _cut(value: str, row: Row) -> str:
    """Long words only where they matter."""
    return value if len(value) <= WIDEST or row.verdict in FAILING else f"{value[:WIDEST - 3]}..."


def _short(key: str) -> str:
    for start, instead in SHORT.items():
        if key.startswith(start):
            return named(instead + key.removeprefix(start))
    return named(key)


def _cell(text: str) -> str:
    return "".join(f"\\{character}" if character in "\\`*_[]|<>#" else character for character in text)
