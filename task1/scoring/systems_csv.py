"""Anybody's CSV of systems.

Input: UTF-8, separated by commas, semicolons or tabs, with a header line; columns are found by name: `system` (or
`label`), `team`, `accuracy`, `accuracy_<subset>`, `log_loss`, `memory` (or `memory_bytes`), `macs` (or `mmacs`,
millions). How figures may be written is in quantities.py. An empty cell, or a dash, is a figure that is not known.
Output: contenders in the order of the file, and where each stands.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from task1.config import Ranking
from task1.config.base import read_text
from task1.errors import InputError
from task1.scoring.quantities import Cell, parse
from task1.scoring.ranking import Contender, needed

NAMES = {"system": "system", "label": "system", "team": "team", "accuracy": "accuracy", "log_loss": "log_loss",
         "memory": "memory", "memory_bytes": "memory", "macs": "macs", "mmacs": "macs"}
UNKNOWN = ("", "-")


@dataclass(frozen=True)
class SystemsTable:
    """What the file holds."""

    contenders: tuple[Contender, ...]
    lines: tuple[int, ...]
    """The line of the file on which each stands."""
    unused: tuple[str, ...]
    """Columns that mean nothing here."""


def read_systems(path: Path, ranking: Ranking, also: Sequence[str] = ()) -> SystemsTable:
    """The systems of a file, which must have the columns of the ranking and those in `also`."""
    lines, header, rows = _rows(path)
    columns = _columns(path, header, (*needed(ranking), *also))
    texts = {name: [row[at].strip() for row in rows] for name, at in columns.items()}
    _check_names(path, lines, texts["system"])
    figures: list[dict[str, float]] = [{} for _ in rows]
    for name, at in columns.items():
        if name in ("system", "team"):
            continue
        known = [row for row, text in enumerate(texts[name]) if text not in UNKNOWN]
        cells: list[Cell] = [(f"{path}, line {lines[row]}", texts[name][row]) for row in known]
        for row, value in zip(known, parse("mmacs" if header[at] == "mmacs" else name, cells), strict=True):
            figures[row][name] = value
    teams = [None if text in UNKNOWN else text for text in texts.get("team", [""] * len(rows))]
    return SystemsTable(
        tuple(Contender(*row) for row in zip(texts["system"], teams, figures, strict=True)), tuple(lines),
        tuple(name for position, name in enumerate(header) if position not in columns.values()))


def _rows(path: Path) -> tuple[list[int], list[str], list[list[str]]]:
    """Line numbers, header and cells."""
    text = read_text(path)
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines, found = [], []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(reader.line_num)
                found.append(cells)
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not valid CSV: {error}") from None
    if not found:
        raise InputError(f"{path}: empty, expected a header with system, accuracy and so on, and one line a system")
    header = [cell.strip().lower() for cell in found[0]]
    for line, cells in zip(lines[1:], found[1:], strict=True):
        if len(cells) != len(header):
            raise InputError(f"{path}, line {line}: found {len(cells)} cells, expected {len(header)} as in the header")
    if len(found) == 1:
        raise InputError(f"{path}: a header and nothing below it; expected one line a system")
    return lines[1:], header, found[1:]


def _columns(path: Path, header: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    """Where each quantity stands."""
    columns: dict[str, int] = {}
    for position, written in enumerate(header):
        name = written if re.fullmatch(r"accuracy_[0-9]+", written) else NAMES.get(written)
        if name in columns:
            raise InputError(f"{path}, line 1: found {name} twice (columns {header[columns[name]]} and {written}); "
                             "keep one")
        if name:
            columns[name] = position
    lacking = [name for name in dict.fromkeys(("system", *wanted)) if name not in columns]
    if lacking:
        raise InputError(f"{path}, line 1: no column {' and no column '.join(lacking)}; found "
                         f"{', '.join(filter(None, header))}")
    return columns


def _check_names(path: Path, lines: Sequence[int], names: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for line, name in zip(lines, names, strict=True):
        if not name:
            raise InputError(f"{path}, line {line}: system is empty; give every system a name")
        if first.setdefault(name, line) != line:
            raise InputError(f"{path}, line {line}: system {name} stands in line {first[name]} already; keep one, or "
                             "name them apart")
