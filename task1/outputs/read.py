"""Reading an output table strictly: all of it as it should be, or its first fault.

A table is parsed in pieces by the C parser of pandas, which is quick but cannot say what is wrong. Whatever it stumbles
over, and whatever is unusual, is read again row by row (`task1.outputs.rows`), which is the definition.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs.names import are_nameable, basenames
from task1.outputs.rows import ROW_BYTES, SUM_TOLERANCE, Columns, Fault, examine, opened, read_columns
from task1.outputs.tables import ROUNDING, Floats, Integers, Outputs

PIECE = 1 << 22  # bytes that stay in the processor's caches; a tenth quicker than the whole table at once


def read_outputs(path: Path) -> Outputs:
    """A table from anybody, checked strictly: the first thing wrong is told with its row (the header is row 1)."""
    with opened(path) as stream:
        quick = read_quickly(stream)
        if quick is not None:
            return quick
        stream.seek(0)
        return read_by_row(stream, path)


def read_by_row(stream: BinaryIO, path: Path) -> Outputs:
    """The table row by row; InputError at the first fault."""
    names, values, decisions = [], [], []
    for row in examine(stream):
        if isinstance(row, Fault):
            raise InputError(row.at(path))
        names.append(row.name)
        values.append(row.values)
        decisions.append(row.decision)
    return Outputs(tuple(names), np.array(values), np.array(decisions, dtype=np.int64))


def read_quickly(stream: BinaryIO) -> Outputs | None:
    """The table by the C parser, or None if anything at all is odd."""
    header = stream.readline(ROW_BYTES)
    try:
        line = header.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    columns = read_columns(line.split("\t"), line)
    if isinstance(columns, Fault) or not header.endswith(b"\n"):
        return None
    fields = line.split("\t")
    names: list[str] = []
    values, decisions = [], []
    for piece in _pieces(stream):
        parsed = _parse(piece, columns, fields)
        if parsed is None:
            return None
        names += parsed[0]
        values.append(parsed[1])
        decisions.append(parsed[2])
    if not names:
        return None
    probabilities = np.concatenate(values, out=np.empty((len(names), len(taxonomy().scenes))))
    try:
        return Outputs(tuple(names), probabilities, np.concatenate(decisions))
    except ValueError:
        return None


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Whole lines, some megabytes at a time, without blank lines at the end of the file."""
    rest = b""
    while block := stream.read(PIECE):
        end = block.rstrip(b"\r\n").rfind(b"\n") + 1  # the last line stays for the next piece
        if end:
            yield b"".join((rest, memoryview(block)[:end]))
            rest = b""
        rest += block[end:]
    if rest := rest.rstrip(b"\r\n"):
        yield rest + b"\n"


def _parse(piece: bytes, columns: Columns, fields: list[str]) -> tuple[Sequence[str], Floats, Integers] | None:
    """Base names, probabilities (clip, scene) and decisions."""
    scenes, codes = list(taxonomy().scenes), np.frombuffer(piece, dtype=np.uint8)
    lines, tabs = (np.count_nonzero(codes == ord(mark)) for mark in "\n\t")
    if tabs != (columns.number - 1) * lines or b"\0" in piece or b'"' in piece or _has_long_line(piece):
        return None
    types: dict[str, Any] = {"filename": object, "scene_label": "category", **dict.fromkeys(scenes, np.float64)}
    try:
        table = pd.read_csv(BytesIO(piece), sep="\t", header=None, names=fields, index_col=False, quoting=3,
                            dtype=types, na_filter=False, skip_blank_lines=False, encoding="utf-8", low_memory=False)
    except (ValueError, pd.errors.ParserError):  # UnicodeDecodeError is a ValueError
        return None
    try:
        names = basenames(table["filename"].tolist())
    except TypeError:  # a row that ends before this column has no text in it
        return None
    values = np.stack([table[scene].to_numpy() for scene in scenes])  # (scene, clip), which is reckoned with faster
    labels = table["scene_label"].cat
    decisions = pd.Index(scenes).get_indexer(pd.Index(labels.categories.astype(str)))[labels.codes].astype(np.int64)
    sound = (len(table) == lines and are_nameable(names)
             and (labels.codes >= 0).all() and (decisions >= 0).all()
             and (values <= 1 + SUM_TOLERANCE).all()
             and (np.abs(values.sum(axis=0) - 1) <= SUM_TOLERANCE - ROUNDING).all()
             and (values[decisions, np.arange(lines)] == values.max(axis=0)).all())
    return (names, values.T, decisions) if sound else None


def _has_long_line(piece: bytes) -> bool:
    """Whether a line may be longer than what the definition takes: somewhere half of that is without a line end."""
    half = ROW_BYTES // 2
    return any(piece.find(b"\n", start, start + half) < 0 for start in range(0, len(piece) - half, half))
