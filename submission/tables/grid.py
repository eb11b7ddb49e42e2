"""One table of a report: what it shows, and its four forms.

LaTeX (a float with caption, booktabs), Markdown and JSON hold the cells as they are shown; CSV the figures as they are,
unrounded. Accuracies are percent everywhere. Every form names the corpus, and says so if it is synthetic.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from task1.config.published import Figure
from task1.textual import latex_row, latex_text, markdown_row, markdown_rule, markdown_text, tabular

UNKNOWN = "-"
WIDE = 6
"""Columns beyond which a LaTeX table takes both columns of the page."""
UNITS = ("%", "nats", "parameters", "macs")
Value = float | str | Figure | None


@dataclass(frozen=True)
class Column:
    """`best`: which of its values is set bold; `key` names it in the CSV."""

    key: str
    heading: str
    show: Callable[[Any], str] = str
    best: Literal["max", "min"] | None = None
    right: bool = True


@dataclass(frozen=True)
class Row:
    """A label and what stands in the columns, by their keys. `rule`: a line above; `block`: only rows of one block are
    compared with each other."""

    label: str
    cells: Mapping[str, Value]
    rule: bool = False
    block: str = ""


@dataclass(frozen=True)
class Table:
    """`stub`: key and heading of the labels. `compare`: whether the best stands out of its row or its column."""

    name: str
    title: str
    caption: str
    stub: tuple[str, str]
    columns: Sequence[Column]
    rows: Sequence[Row]
    compare: Literal["row", "column"] = "row"
    notes: Sequence[str] = ()
    made_from: tuple[str, ...] = ()


def percent(value: float) -> str:
    return f"{value:.2f}"


def nats(value: float) -> str:
    return f"{value:.3f}"


def count(value: float) -> str:
    return f"{value:,.0f}"


def forms(table: Table, mark: str, corpus: str, embedded: bool) -> dict[str, str]:
    """The texts of the table by form; `mark` is the sentence about the corpus."""
    return {"tex": _latex(table, mark), "md": _markdown(table, mark), "csv": _csv(table, corpus, embedded),
            "json": _json(table, mark)}


def _shown(column: Column, value: Value) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, Figure):
        return value.as_printed
    return value if isinstance(value, str) else column.show(value)


def _best(table: Table) -> set[tuple[int, str]]:
    """Row numbers and column keys of the cells in bold; where all are equal none is."""
    marked = [column for column in table.columns if column.best]
    cells = [(number, column) for number, _ in enumerate(table.rows) for column in marked]
    lanes: dict[Any, list[tuple[float, int, Column]]] = {}
    for number, column in cells:
        value = table.rows[number].cells.get(column.key)
        if isinstance(value, int | float):
            lane = number if table.compare == "row" else (column.key, table.rows[number].block)
            lanes.setdefault(lane, []).append((value, number, column))
    result = set()
    for rivals in lanes.values():
        values = [value for value, _, _ in rivals]
        wanted = max(values) if rivals[0][2].best == "max" else min(values)
        if len(set(values)) > 1:
            result |= {(number, column.key) for value, number, column in rivals if value == wanted}
    return result


def _lines(table: Table) -> list[tuple[Row, list[str], list[bool]]]:
    """Row by row the shown cells, label first, and which of them are bold."""
    best = _best(table)
    return [(row, [row.label, *(_shown(column, row.cells.get(column.key)) for column in table.columns)],
             [False, *((number, column.key) in best for column in table.columns)])
            for number, row in enumerate(table.rows)]


def _markdown(table: Table, mark: str) -> str:
    def cell(text: str, bold: bool) -> str:
        return f"**{markdown_text(text)}**" if bold else markdown_text(text)

    lines = [markdown_row(map(markdown_text, [table.stub[1], *(column.heading for column in table.columns)])),
             markdown_rule([False, *(column.right for column in table.columns)])]
    lines += [markdown_row(map(cell, texts, bold)) for _, texts, bold in _lines(table)]
    notes = [f"- {markdown_text(note)}" for note in table.notes]
    return "\n".join([f"**{markdown_text(table.title)}**", "", markdown_text(f"{table.caption} {mark}."), "", *lines,
                      *(["", *notes] if notes else [])]) + "\n"


def _latex(table: Table, mark: str) -> str:
    def cell(text: str, bold: bool) -> str:
        return rf"\textbf{{{latex_text(text)}}}" if bold else latex_text(text)

    rows: list[str] = []
    for row, texts, bold in _lines(table):
        rows += [*([r"\midrule"] if row.rule else []), latex_row(map(cell, texts, bold))]
    header = latex_row(map(latex_text, [table.stub[1], *(column.heading for column in table.columns)]))
    wide = "*" if len(table.columns) > WIDE else ""
    notes = [rf"\par\smallskip {latex_text(note)}." for note in table.notes]
    return "\n".join([
        "% needs \\usepackage{booktabs}", rf"\begin{{table{wide}}}", r"\centering",
        rf"\caption{{{latex_text(f'{table.title}. {table.caption} {mark}.')}}}",
        rf"\label{{tab:{table.name.replace('_', '-')}}}", r"\footnotesize",
        tabular([False, *(column.right for column in table.columns)], header, rows), *notes,
        rf"\end{{table{wide}}}"]) + "\n"


def _csv(table: Table, corpus: str, embedded: bool) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([table.stub[0], *(column.key for column in table.columns), "corpus", "embedded"])
    for row in table.rows:
        values = (row.cells.get(column.key) for column in table.columns)
        writer.writerow([row.label, *map(_plain, values), corpus, "yes" if embedded else "no"])
    return stream.getvalue()


def _plain(value: Value) -> float | str | None:
    """What a spreadsheet takes: a printed figure as a number, where its unit is that of our figures."""
    if isinstance(value, Figure):
        return value.value if value.unit in UNITS else value.as_printed
    return value


def _json(table: Table, mark: str) -> str:
    columns = [{"key": table.stub[0], "heading": table.stub[1], "right": False},
               *({"key": column.key, "heading": column.heading, "right": column.right} for column in table.columns)]
    rows = [{"cells": texts, "bold": bold, "rule": row.rule} for row, texts, bold in _lines(table)]
    content = {"name": table.name, "title": table.title, "caption": table.caption, "corpus": mark, "columns": columns,
               "rows": rows, "notes": list(table.notes)}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
