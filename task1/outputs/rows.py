"""What an output table may hold, row by row: the one definition, and a sentence for whatever is not as it should be.

A table is read as a stream of bytes, a line at a time, so that one of any size, or a file that is no table at all,
needs little memory: a name and a number a row, to find what stands twice. The header is row 1. Taken as the organisers'
validator takes it: columns in any order, LF or CRLF, blank lines at the end, numbers as `float()` reads them.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from task1.config import taxonomy
from task1.errors import InputError

SUM_TOLERANCE = 0.01  # ten values printed with three decimals are off by at most 0.005
ROW_BYTES = 1 << 16
"""Longest row that is read: many times the longest name of a file system and twelve numbers of any sense."""
MARKS = {",": "commas", ";": "semicolons", "|": "bars", " ": "spaces"}

Kind = Literal["file", "encoding", "header", "columns", "name", "duplicate", "unknown", "missing", "probability", "sum",
               "label", "decision"]


@dataclass(frozen=True)
class Fault:
    """One thing wrong; `row` is None where it is about the whole table."""

    row: int | None
    kind: Kind
    message: str

    def at(self, where: object) -> str:
        """The sentence, with the table's name (and row) in front."""
        return f"{where}: {self.message}" if self.row is None else f"{where}, row {self.row}: {self.message}"


class Row(NamedTuple):
    name: str
    decision: int
    values: list[float]


class Columns(NamedTuple):
    """Where the columns stand, and how many there are."""

    number: int
    filename: int
    label: int
    scenes: tuple[int, ...]


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A table as bytes that can be read twice; what comes through a pipe is taken into memory."""
    try:
        with path.open("rb") as stream:
            yield stream if stream.seekable() else BytesIO(stream.read())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected an output table") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def basename(name: str) -> str:
    """The name that identifies a clip: no directories."""
    return name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]


def faults(stream: BinaryIO, clips: Collection[str] | None = None) -> Iterator[Fault]:
    """Everything wrong with a table, in the order of its rows; a header that cannot be understood ends the list.

    With `clips` (base names) also files that are not among them and, last, how many of them are missing.
    """
    return (found for found in examine(stream, clips) if isinstance(found, Fault))


def examine(stream: BinaryIO, clips: Collection[str] | None = None) -> Iterator[Row | Fault]:
    """Every row that is sound, and one fault or more for every other one, in order."""
    lines = _texts(stream)
    columns = yield from _header(lines)
    if columns is None:
        return
    seen: dict[str, int] = {}
    expected = None if clips is None else frozenset(clips)
    empty = True
    for row, line in lines:
        empty = False
        if isinstance(line, Fault):
            yield line
            continue
        fields = line.split("\t")
        wrong = list(row_faults(row, fields, columns))
        if len(fields) == columns.number and is_nameable(name := basename(fields[columns.filename])):
            if name in seen:
                wrong.insert(0, twice(row, name, seen[name]))
            elif expected is not None and name not in expected:
                wrong.insert(0, Fault(row, "unknown", f"file {name} is not in the list of clips; leave it out"))
            seen.setdefault(name, row)
        if wrong:
            yield from wrong
        else:
            yield read_row(fields, columns)
    if empty:
        yield Fault(None, "file", "a header and no rows; expected one row per clip")
    elif expected is not None and not expected <= seen.keys():
        missing = sorted(expected - seen.keys())
        yield Fault(None, "missing", f"{len(missing):,} of {len(expected):,} clips missing (first: "
                    f"{', '.join(missing[:3])}); predict all clips of the list")


def _texts(stream: BinaryIO) -> Iterator[tuple[int, str | Fault]]:
    """Row numbers and lines without their ends; blank lines at the end of the file are no lines."""
    row = blank = 0
    while line := stream.readline(ROW_BYTES):
        row += 1
        cut = len(line) == ROW_BYTES and not line.endswith(b"\n")
        while cut and (rest := stream.readline(ROW_BYTES)) and not rest.endswith(b"\n"):
            pass
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if not line.strip(b"\r"):
            blank += 1
            continue
        yield from ((number, "") for number in range(row - blank, row))
        blank = 0
        if cut:
            yield row, Fault(row, "columns", f"more than {ROW_BYTES:,} bytes without a line end; expected one row per "
                             "clip, each on its own line")
            continue
        try:
            yield row, line.decode("utf-8")
        except UnicodeDecodeError as error:
            yield row, Fault(row, "encoding", f"not UTF-8 text (byte {error.start + 1} of the row); save it as UTF-8")


def _header(lines: Iterator[tuple[int, str | Fault]]) -> Generator[Fault, None, Columns | None]:
    """The columns by the first line, unless it is beyond understanding."""
    line = next(lines, (1, Fault(None, "file", "empty; expected a header and one row per clip")))[1]
    if isinstance(line, str) and line.startswith("\ufeff"):
        yield Fault(None, "encoding", "begins with a byte-order mark, which the organisers' checker takes for a part "
                    "of the first column's name; save it as UTF-8 without one")
        line = line.removeprefix("\ufeff")
    columns = line if isinstance(line, Fault) else read_columns(line.split("\t"), line)
    if isinstance(columns, Columns):
        return columns
    yield columns
    return None


def read_columns(fields: Sequence[str], line: str) -> Columns | Fault:
    """Where the columns stand, by their names; `line` is what the fields were cut from."""
    scenes = taxonomy().scenes
    expected = ["filename", "scene_label", *scenes]
    layout = f"expected {' '.join(expected)} (separated by TABs)"

    def fault(message: str) -> Fault:
        return Fault(1, "header", message)

    if "\r" in line:
        return fault("lines end with CR alone, expected LF or CR LF; save it with the line ends of Unix")
    if '"' in line:
        return fault(f"quoted column names, {layout} without quotation marks")
    if len(fields) == 1:
        separator = next((name for mark, name in MARKS.items() if mark in line), "nothing")
        return fault(f"columns separated by {separator}, {layout}")
    if not set(fields) & set(expected[:2]):
        return fault(f"found {shown(fields[0])} where the header should be, {layout}; add the header row")
    for problem, names in (
        ("missing column", [name for name in expected if name not in fields]),
        ("unknown column", [name for name in fields if name not in expected]),
        ("column that stands twice:", sorted({name for name in fields if fields.count(name) > 1})),
    ):
        if names:
            more = f" and {len(names) - 12} more" if len(names) > 12 else ""
            return fault(f"{problem} {', '.join(map(shown, names[:12]))}{more}; {layout}")
    return Columns(len(fields), fields.index("filename"), fields.index("scene_label"), tuple(map(fields.index, scenes)))


def read_row(fields: Sequence[str], columns: Columns) -> Row:
    """The row of these fields, which have no fault."""
    return Row(basename(fields[columns.filename]), taxonomy().scenes.index(fields[columns.label]),
               [float(fields[place]) for place in columns.scenes])


def row_faults(row: int, fields: Sequence[str], columns: Columns) -> Iterator[Fault]:
    """What is wrong with one row by itself, at most one fault of each kind."""
    if len(fields) != columns.number:
        found = f"{len(fields)} columns" if any(fields) else "an empty row"
        yield Fault(row, "columns", f"found {found}, expected {columns.number} columns (separated by TABs)")
        return
    quoted = next((field for field in fields if field.startswith('"')), None)
    if quoted is not None:
        yield Fault(row, "columns", f"found {shown(quoted)}, expected fields without quotation marks")
        return
    scenes = taxonomy().scenes
    name, label = basename(fields[columns.filename]), fields[columns.label]
    if not is_nameable(name):
        yield Fault(row, "name", f"found file name {shown(name)}, expected one like '0.wav'")
    values = [probability(fields[place]) for place in columns.scenes]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        place = values.index(None)
        more = f" (and {len(values) - len(known) - 1} more)" if len(values) - len(known) > 1 else ""
        yield Fault(row, "probability", f"found {shown(fields[columns.scenes[place]])} for {scenes[place]}{more}, "
                    "expected a probability from 0 to 1")
    elif not abs(sum(known) - 1) <= SUM_TOLERANCE:
        yield Fault(row, "sum", f"probabilities of sum {sum(known):.6g}, expected 1 (within {SUM_TOLERANCE:g})")
    if label not in scenes:
        yield Fault(row, "label", f"found scene_label {shown(label)}, expected one of {', '.join(scenes)}")
    elif len(known) == len(values) and known[scenes.index(label)] != max(known):
        yield Fault(row, "decision", f"scene_label {label} has probability {known[scenes.index(label)]:.6g}, but "
                    f"{scenes[known.index(max(known))]} has {max(known):.6g}; expected the label of the largest "
                    "probability")


def twice(row: int, name: str, first: int) -> Fault:
    return Fault(row, "duplicate", f"file {name} stands in row {first} already; keep one of them")


def is_nameable(name: str) -> bool:
    return bool(name) and name.isprintable()


def probability(text: str) -> float | None:
    """The number, unless it is none, negative or not finite."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
