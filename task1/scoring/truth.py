"""The right answers, from whichever list holds them.

Accepted: an index of this tool (filename, scene, city, device, split: its test and evaluation rows count), TAU's own
fold1_evaluate.csv or meta.csv, or any list with the columns filename and scene_label (and perhaps source_label and
identifier). TAB or comma. What no column tells of city and device is read from names in TAU's grammar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Integers, basename

SCORED_SPLITS = ("test", "evaluation")
UNKNOWN = ""


@dataclass(frozen=True, eq=False)
class Truth:
    """True scene (index), device and city of each clip; device and city are "" where nothing tells them."""

    filenames: tuple[str, ...]
    scenes: Integers
    devices: npt.NDArray[np.object_]
    cities: npt.NDArray[np.object_]

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
    if "split" in table:
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
    names = [basename(name) for name in table["filename"]]
    doubled = pd.Index(names).duplicated()
    if doubled.any():
        place = int(doubled.argmax())
        raise InputError(f"{path}, row {table.index[place] + 2}: file {names[place]} stands twice; keep one of them")
    devices, cities = _places(table, names)
    return Truth(tuple(names), scenes.astype(np.int64), devices, cities)


def _read(path: Path) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8") as stream:
            separator = "\t" if "\t" in stream.readline() else ","
        return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8", index_col=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a list of clips and their scenes") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: not a table ({str(error).strip()}); expected columns filename and scene_label, "
                         "separated by TAB or comma") from None


def _places(table: pd.DataFrame, names: Sequence[str]) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Devices and cities: from columns, else from names `scene-city-location-segment[-subsegment]-device.wav`."""
    parts = [name.removesuffix(".wav").split("-") for name in names]
    told = [part if len(part) in (5, 6) and part[0] in taxonomy().scenes else [UNKNOWN] * 5 for part in parts]
    devices: Sequence[str] = [part[-1] for part in told]
    cities: Sequence[str] = [part[1] for part in told]
    for column in ("device", "source_label"):
        if column in table:
            devices = table[column].tolist()
    if "city" in table:
        cities = table["city"].tolist()
    elif "identifier" in table:
        cities = [identifier.rsplit("-", 1)[0] for identifier in table["identifier"]]
    return np.array(devices, dtype=object), np.array(cities, dtype=object)
