"""Reading a table that is not quite as it should be: what can be repaired without guessing is, and each repair is told.

Repaired are: other text encodings and byte-order marks; lines that end with CR alone; commas, semicolons, bars or
spaces for TABs; decimal commas; quotation marks; blank rows and blanks around fields; a missing header (the official
order is assumed), further columns, names of columns and scenes in capitals or with other joints (`Metro station`); rows
whose probabilities are of another sum (they are scaled to 1); rows that repeat another one. A label that is not the
scene of the largest probability stays the decision, because the organisers score the label, and the probabilities stay.
Refused, as by the strict reader, is all else: numbers that are none, negative or not finite, rows of sum 0, unknown
labels, missing columns, two different rows for one file.
"""

import csv
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs.read import read_outputs
from task1.outputs.rows import (
    MARKS,
    ROW_BYTES,
    Columns,
    Fault,
    Row,
    opened,
    probability,
    read_columns,
    read_row,
    row_faults,
    shown,
)
from task1.outputs.tables import Outputs

SEPARATORS = {"\t": "TABs", **MARKS}
ENCODINGS = {BOM_UTF8: ("utf-8-sig", "begins with a byte-order mark: left out"),
             BOM_UTF32_LE: ("utf-32", "UTF-32 text: decoded"), BOM_UTF32_BE: ("utf-32", "UTF-32 text: decoded"),
             BOM_UTF16_LE: ("utf-16", "UTF-16 text: decoded"), BOM_UTF16_BE: ("utf-16", "UTF-16 text: decoded")}
"""By the first bytes; UTF-32 before UTF-16, whose mark it begins with."""


@dataclass(frozen=True)
class Repair:
    """One kind of repair and the rows it was made in; none if it is about the whole table."""

    what: str
    rows: tuple[int, ...] = ()

    def at(self, where: object) -> str:
        """The sentence, with the table's name in front."""
        first = ", ".join(map(str, self.rows[:3]))
        more = f" and {len(self.rows) - 3:,} more" if len(self.rows) > 3 else ""
        rows = f", row{'s' * (len(self.rows) > 1)} {first}{more}" if self.rows else ""
        return f"{where}{rows}: {self.what}"


def read_repaired(path: Path) -> tuple[Outputs, list[Repair]]:
    """The table and what was repaired in it: nothing, if the strict reader takes it."""
    try:
        return read_outputs(path), []
    except InputError:
        with opened(path) as stream:
            repairer = _Repairer(path)
            outputs = repairer.outputs(stream.read())
        return outputs, [Repair(what, tuple(rows)) for what, rows in repairer.made.items()]


class _Repairer:
    """One table on its way from bytes to `Outputs`; `made` are the repairs and their rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made: dict[str, list[int]] = {}
        self.separator = "\t"

    def outputs(self, data: bytes) -> Outputs:
        rows = self._texts(self._decoded(data))
        number, first = next(rows, (1, ""))
        if not first:
            raise self._refusal(Fault(None, "file", "empty; expected a header and one row per clip"))
        fields = self._header_fields(number, first)
        columns = self._columns(fields)
        lines = rows
        if columns is None:
            scenes = len(taxonomy().scenes)
            columns = Columns(scenes + 2, 0, 1, tuple(range(2, scenes + 2)))
            lines = chain([(number, first)], rows)
        places: dict[str, int] = {}
        read: list[Row] = []
        for number, line in lines:
            row = self._row(number, line, columns)
            if row.name not in places:
                places[row.name] = len(read)
                read.append(row)
            elif read[places[row.name]] == row:
                self._note("repeats another row: left out", number)
            else:
                raise self._refusal(Fault(number, "duplicate", f"file {row.name} stands in another row already, with "
                                          "another label or probabilities; keep one of them"))
        if not read:
            raise self._refusal(Fault(None, "file", "a header and no rows; expected one row per clip"))
        names, decisions, values = zip(*read, strict=True)
        return Outputs(names, np.array(values), np.array(decisions, dtype=np.int64))

    def _note(self, what: str, row: int | None = None) -> None:
        rows = self.made.setdefault(what, [])
        if row is not None and rows[-1:] != [row]:
            rows.append(row)

    def _refusal(self, fault: Fault) -> InputError:
        return InputError(fault.at(self.path))

    def _decoded(self, data: bytes) -> str:
        for mark, (encoding, what) in ENCODINGS.items():
            if data.startswith(mark):
                try:
                    text = data.decode(encoding)
                except UnicodeDecodeError as error:
                    raise self._refusal(Fault(None, "encoding", f"begins as {encoding} text, but byte {error.start} is "
                                              "none; save it as UTF-8")) from None
                self._note(what)
                return text
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            self._note("not UTF-8 text: read as Latin-1")
            return data.decode("latin-1")

    def _texts(self, text: str) -> Iterator[tuple[int, str]]:
        """Row numbers and lines, without blank ones."""
        text = text.replace("\r\n", "\n")
        if "\n" not in text.rstrip("\n") and "\r" in text:
            self._note("lines end with CR alone: read as line ends")
            text = text.replace("\r", "\n")
        for row, line in enumerate(text.rstrip("\r\n").split("\n"), start=1):
            if len(line) > ROW_BYTES:
                raise self._refusal(Fault(row, "columns", f"more than {ROW_BYTES:,} characters without a line end; "
                                          "expected one row per clip, each on its own line"))
            if line.strip():
                yield row, line
            else:
                self._note("blank: left out", row)

    def _header_fields(self, row: int, line: str) -> list[str]:
        """Fields of the first line by the first separator that gives as many as there are columns."""
        for separator in SEPARATORS:
            self.separator = separator
            if len(line.split(separator if separator != " " else None)) >= len(_expected()):
                break
        else:
            self.separator = "\t"
        if self.separator != "\t":
            self._note(f"columns separated by {SEPARATORS[self.separator]}: read as columns")
        return self._fields(row, line)

    def _columns(self, fields: list[str]) -> Columns | None:
        """Where the columns stand; None if the first line is a row already."""
        expected = _expected()
        spelled = [_spelled(name, expected) for name in fields]
        numbers = [probability(_with_point(field, self.separator)) for field in fields[2:]]
        if len(fields) == len(expected) and not set(spelled) & set(expected[:2]) and None not in numbers:
            self._note("no header: the official order of columns is assumed")
            return None
        if spelled != fields:
            self._note("names of columns in another spelling: read as the official ones")
        further = [name for name in spelled if name not in expected]
        known = [name for name in spelled if name in expected]
        checked = read_columns(known if len(known) > 1 else fields, self.separator.join(fields))
        if isinstance(checked, Fault):
            raise self._refusal(checked)
        if further:
            self._note(f"further columns {', '.join(map(shown, further[:3]))}"
                       f"{f' and {len(further) - 3} more' * (len(further) > 3)}: left out")
        return Columns(len(fields), spelled.index("filename"), spelled.index("scene_label"),
                       tuple(map(spelled.index, taxonomy().scenes)))

    def _fields(self, row: int, line: str) -> list[str]:
        blank = self.separator == " "
        fields = line.split(None if blank else self.separator)
        if '"' in line:
            try:
                fields = next(csv.reader([line], delimiter=self.separator, strict=True, skipinitialspace=True))
            except (csv.Error, StopIteration) as error:
                raise self._refusal(Fault(row, "columns", f"quotation marks that do not pair ({error}); expected "
                                          "fields without them")) from None
            self._note("fields in quotation marks: read without", row)
        stripped = [field.strip() for field in fields]
        if stripped != fields:
            self._note("blanks around fields: left out", row)
        return stripped

    def _row(self, number: int, line: str, columns: Columns) -> Row:
        fields = self._fields(number, line)
        if len(fields) == columns.number:
            self._respell(number, fields, columns)
        faults = {fault.kind: fault for fault in row_faults(number, fields, columns)}
        for kind, fault in faults.items():
            if kind not in ("sum", "decision"):
                raise self._refusal(fault)
        row = read_row(fields, columns)
        if "decision" in faults:
            self._note("the label is not the scene of the largest probability: it stays the decision", number)
        if "sum" in faults:
            total = sum(row.values)
            if not 0 < total < float("inf"):
                raise self._refusal(faults["sum"])
            self._note("probabilities of another sum than 1: scaled to it", number)
            row = row._replace(values=[value / total for value in row.values])
        return row

    def _respell(self, number: int, fields: list[str], columns: Columns) -> None:
        """Decimal commas and scenes in another spelling, in place."""
        label = _spelled(fields[columns.label], taxonomy().scenes)
        if label != fields[columns.label]:
            self._note("scene_label in another spelling: read as the official one", number)
            fields[columns.label] = label
        for place in columns.scenes:
            text = _with_point(fields[place], self.separator)
            if text != fields[place]:
                self._note("decimal commas: read as points", number)
                fields[place] = text


def _expected() -> list[str]:
    return ["filename", "scene_label", *taxonomy().scenes]


def _spelled(name: str, known: Sequence[str]) -> str:
    """The known name that this one differs from by capitals and joints only, or itself."""
    plain = name.lower().replace(" ", "_").replace("-", "_")
    return plain if plain in known else name


def _with_point(text: str, separator: str) -> str:
    return text.replace(",", ".") if separator != "," and text.count(",") == 1 and "." not in text else text
