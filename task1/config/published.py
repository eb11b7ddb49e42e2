"""Printed figures of the papers, from the CSV files under meta/published, and the reader of such files.

Inputs: meta/published/<paper>.csv (one row a figure).
Outputs: lists of checked rows in the order of the file; an empty cell is an absent value. Errors name the line.
"""

import csv
import io
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from task1.config.base import META, Strict, read_text
from task1.errors import InputError

Convention = Literal[
    "unstated",  # the paper does not say how it was counted or averaged
    "class_recall",  # correct clips of a class over clips of that class
    "macro",  # mean of the class recalls
    "mean_of_devices",  # mean over devices, each counting alike
    "relative",  # a difference over the figure it is compared with
    "torchinfo_truncated",  # torchinfo, digits cut off
    "thop",  # thop, rounded
    "trainable",  # parameters that are trained, rounded
    "state_dict",  # every number of the state dict, rounded
    "keras_total",  # Keras' total: four numbers a channel of batch normalisation, digits cut off
    "non_zero",  # parameters other than zero
    "float16_kib",  # two bytes a parameter, 1024 bytes a KB
]


class Figure(Strict):
    """One printed figure: where it stands, what it is worth in `unit`, and how it is printed."""

    paper: str
    table: str = Field(description="number of the table, or the part of the text")
    row: str
    column: str
    value: float
    unit: Literal["%", "nats", "parameters", "macs", "kB", "KB", "blocks", "weight", "Hz", "samples", "frames", "bands",
                  "channels", "s", "bits", "epochs", "classes", "devices", "cities", "times"]
    as_printed: str
    convention: Convention
    note: str = ""


Row = TypeVar("Row", bound=Strict)


@cache
def published(paper: str) -> tuple[Figure, ...]:
    """Every figure that the paper behind an entry prints."""
    path = META / "published" / f"{paper}.csv"
    figures = read_rows(Figure, path)
    first: dict[tuple[str, str, str], int] = {}
    for line, figure in figures:
        if figure.paper != paper:
            raise InputError(f"{path}, line {line}: paper: found {figure.paper!r}, expected {paper!r}")
        key = (figure.table, figure.row, figure.column)
        if first.setdefault(key, line) != line:
            raise InputError(f"{path}, line {line}: the figure {', '.join(key)} stands in line {first[key]} already")
    return tuple(figure for _, figure in figures)


def read_rows(schema: type[Row], path: Path) -> list[tuple[int, Row]]:
    """The rows of a CSV file, each with its line; the header names exactly the fields of `schema`, in order."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    header, rows = list(schema.model_fields), []
    try:
        found = next(reader, [])
        if found != header:
            raise InputError(f"{path}, line 1: found the columns {', '.join(found) or '(none)'}; "
                             f"expected {', '.join(header)}")
        for cells in reader:
            if len(cells) != len(header):
                raise InputError(f"{path}, line {reader.line_num}: found {len(cells)} cells, expected {len(header)}")
            rows.append((reader.line_num, _row(schema, dict(zip(header, cells, strict=True)), path, reader.line_num)))
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: not valid CSV: {error}") from None
    return rows


def _row(schema: type[Row], cells: dict[str, str], path: Path, line: int) -> Row:
    try:
        return schema.model_validate_strings({key: cell for key, cell in cells.items() if cell})
    except ValidationError as error:
        detail = error.errors()[0]
        column = ".".join(map(str, detail["loc"]))
        if detail["type"] == "missing":
            raise InputError(f"{path}, line {line}: {column} is empty") from None
        expected = detail["msg"].removeprefix("Input should be ")
        raise InputError(f"{path}, line {line}: {column}: found {detail['input']!r}, expected {expected}") from None
