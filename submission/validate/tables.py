"""One output table of a package, row by row, whatever is in it.

Input: the bytes, and the clips that the table has to hold. Output: findings with the row (the header is row 1).
The official validator reads columns by their header and checks no probability beyond that it is a number.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from submission.validate.findings import Finding, shown
from task1.config import Edition, taxonomy
from task1.errors import InputError
from task1.outputs import SUM_TOLERANCE, basename

ROUNDING = 1e-6
"""What a probability may be above 1 when it comes from single precision."""


@dataclass(frozen=True)
class Columns:
    """Where things stand in a row."""

    count: int
    name: int
    label: int
    scenes: tuple[int, ...]


def numbered(rows: int) -> list[str]:
    """The names of an evaluation set: 0.wav, 1.wav ..."""
    return [f"{number}.wav" for number in range(rows)]


def read_clips(path: Path) -> list[str]:
    """Base names from an evaluation list: one a line, or the first column of a table with a column `filename`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a list of clips "
                         f"({getattr(error, 'strerror', None) or 'not UTF-8 text'})") from None
    names = [line.replace("\t", ",").split(",")[0].strip() for line in lines if line.strip()]
    if names and names[0] == "filename":
        names = names[1:]
    if not names:
        raise InputError(f"{path}: found no clip, expected one file name a line, as in evaluation_setup/fold1_test.csv")
    return list(dict.fromkeys(map(basename, names)))


def check_table(content: bytes, file: str, clips: Collection[str], rules: Edition) -> Iterator[Finding]:
    """Findings about one table."""
    header, *rows = content.rstrip(b"\r\n").split(b"\n")
    official = [*rules.output_columns, *taxonomy().scenes]
    columns = _columns(header, official)
    if columns is None:
        yield Finding("error", file, "row 1", f"columns {shown(header.decode('utf-8', 'replace'))}",
                      f"{' '.join(official)} with TABs between them")
        return
    if (columns.name, columns.label, *columns.scenes) != tuple(range(columns.count)):
        yield Finding("warning", file, "row 1", "the columns in another order", " ".join(official))
    expected, seen = frozenset(clips), dict[str, int]()
    for row, line in enumerate(rows, start=2):
        at = f"row {row}"
        try:
            fields = line.removesuffix(b"\r").decode("utf-8").split("\t")
        except UnicodeDecodeError as error:
            yield Finding("error", file, at, f"byte {error.start} that is no UTF-8", "UTF-8 text")
            continue
        if len(fields) != columns.count:
            yield Finding("error", file, at, f"{len(fields)} fields", f"{columns.count}, with TABs between them")
            continue
        name = basename(fields[columns.name])
        if name in seen:
            yield Finding("error", file, at, f"file {shown(name)} again, after row {seen[name]:,}", "every clip once")
        elif name not in expected:
            yield Finding("error", file, at, f"file {shown(name)}", "a clip of the evaluation set")
        seen.setdefault(name, row)
        yield from _check_decision(file, at, fields[columns.label], [fields[place] for place in columns.scenes])
    missing = len(expected - seen.keys())
    if missing:
        first = next(name for name in clips if name not in seen)
        yield Finding("error", file, "", f"{len(expected) - missing:,} of the clips (first missing: {shown(first)})",
                      f"all {len(expected):,}")


def _columns(header: bytes, official: list[str]) -> Columns | None:
    names = header.removesuffix(b"\r").decode("utf-8", "replace").split("\t")
    if sorted(names) != sorted(official):
        return None
    name, label, *scenes = (names.index(column) for column in official)
    return Columns(len(names), name, label, tuple(scenes))


def _check_decision(file: str, at: str, label: str, texts: list[str]) -> Iterator[Finding]:
    scenes = taxonomy().scenes
    if label not in scenes:
        yield Finding("error", file, at, f"scene_label {shown(label)}", "one of the ten scenes")
    values = []
    for scene, text in zip(scenes, texts, strict=True):
        try:
            values.append(float(text))
        except ValueError:
            yield Finding("error", file, at, f"{shown(text)} for {scene}", "a number")
            return
        if not (math.isfinite(values[-1]) and 0 <= values[-1] <= 1 + ROUNDING):
            yield Finding("error", file, at, f"{shown(text)} for {scene}", "a probability from 0 to 1")
            return
    if abs(sum(values) - 1) > SUM_TOLERANCE:
        yield Finding("error", file, at, f"probabilities of sum {sum(values):.4g}", f"1 (within {SUM_TOLERANCE:g})")
    elif label in scenes and values[scenes.index(label)] < max(values):
        best = scenes[values.index(max(values))]
        yield Finding("error", file, at, f"{label} decided, but {best} more probable",
                      "the scene of the largest probability")
