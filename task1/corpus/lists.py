"""Reading lists: TAB-separated text with a header line, as TAU's meta.csv and evaluation_setup/fold1_*.csv.

In: the path and the columns wanted, which are found by name. Out: a frame of strings whose index is the line number in
the file, so that later checks can name the line. Accepted besides the originals' form: CRLF, a byte order mark, blank
lines at the end, further columns. Every file name may stand in a list once.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from task1.corpus.names import shown
from task1.errors import InputError

FIRST_LINE = 2  # the first row below the header, as editors count


def read_list(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> pd.DataFrame:
    """The columns `needed`, `filename` among them, and those of `optional` that are there, in this order."""
    lines = _lines(path)
    header = lines[0].split("\t")
    _check_header(path, header, needed)
    _check_widths(path, lines, len(header))
    cells = "\t".join(lines[1:]).split("\t")
    columns = {name: cells[header.index(name)::len(header)] for name in (*needed, *optional) if name in header}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(FIRST_LINE, FIRST_LINE + len(lines) - 1, name="line"))
    names = frame["filename"]
    if not names.is_unique:
        line = names.index[names.duplicated()][0]
        raise InputError(f"{path}, line {line}: found {shown(names[line])}, which stands in line "
                         f"{names.index[names == names[line]][0]} already, expected it once; remove one of them")
    return frame


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a list of TAB-separated columns; is the data set unpacked "
                         "there?") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: found byte {content[error.start]:#04x}, which is not UTF-8; save the "
                         "list as UTF-8") from None
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if not lines[0].strip():
        what = "an empty file" if not text.strip() else "an empty first line"
        raise InputError(f"{path}, line 1: found {what}, expected a header line with the names of the columns")
    if len(lines) == 1:
        raise InputError(f"{path}: found a header and no rows, expected one row a clip")
    return lines


def _check_header(path: Path, header: list[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in header]
    if missing:
        for separator, name in ((",", "commas"), (";", "semicolons")):
            if len(header) == 1 and set(needed) <= set(header[0].split(separator)):
                raise InputError(f"{path}, line 1: found columns separated by {name}, expected TABs; use the list of "
                                 "the data set as it is")
        raise InputError(f"{path}, line 1: found columns {shown(', '.join(header))}, expected {', '.join(needed)} "
                         f"(separated by TABs); missing: {', '.join(missing)}")
    twice = [name for name in needed if header.count(name) > 1]
    if twice:
        raise InputError(f"{path}, line 1: found column {twice[0]} {header.count(twice[0])} times, expected it once")


def _check_widths(path: Path, lines: list[str], width: int) -> None:
    for line, text in enumerate(lines, start=1):
        if text.count("\t") != width - 1 or not text:
            columns = f"{text.count(chr(9)) + 1} columns" if text else "an empty line"
            separated = " (separated by commas)" if "," in text and "\t" not in text else ""
            raise InputError(f"{path}, line {line}: found {columns}{separated}, expected {width} "
                             "(separated by TABs)")
