"""Seals: what the pipeline's files were like when they were made, so that what happens to them later is noticed.

In: the jobs of a workflow as they begin and end. Out: `<work>/.made.json`, one seal a declared output, by its path
below the work folder. A seal is dropped when a job that makes the file begins and set when the job has ended, so a
killed run leaves no wrong one; a file without a seal is taken as it is.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from task1.files import digest, file_digest, write_json

SEALS = ".made.json"


@dataclass(frozen=True)
class Seal:
    """Who made a file, and its size, time of change and content then; of a folder names and contents below it."""

    rule: str
    wildcards: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    mtime_ns: int | None = None
    sha256: str | None = None

    def broken(self, path: Path, deep: bool = False) -> bool:
        """Whether `path`, which is there, is not what was sealed; `deep` reads it though size and time are the same."""
        if self.sha256 is None:
            return False
        if path.is_dir():
            return _content(path) != self.sha256
        status = path.stat()
        if not deep and (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns):
            return False
        return status.st_size != self.size or file_digest(path) != self.sha256


class Seals:
    """The seals of a work folder."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self._seals = _read(work / SEALS)

    def __iter__(self) -> Iterator[tuple[Path, Seal]]:
        """Path and seal of everything sealed, in the order of the paths."""
        yield from ((self.work / name, seal) for name, seal in sorted(self._seals.items()))

    def drop(self, outputs: Iterable[str]) -> None:
        """A job that makes these files (relative to the work folder) begins."""
        known = [name for name in outputs if self._seals.pop(name, None)]
        if known:
            self._write()

    def set(self, rule: str, wildcards: Mapping[str, str], outputs: Iterable[str]) -> None:
        """The job has ended, and these files are as they should be."""
        for name in outputs:
            path = self.work / name
            if path.is_file():
                status = path.stat()
                self._seals[name] = Seal(rule, dict(wildcards), status.st_size, status.st_mtime_ns, file_digest(path))
            elif path.is_dir():
                self._seals[name] = Seal(rule, dict(wildcards), sha256=_content(path))
        self._write()

    def changed(self, outputs: Iterable[str]) -> list[Path]:
        """Which of these files (relative to the work folder) are there and not as they were made."""
        sealed = ((self.work / name, self._seals[name]) for name in outputs if name in self._seals)
        return [path for path, seal in sealed if path.exists() and seal.broken(path)]

    def _write(self) -> None:
        """On a full disk no seals are better than old ones."""
        try:
            write_json(self.work / SEALS, {name: asdict(seal) for name, seal in self._seals.items()})
        except OSError:
            with suppress(OSError):
                (self.work / SEALS).unlink(missing_ok=True)


def _content(folder: Path) -> str:
    return digest({str(path.relative_to(folder)): file_digest(path) for path in folder.rglob("*") if path.is_file()},
                  length=64)


def _read(path: Path) -> dict[str, Seal]:
    """What cannot be read seals nothing: the files are then taken as they are, as if they had never been sealed."""
    try:
        return {str(name): Seal(**seal) for name, seal in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
