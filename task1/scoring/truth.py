"""The right answers, from whichever list holds them.

Accepted: an index of this tool (filename, scene, city, device, split: its test and evaluation rows count), TAU's own
fold1_evaluate.csv or meta.csv, or any list with the columns filename and scene_label (and perhaps source_label and
identifier). TAB or comma. What no column tells of city, location and device is read from names in TAU's grammar.
"""

import csv
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Integers, are_unique, basename, basenames
from task1.scoring.places import Texts, places

SCORED_SPLITS = ("test", "evaluation")
ROWS_AT_ONCE = 50_000
"""Rows that stay in the processor's caches while a list is read: on one core two thirds of the time of all at once."""


@dataclass(frozen=True, eq=False)
class Truth:
    """True scene (index), device, city and recording location of each clip, "" where nothing tells them."""

    filenames: tuple[str, ...]
    scenes: Integers
    devices: Texts
    cities: Texts
    locations: Texts
    """City and number (`lisbon-1000`): clips of one location are not independent of each other."""
    seen_devices: frozenset[str] = field(default_factory=lambda: frozenset(taxonomy().seen_devices))
    seen_cities: frozenset[str] = field(default_factory=lambda: frozenset(taxonomy().development_cities))
    """With training clips: of the list, if it holds training clips, else of the taxonomy."""

    def __len__(self) -> int:
        return len(self.filenames)


def read_truth(path: Path, without: Sequence[str] = ()) -> Truth:
    """The clips to be scored and their scenes; anything doubtful is refused with its row (the header is row 1).

    Clips named in `without` are left out.
    """
    table = _read(path)
    column = "scene" if "scene" in table else "scene_label"
    for needed in ("filename", column):
        if needed not in table:
            raise InputError(f"{path}, row 1: no column {needed}; found {', '.join(map(str, table.columns))}, expected "
                             "filename and scene_label, as in TAU's fold1_evaluate.csv")
    seen: dict[str, Any] = {}
    if "split" in table:
        training = table[table["split"] == "train"]
        seen = {f"seen_{kind}": frozenset(training[column]) for kind, column in
                (("devices", "device"), ("cities", "city")) if column in table and len(training)}
        table = table[table["split"].isin(SCORED_SPLITS)]
    if without:
        table = table[~table["filename"].map(basename).isin(set(map(basename, without)))]
    if table.empty:
        raise InputError(f"{path}: no clips to score; expected rows (of split {' or '.join(SCORED_SPLITS)}, if there "
                         "is such a column)")
    scenes = pd.Index(taxonomy().scenes).get_indexer(pd.Index(table[column]))
    if (scenes < 0).any():
        if not table[column].any():
            raise InputError(f"{path}: the clips have no scene labels, so nothing can be scored against this list")
        row = table.index[int((scenes < 0).argmax())]
        raise InputError(f"{path}, row {row + 2}: found scene {table[column][row]!r}, expected one of "
                         f"{', '.join(taxonomy().scenes)}")
    names = basenames(table["filename"].tolist())
    if not all(names):
        row = table.index[names.index("")] + 2
        raise InputError(f"{path}, row {row}: found no file name, expected one like '0.wav'")
    if not are_unique(names):
        place = int(pd.Index(names).duplicated().argmax())
        raise InputError(f"{path}, row {table.index[place] + 2}: file {names[place]} stands twice; keep one of them")
    return Truth(names, scenes.astype(np.int64), *places(table, names), **seen)


def _read(path: Path) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8") as stream:
            separator = "\t" if "\t" in stream.readline() else ","
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):  # rows longer than the header
            parts = pd.read_csv(path, sep=separator, dtype=object, keep_default_na=False, encoding="utf-8",
                                index_col=False, chunksize=ROWS_AT_ONCE)
            table = pd.concat(parts, ignore_index=True)
        return table.fillna("") if table.iloc[:, -1].hasnans else table  # rows shorter than the header
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a list of clips and their scenes") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
        _check_widths(path, separator)
        raise InputError(f"{path}: not a table ({str(error).strip()}); expected columns filename and scene_label, "
                         "separated by TAB or comma") from None


def _check_widths(path: Path, separator: str) -> None:
    """Name the first row that is longer than the header, as the quick parser does not always."""
    with suppress(csv.Error), path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter=separator)
        width = len(next(rows, []))
        for row in rows:
            if len(row) > width:
                raise InputError(f"{path}, row {rows.line_num}: found {len(row)} columns, expected {width} as in the "
                                 "header; leave out what is too much")
