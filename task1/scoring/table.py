"""Scores as tables for people: one table a metric, systems side by side, one line a group.

In: the document that `report` makes. Out: plain text, Markdown, or LaTeX (package booktabs). Accuracy is in percent,
log loss in nats; in brackets stand the 95 % intervals. The best of several systems is bold in Markdown and LaTeX.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from task1.scoring.rows import KINDS, Row, rows
from task1.textual import latex_row, latex_text, markdown_row, markdown_rule, markdown_text, tabular

TITLES = {
    "accuracy": "Accuracy in percent (mean over scenes)",
    "log_loss": "Log loss in nats (mean over clips)",
    "expected_calibration_error": "Expected calibration error in percent (15 bins)",
}
DEFAULT_KINDS = tuple(kind for kind in KINDS if kind != "scene-device")


@dataclass(frozen=True)
class Cell:
    value: str
    interval: str
    best: bool

    @property
    def text(self) -> str:
        return f"{self.value} {self.interval}".rstrip()


@dataclass(frozen=True)
class Line:
    """One group's cells; a heading has none."""

    label: str
    clips: str = ""
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Table:
    title: str
    systems: tuple[str, ...]
    lines: tuple[Line, ...]


def heading(corpus: str | None, embedded: bool | None) -> str:
    """One line that says what the figures are about; synthetic recordings are called so (contract 9 of the design)."""
    if corpus is None:
        return "Corpus not named (--corpus)"
    if embedded:
        return f"Corpus {corpus}: EMBEDDED, SYNTHETIC recordings; these figures say nothing about real ones"
    return f"Corpus {corpus}: recorded"


def render(document: Mapping[str, Any], form: str, metrics: Sequence[str], kinds: Sequence[str]) -> str:
    """The tables of a document in one of FORMS, with what is to be known about them."""
    tables = [table for metric in metrics if (table := _table(document, metric, kinds)).lines]
    return FORMS[form]([*_said_first(document)], tables, [*_comparisons(document), *_said_last(document)])


def _table(document: Mapping[str, Any], metric: str, kinds: Sequence[str]) -> Table:
    systems = [[row for row in rows(system["scores"]) if row.kind in kinds and metric in row.node and _told(row)]
               for system in document["systems"]]
    lines: list[Line] = []
    last = "overall"
    for groups in zip(*systems, strict=True):
        first = groups[0]
        if first.kind != last:
            lines.append(Line(KINDS[first.kind]))
            last = first.kind
        lines.append(Line(first.label, f"{first.node['clips']:,}", _cells(metric, groups)))
    return Table(TITLES[metric], tuple(system["label"] for system in document["systems"]), tuple(lines))


def _told(row: Row) -> bool:
    """An average of one device is that device's line again."""
    return row.kind != "device-average" or len(row.node["devices"]) > 1


def _cells(metric: str, groups: Sequence[Row]) -> tuple[Cell, ...]:
    values = [row.node[metric] for row in groups]
    known = [value for value in values if value is not None]
    best = (max if metric == "accuracy" else min)(known, default=None)
    several = len(set(known)) > 1
    return tuple(_cell(metric, value, row.node.get(f"{metric}_interval"), several and value == best)
                 for value, row in zip(values, groups, strict=True))


def _cell(metric: str, value: float | None, interval: Sequence[float] | None, best: bool) -> Cell:
    def told(number: float) -> str:
        return f"{number:.3f}" if metric == "log_loss" else f"{100 * number:.2f}"

    return Cell("-" if value is None else told(value),
                f"[{told(interval[0])}, {told(interval[1])}]" if interval else "", best)


def _said_first(document: Mapping[str, Any]) -> Iterator[str]:
    yield heading(document["corpus"], document["embedded"])
    if document["edition"]:
        yield f"Edition {document['edition']['name']} ranks by {document['edition']['ranks_by']}"
    intervals = document["intervals"]
    clips = f"{document['systems'][0]['scores']['clips']:,} clips"
    if intervals["reason"]:
        yield f"{clips}; no intervals: {intervals['reason']}"
    else:
        strata = "within each scene" if intervals["stratified_by"] else "all together"
        yield (f"{clips} of {intervals['locations']:,} locations; [95 % intervals] of {intervals['resamples']:,} "
               f"resamples of locations, drawn {strata}, seed {intervals['seed']}")


def _comparisons(document: Mapping[str, Any]) -> Iterator[str]:
    for pair in document["comparisons"]:
        low, high = pair["interval"]
        accuracy = pair["metric"] == "accuracy"
        unit = "points" if accuracy else "nats"
        told = [f"{100 * value:+.2f}" if accuracy else f"{value:+.3f}" for value in (pair["difference"], low, high)]
        yield (f"{pair['first']} minus {pair['second']}: {pair['metric'].replace('_', ' ')} {told[0]} "
               f"[{told[1]}, {told[2]}] {unit}; {pair['first']} is better in {100 * pair['first_better']:.1f} % of "
               "resamples")


def _said_last(document: Mapping[str, Any]) -> Iterator[str]:
    for system in document["systems"]:
        for key, words in (("deviations", "not done as the recipe asks"), ("caveats", "to know")):
            if system["system"] and system["system"].get(key):
                yield f"{system['label']}: {words}: {'; '.join(system['system'][key])}"
        for repair in system["repairs"]:
            yield f"{system['label']}: repaired: {repair}"


def _text(first: Sequence[str], tables: Sequence[Table], last: Sequence[str]) -> str:
    parts = ["\n".join(first)]
    for table in tables:
        label = max(len(line.label) + 2 for line in table.lines)
        columns = list(zip(*(line.cells for line in table.lines if line.cells), strict=True))
        values = [max(len(cell.value) for cell in column) for column in columns]
        widths = [max(len(name), value + 1 + max(len(cell.interval) for cell in column))
                  for name, value, column in zip(table.systems, values, columns, strict=True)]
        names = "  ".join(f"{name:<{width}}" for name, width in zip(table.systems, widths, strict=True))
        lines = [table.title, f"{'':<{label}}{'clips':>10}  {names}".rstrip()]
        for line in table.lines:
            indent = "  " if line.cells and line.label != "overall" else ""
            cells = "  ".join(f"{f'{cell.value:>{value}} {cell.interval}':<{width}}"
                              for cell, value, width in zip(line.cells, values, widths, strict=False))
            lines.append(f"{indent + line.label:<{label}}{line.clips:>10}  {cells}".rstrip())
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *(["\n".join(last)] if last else [])]) + "\n"


def _markdown(first: Sequence[str], tables: Sequence[Table], last: Sequence[str]) -> str:
    parts = ["  \n".join(map(markdown_text, first))]
    for table in tables:
        lines = [f"**{table.title}**", "", markdown_row(["", "clips", *map(markdown_text, table.systems)]),
                 markdown_rule([False, True, *[True] * len(table.systems)])]
        for line in table.lines:
            label = markdown_text(line.label)
            cells = [f"**{cell.text}**" if cell.best else cell.text for cell in line.cells]
            lines.append(markdown_row([label if cells else f"*{label}*", line.clips,
                                       *(cells or [""] * len(table.systems))]))
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, *(["\n".join(f"- {markdown_text(text)}" for text in last)] if last else [])]) + "\n"


def _latex(first: Sequence[str], tables: Sequence[Table], last: Sequence[str]) -> str:
    parts = ["\n".join(f"% {text}" for text in first)]
    for table in tables:
        lines = []
        for number, line in enumerate(table.lines):
            label = latex_text(line.label)
            if not line.cells:
                space = [r"\addlinespace"] if number else []
                lines += [*space, rf"\multicolumn{{{2 + len(table.systems)}}}{{l}}{{\textit{{{label}}}}} \\"]
                continue
            cells = [rf"\textbf{{{cell.text}}}" if cell.best else cell.text for cell in line.cells]
            lines.append(latex_row([label, line.clips, *cells]))
        header = latex_row(["", "clips", *map(latex_text, table.systems)]).lstrip()
        parts.append(f"% {table.title}\n" + tabular([False, True, *[True] * len(table.systems)], header, lines))
    return "\n\n".join([*parts, *(["\n".join(f"% {text}" for text in last)] if last else [])]) + "\n"


FORMS: dict[str, Callable[[Sequence[str], Sequence[Table], Sequence[str]], str]] = {
    "text": _text, "md": _markdown, "latex": _latex}
