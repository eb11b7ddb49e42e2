"""A list of systems in the form that is asked for: text for a terminal, Markdown, LaTeX, CSV, JSON.

Inputs: columns, rows (dictionaries by column; a missing or None figure is a dash), lines before and notes behind.
Text, Markdown and LaTeX show rounded figures and the notes; CSV and JSON hold the figures as they are, CSV with a last
column that says why a system is not ranked. LaTeX needs the package booktabs.
"""

import csv
import io
import json
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from task1.columns import aligned
from task1.textual import latex_row, latex_text, markdown_row, markdown_rule, markdown_text, tabular

NOT_RANKED = "not_ranked"
WIDTH = 120
FORMATS = ("text", "md", "latex", "csv", "json")


@dataclass(frozen=True)
class Column:
    key: str
    heading: str
    show: Callable[[Any], str] = str


@dataclass(frozen=True)
class Listing:
    """`rows`: what each column's key holds; `facts`: what JSON says besides."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def render(listing: Listing, style: str) -> str:
    """The listing in one of FORMATS."""
    return {"text": _text, "md": _markdown, "latex": _latex, "csv": _csv, "json": _json}[style](listing)


def _cells(listing: Listing, unknown: str = "-") -> list[list[str]]:
    return [[unknown if row.get(column.key) is None else column.show(row[column.key]) for column in listing.columns]
            for row in listing.rows]


def _headings(listing: Listing) -> list[str]:
    return [column.heading for column in listing.columns]


def _text(listing: Listing) -> str:
    table = aligned([_headings(listing), *_cells(listing, unknown="")]).rstrip("\n") if listing.rows else "(none)"
    notes = [textwrap.fill(note, WIDTH, subsequent_indent="  ", break_long_words=False,
                           break_on_hyphens=False) for note in listing.notes]
    return "\n".join([textwrap.fill(listing.title, WIDTH), "", table, *(["", *notes] if notes else [])]) + "\n"


def _markdown(listing: Listing) -> str:
    sides = markdown_rule(map(_right, zip(*_cells(listing), strict=True)))
    rows = [markdown_row(map(markdown_text, cells)) for cells in (_headings(listing), *_cells(listing))]
    table = [rows[0], sides, *rows[1:]] if listing.rows else []
    notes = (f"- {markdown_text(note)}" for note in listing.notes)
    return "\n".join([markdown_text(listing.title), "", *table, "", *notes]).rstrip() + "\n"


def _latex(listing: Listing) -> str:
    rows = [latex_row(map(latex_text, cells)) for cells in (_headings(listing), *_cells(listing))]
    notes = "".join(f"% {line}\n" for text in (listing.title, *listing.notes) for line in text.splitlines())
    return notes + tabular(map(_right, zip(*_cells(listing), strict=True)), rows[0], rows[1:]) + "\n"


def _csv(listing: Listing) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, [*(column.key for column in listing.columns), NOT_RANKED],
                            extrasaction="ignore",
                            lineterminator="\n")
    writer.writeheader()
    writer.writerows(listing.rows)
    return stream.getvalue()


def _json(listing: Listing) -> str:
    content = {"title": listing.title, **listing.facts, "systems": list(listing.rows), "notes": list(listing.notes)}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _right(column: Sequence[str]) -> bool:
    """Whether a column is of numbers."""
    return all(re.fullmatch(r"[-0-9.,%? ]+", cell) for cell in column)
