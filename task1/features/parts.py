"""One part of a feature store: computed from its recordings, or taken as it is if nothing behind it has changed.

A part and its side file stand for each other. The side file is written after the part and holds the part's SHA-256 and
a key: the digest of the parameters, the code that computes log-mels, and name, size and time of change of every
recording. The part itself holds no times: the same recordings give the same bytes, whoever computed them and when.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from task1.config import FeatureSettings
from task1.errors import InputError
from task1.features.audio import Samples, read_clip
from task1.features.logmel import LogMel, stored
from task1.features.store import STORE, Part, Rows
from task1.features.writer import part_path, write_part
from task1.files import digest, file_digest, write_json
from task1.workflow.code import code_digest

CLIPS_AT_ONCE = 32
EXPONENT = np.uint16(0x7C00)
"""The bits of a float16's exponent."""
DEFINITION = ("task1.features.audio", "task1.features.logmel")

Tick = Callable[[int], object]


@dataclass(frozen=True)
class Skipped:
    filename: str
    reason: str


@dataclass(frozen=True)
class PartJob:
    """What a part is made from."""

    folder: Path
    number: int
    root: Path
    filenames: tuple[str, ...]
    settings: FeatureSettings
    dataset: str
    skip_bad: bool

    @property
    def path(self) -> Path:
        return part_path(self.folder, self.number)

    @property
    def side_file(self) -> Path:
        return self.path.with_suffix(".json")

    def wave(self, name: str) -> Samples:
        """The samples of one of the clips; InputError says why it has none that can be used."""
        return read_clip(self.root / name, self.settings)

    def origin(self) -> dict[str, Any]:
        """What decides the content besides parameters and data set; JSON-like."""
        return {"code": code_digest(*DEFINITION),
                "recordings": [[name, *stamp(self.root / name)] for name in self.filenames]}


@dataclass(frozen=True)
class Outcome:
    """`part` is None where unusable recordings forbid it, or none is left."""

    number: int
    computed: bool
    part: Part | None
    skipped: tuple[Skipped, ...]


class _Unusable(Exception):
    """Leaves the writing of a part, which must not be completed with rows missing."""

    def __init__(self, skipped: list[Skipped]) -> None:
        self.skipped = tuple(skipped)


def make_part(job: PartJob, tick: Tick) -> Outcome:
    """The part as it stands if it is still right, else computed; `tick` is told of clips that are done.

    Without `skip_bad` a part with unusable recordings is not written. The outcome names them in any case.
    """
    key = _key(job)
    standing = _standing(job, key)
    if standing is not None:
        tick(len(job.filenames))
        return standing
    try:
        return _compute(job, key, tick)
    except OSError as error:
        raise InputError(f"{job.path}: cannot be written ({error.strerror or error}); finished parts are kept, make "
                         "room and run the same command again") from None


def _compute(job: PartJob, key: str, tick: Tick) -> Outcome:
    (job.folder / STORE).unlink(missing_ok=True)  # it must not vouch for parts that are being replaced
    try:
        return _finish(job, key, _write(job, job.filenames, tick), ())
    except _Unusable as found:
        if not job.skip_bad:
            return Outcome(job.number, True, None, found.skipped)
        bad = {skip.filename for skip in found.skipped}
        usable = [name for name in job.filenames if name not in bad]
        part = _write(job, usable, lambda clips: None) if usable else None
        return _finish(job, key, part, found.skipped)


def _key(job: PartJob) -> str:
    return digest({"features": job.settings.model_dump(mode="json"), "dataset": job.dataset,
                   **job.origin()}, length=64)


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a recording, -1 of one that cannot be found."""
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _standing(job: PartJob, key: str) -> Outcome | None:
    """The finished part, if its recordings and its own bytes are what the side file says."""
    try:
        side = json.loads(job.side_file.read_bytes())
        skipped = tuple(Skipped(**skip) for skip in side["skipped"])
        part = Part(**side["part"]) if side["part"] else None
        if side["key"] != key:
            return None
        if part and (job.path.stat().st_size != part.bytes or file_digest(job.path) != part.sha256):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Outcome(job.number, False, part, skipped)


def _finish(job: PartJob, key: str, part: Part | None, skipped: tuple[Skipped, ...]) -> Outcome:
    write_json(job.side_file, {"key": key, "part": asdict(part) if part else None,
                               "skipped": [asdict(skip) for skip in skipped]})
    return Outcome(job.number, True, part, skipped)


def _write(job: PartJob, filenames: Sequence[str], tick: Tick) -> Part:
    """Compute and write the rows of these files, or raise `_Unusable` with all that are not."""
    return write_part(job.path, job.settings, job.dataset, filenames, _blocks(job, filenames, tick))


def _blocks(job: PartJob, filenames: Sequence[str], tick: Tick) -> Iterator[Rows]:
    """Log-mels (clip, mel, frame) as they are stored, so many clips at once."""
    logmel = LogMel(job.settings)
    unusable: list[Skipped] = []
    for start in range(0, len(filenames), CLIPS_AT_ONCE):
        names = filenames[start:start + CLIPS_AT_ONCE]
        rows = np.empty((len(names), job.settings.n_mels, job.settings.frames), np.float16)
        for name, row in zip(names, rows, strict=True):
            try:
                row[:] = _row(job, name, logmel)
            except InputError as error:
                unusable.append(Skipped(name, str(error).removeprefix(f"{job.root / name}: ")))
        if not unusable:
            yield rows
        tick(len(names))
    if unusable:
        raise _Unusable(unusable)


def _row(job: PartJob, name: str, logmel: LogMel) -> Rows:
    """A clip from its file to its log-mel (mel, frame), all of it while it is in the processor's cache."""
    with np.errstate(over="ignore", invalid="ignore"):
        row = stored(logmel(job.wave(name)))
    if (row.view(np.uint16) & EXPONENT == EXPONENT).any():  # infinite or NaN; NumPy's isfinite is slow for float16
        raise InputError("found samples far outside -1 .. 1, expected a log-mel that is finite")
    return row
