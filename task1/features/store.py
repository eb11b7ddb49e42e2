"""The feature store: log-mels of one data set under one set of parameters, read by file name.

A folder `work/features/<digest>/<dataset>/` with

    part-00000.h5 ...    `logmel` float16 (clips, mel, frame), contiguous, so that it is memory-mapped through its
                         offset; `filename`, fixed-length UTF-8; attributes `features` (JSON) and `dataset`
    part-00000.json ...  what the part was made from (task1/features/parts.py)
    store.json           written last: parameters, parts with clips, bytes and SHA-256, skipped files with reasons

Rows are found by file name, never by position in somebody's table. float16 keeps 11 significant bits: a stored value
is within 2^-11 (0.05 %) of the computed one, at most 0.008 for log-mels between -16 and 16, far below the differences
between microphones.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from task1.config import FeatureSettings, check
from task1.errors import InputError
from task1.files import digest, file_digest

Rows = npt.NDArray[np.float16]
Positions = npt.NDArray[np.intp]

STORE = "store.json"
ROWS_AT_ONCE = 256
REPAIR = "run the features stage again (`task1 features`), which computes what is missing or broken"


@dataclass(frozen=True)
class Part:
    """One entry of the part list in store.json."""

    name: str
    clips: int
    bytes: int
    sha256: str


def feature_digest(settings: FeatureSettings, dataset: str) -> str:
    """The name of the folder that holds the features of a data set under these settings."""
    return digest({"features": settings.model_dump(mode="json"), "dataset": dataset})


def left_out(folder: Path) -> dict[str, str]:
    """The recordings that the store in `folder` does without, by file name, and why."""
    return {row["filename"]: row["reason"] for row in _read_store(folder).get("skipped", [])}


class FeatureStore:
    """Read access. Opening checks that every part is there, whole in size and of these parameters; the content of a
    part is checked against its SHA-256 when it is first read."""

    def __init__(self, folder: Path, settings: FeatureSettings | None = None, repair: str = REPAIR) -> None:
        """`repair` ends the sentences about what is missing or broken: the command that makes this store."""
        self.folder = folder
        self._repair = repair
        content = _read_store(folder, repair)
        try:
            self.dataset: str = content["dataset"]
            self.settings = check(FeatureSettings, content["features"], str(folder / STORE))
            self.skipped: dict[str, str] = {row["filename"]: row["reason"] for row in content["skipped"]}
            self._parts = [Part(**part) for part in content["parts"]]
        except (KeyError, TypeError):
            raise InputError(f"{folder / STORE}: not the list of a feature store; {self._repair}") from None
        if settings is not None:
            self._refuse_other(settings)
        self._row_shape = self.settings.n_mels, self.settings.frames
        self._offsets: list[int] = []
        self.filenames: list[str] = []
        for part in self._parts:
            self._open(part)
        self._starts = np.cumsum([0, *(part.clips for part in self._parts)])
        self._maps: dict[int, Rows] = {}

    @property
    def shape(self) -> tuple[int, int, int]:
        """(clips, mel, frame)"""
        return len(self.filenames), *self._row_shape

    def rows(self, filenames: Sequence[str]) -> Positions:
        """Position of each file name, in the order given."""
        missing = [name for name in filenames if name not in self._position]
        if missing:
            skipped = sum(name in self.skipped for name in missing)
            why = f" ({skipped} of them were left out as unusable, see {STORE})" if skipped else ""
            named = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
            raise InputError(f"{self.folder}: {len(missing)} of {len(filenames)} clips are not in this feature store"
                             f"{why}: {named}; {self._repair}")
        return np.fromiter((self._position[name] for name in filenames), np.intp, len(filenames))

    def read(self, positions: npt.ArrayLike) -> Rows:
        """Log-mels `(len(positions), mel, frame)`; read in the order of the disk, returned in the order asked for."""
        wanted = np.asarray(positions, np.intp)
        if wanted.size and not 0 <= wanted.min() <= wanted.max() < self.shape[0]:
            raise IndexError(f"positions 0 .. {self.shape[0] - 1} expected, not {wanted.min()} .. {wanted.max()}")
        result = np.empty((len(wanted), *self._row_shape), np.float16)
        order = np.argsort(wanted, kind="stable")
        bounds = np.searchsorted(wanted[order], self._starts)
        for number, (first, last) in enumerate(pairwise(bounds)):
            for begin in range(first, last, ROWS_AT_ONCE):
                chosen = order[begin:min(begin + ROWS_AT_ONCE, last)]
                result[chosen] = self._map(number)[wanted[chosen] - self._starts[number]]
        return result

    def parts(self) -> Iterator[tuple[list[str], Rows]]:
        """File names and memory-mapped log-mels of part after part."""
        for number, part in enumerate(self._parts):
            start = int(self._starts[number])
            yield self.filenames[start:start + part.clips], self._map(number)

    @cached_property
    def _position(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.filenames)}

    def _refuse_other(self, settings: FeatureSettings) -> None:
        found, expected = self.settings.model_dump(mode="json"), settings.model_dump(mode="json")
        other = [f"{key}: found {found[key]}, expected {value}" for key, value in expected.items()
                 if found[key] != value]
        if other:
            raise InputError(f"{self.folder / STORE}: features of other parameters ({'; '.join(other)}); "
                             f"{self._repair}")

    def _open(self, part: Part) -> None:
        """Note where the part's rows lie, after checking all that can be checked without reading them."""
        path = self.folder / part.name
        if not path.is_file():
            raise InputError(f"{path}: no such file, but {STORE} lists it; {self._repair}")
        if path.stat().st_size != part.bytes:
            raise InputError(f"{path}: found {path.stat().st_size} bytes, expected {part.bytes} (a truncated or "
                             f"exchanged part); {self._repair}")
        try:
            with h5py.File(path, "r") as file:
                logmel = file["logmel"]
                offset = logmel.id.get_offset()
                names = [name.decode() for name in file["filename"][:]]
                sound = (logmel.shape == (part.clips, *self._row_shape) and logmel.dtype == np.dtype("<f2")
                         and offset is not None and len(names) == part.clips)
                made_of = json.loads(file.attrs["features"]), file.attrs["dataset"]
        except (OSError, KeyError, ValueError, AttributeError, RuntimeError) as error:
            raise InputError(f"{path}: not a readable part ({_first_line(error)}); {self._repair}") from None
        if not sound:
            raise InputError(f"{path}: its rows are not {part.clips} contiguous float16 log-mels of "
                             f"{' x '.join(map(str, self._row_shape))}; {self._repair}")
        if made_of != (self.settings.model_dump(mode="json"), self.dataset):
            raise InputError(f"{path}: its parameters are not those of {STORE} beside it; {self._repair}")
        self._offsets.append(offset)
        self.filenames += names

    def _map(self, number: int) -> Rows:
        """The rows of a part, memory-mapped; its content is checked the first time."""
        if number not in self._maps:
            part = self._parts[number]
            path = self.folder / part.name
            if file_digest(path) != part.sha256:
                raise InputError(f"{path}: not the content that was written (SHA-256 differs from {STORE}); "
                                 f"{self._repair}")
            self._maps[number] = np.memmap(path, "<f2", "r", self._offsets[number], (part.clips, *self._row_shape))
        return self._maps[number]


def _read_store(folder: Path, repair: str = REPAIR) -> dict[str, Any]:
    path = folder / STORE
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file, so these features are not complete; {repair}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({_first_line(error)}); {repair}") from None
    return content if isinstance(content, dict) else {}


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
