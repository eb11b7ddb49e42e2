"""Write access to a feature store: one part from the log-mels of its clips, and the list of parts, which comes last.

Layout and reading: task1/features/store.py. The same rows give the same bytes, whoever wrote them and when.
"""

import errno
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from task1.config import FeatureSettings
from task1.features.store import STORE, Part, Rows
from task1.files import atomic_path, file_digest, write_json

VALUE = np.dtype("<f2")


def part_path(folder: Path, number: int) -> Path:
    return folder / f"part-{number:05d}.h5"


def write_part(path: Path, settings: FeatureSettings, dataset: str, filenames: Sequence[str],
               blocks: Iterable[Rows]) -> Part:
    """Write a part, whole or not at all; `blocks` (clips, mel, frame) hold the rows in the order of the names."""
    encoded = [name.encode() for name in filenames]
    text = h5py.string_dtype("utf-8", max(map(len, encoded)))
    with atomic_path(path) as temporary:
        _require_room(path, len(filenames) * settings.n_mels * settings.frames * VALUE.itemsize)
        with _plain_errors(path), h5py.File(temporary, "w") as file:
            file.attrs["features"] = json.dumps(settings.model_dump(mode="json"), sort_keys=True)
            file.attrs["dataset"] = dataset
            file.create_dataset("filename", data=np.array(encoded, text), track_times=False)
            rows = file.create_dataset("logmel", (len(filenames), settings.n_mels, settings.frames), VALUE,
                                       track_times=False)
            done = 0
            for block in blocks:
                rows[done:done + len(block)] = block
                done += len(block)
        if done != len(filenames):
            raise ValueError(f"{len(filenames)} rows expected, not {done}")
        return Part(path.name, len(filenames), temporary.stat().st_size, file_digest(temporary))


def _require_room(path: Path, size: int) -> None:
    """A disk that is too full for the values; when it turns out in the middle, HDF5 makes much noise of it."""
    if shutil.disk_usage(path.parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """HDF5 hides what the system said, such as that the disk is full, in a text of several lines."""
    try:
        yield
    except OSError as error:
        said = re.search(r"errno = (\d+)", str(error))
        if said is None:
            raise
        number = int(said[1])
        raise OSError(number, os.strerror(number), str(path)) from None


def write_store(folder: Path, settings: FeatureSettings, dataset: str, parts: Sequence[Part],
                skipped: Sequence[dict[str, str]], numbers: Iterable[int], **more: Any) -> None:
    """Write store.json, which makes the store complete, and clear away what belongs to no part of `numbers`."""
    write_json(folder / STORE, {"dataset": dataset, "features": settings.model_dump(mode="json"),
                                "parts": [asdict(part) for part in parts], "skipped": list(skipped), **more})
    kept = {part_path(folder, number).stem for number in numbers}
    for path in folder.glob("part-*"):
        if path.stem not in kept:
            path.unlink()
    for pattern in (".part-*", "share-*"):  # left by killed runs, and by jobs that computed a share of the parts each
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
