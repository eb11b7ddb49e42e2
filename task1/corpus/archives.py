"""What of a data set is missing, where it comes from, and whether there is room for it.

A folder's record of its archives lies in `<corpora>/<root_dir>`: `.downloading.json` while archives are missing,
`.downloaded.json` (the marker) once all are unpacked. It holds, for each archive, its md5, the modification time of the
file that this tool fetched (only that very file is ever removed), and whether it is unpacked.
"""

import json
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from task1.config.facts import Archive, Dataset
from task1.errors import InputError
from task1.files import write_json

MARKER = ".downloaded.json"
UNDER_WAY = ".downloading.json"
WAV_HEADER = 44
DISK_BLOCK = 4096


class Ledger:
    """The record of one data set's archives; safe to share between threads."""

    def __init__(self, facts: Dataset, root: Path) -> None:
        self.facts, self.root = facts, root
        self._lock = threading.Lock()
        self._marker, self._under_way = root / MARKER, root / UNDER_WAY
        path = self._marker if self._marker.exists() else self._under_way
        noted = self._read(path) if path.exists() else {}
        self._archives = {archive.name: noted[archive.name] for archive in _archives(facts)
                          if noted.get(archive.name, {}).get("md5") == archive.md5}

    def is_ours(self, kept: Path) -> bool:
        """Whether this is the file that was fetched, not one the user put in its place."""
        return kept.exists() and kept.stat().st_mtime_ns == self._archives.get(kept.name, {}).get("fetched_mtime_ns")

    def is_unpacked(self, name: str) -> bool:
        return bool(self._archives.get(name, {}).get("unpacked"))

    def fetched(self, archive: Archive, file: Path) -> None:
        """Note that `file` was fetched by this tool and is right; renaming it keeps the note true."""
        self._note(archive, fetched_mtime_ns=file.stat().st_mtime_ns)

    def unpacked(self, archive: Archive) -> None:
        """Note an archive as unpacked; with the last one the marker is written."""
        self._note(archive, unpacked=True)

    def _note(self, archive: Archive, **facts: int | bool) -> None:
        with self._lock:
            before = self._archives.get(archive.name, {"md5": archive.md5, "unpacked": False})
            self._archives[archive.name] = before | facts
            self._save()

    def _save(self) -> None:
        content: dict[str, Any] = {"dataset": self.facts.name, "archives": self._archives}
        if not all(self.is_unpacked(archive.name) for archive in _archives(self.facts)):
            write_json(self._under_way, content)
            self._marker.unlink(missing_ok=True)  # of a manifest that has changed since
            return
        write_json(self._marker, content | {"when": datetime.now(UTC).isoformat(timespec="seconds")})
        self._under_way.unlink(missing_ok=True)

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            owner = content["dataset"]
            archives = {name: dict(entry) for name, entry in dict(content["archives"]).items()}
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{path}: not a record of a download; remove it, and what is missing is fetched again "
                             "and compared with what is there") from None
        if owner != self.facts.name:
            raise InputError(f"{path}: the folder holds data set {owner}, expected {self.facts.name}; move the folder "
                             "away or choose another one with --corpora")
        return archives


@dataclass(frozen=True)
class Job:
    """One archive that is still to be unpacked: it lies at `found`, or is to be fetched from `url`."""

    facts: Dataset
    archive: Archive
    ledger: Ledger
    kept: Path
    found: Path | None
    url: str

    @property
    def partial(self) -> Path:
        return self.kept.with_name(self.kept.name + ".partial")

    @property
    def partial_bytes(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0

    @property
    def bytes_to_fetch(self) -> int:
        """Where no size is stated, the share of the clips: compressing recordings saves little. Texts count nothing."""
        if self.found:
            return 0
        size = self.archive.bytes
        if size is None:
            audio = sum(archive.type == "audio" for archive in _archives(self.facts))
            size = _clips_bytes(self.facts) // audio if self.archive.type == "audio" else 0
        return max(0, size - self.partial_bytes)


def archive_folder(facts: Dataset, corpora: Path) -> Path:
    return corpora / "archives" / facts.root_dir


def plan(facts: Dataset, corpora: Path, mirror: str | None) -> list[Job]:
    """The archives of a data set that are not unpacked yet, in the manifest's order."""
    if facts.origin == "embedded":
        raise InputError(f"{facts.name}: an embedded corpus is made, not downloaded; use `task1 corpus synth`")
    if facts.record is None:
        raise InputError(f"{facts.name}: its manifest names no record to download from; add one under meta/datasets")
    ledger = Ledger(facts, corpora / facts.root_dir)
    folder = Path(mirror) if mirror and not _is_url(mirror) else None
    base = mirror.rstrip("/") + "/" if mirror and folder is None else facts.record.files_url
    if folder and not folder.is_dir():
        raise InputError(f"--mirror {mirror}: no such folder; give one that holds the archives, or an http(s) address")
    jobs, absent = [], []
    for archive in facts.record.archives:
        if ledger.is_unpacked(archive.name):
            continue
        kept = archive_folder(facts, corpora) / archive.name
        places = [kept, *([folder / archive.name, folder / facts.root_dir / archive.name] if folder else [])]
        found = next((place for place in places if place.exists()), None)
        jobs.append(Job(facts, archive, ledger, kept, found, base + archive.name))
        if folder and not found:
            absent.append(archive.name)
    if absent:
        raise InputError(f"--mirror {mirror}: {len(absent)} archives of {facts.name} are not there, the first is "
                         f"{absent[0]}; put them there or leave out --mirror")
    return jobs


def check_room(jobs: Sequence[Job], corpora: Path, keep: bool, parallel: int) -> None:
    """InputError if a disk has not the room that the archives and what is in them need."""
    fetched = sorted((job.bytes_to_fetch for job in jobs), reverse=True)
    demands = [(corpora / "archives", sum(fetched if keep else fetched[:parallel]))]
    for root, facts in {job.ledger.root: job.facts for job in jobs if job.archive.type == "audio"}.items():
        demands.append((root, max(0, _clips_bytes(facts) - _bytes_in(root / "audio"))))
    disks: dict[int, int] = {}
    places: dict[int, Path] = {}
    for folder, size in demands:  # a data set's folder may be a link to another disk
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        disk = existing.stat().st_dev
        disks[disk] = disks.get(disk, 0) + size
        places.setdefault(disk, existing)
    unstated = sum(job.archive.bytes is None and not job.found for job in jobs)
    for disk, needed in disks.items():
        free = shutil.disk_usage(places[disk]).free
        if needed > free:
            unknown = f"; the record states no size for {unstated} archives" if unstated else ""
            advice = ", have archives removed once unpacked (--remove-archives)" if keep else ""
            raise InputError(f"{places[disk]}: about {readable(needed)} needed for archives and the clips in "
                             f"them{unknown}, {readable(free)} free; free some space{advice} or choose another folder "
                             "with --corpora")


def readable(size: int) -> str:
    """Bytes in decimal units."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def _archives(facts: Dataset) -> tuple[Archive, ...]:
    return facts.record.archives if facts.record else ()


def _clips_bytes(facts: Dataset) -> int:
    """Estimate of the room all clips take, in whole disk blocks."""
    clip = WAV_HEADER + facts.audio.samples * facts.audio.bits // 8
    return facts.counts.files * _in_blocks(clip)


def _bytes_in(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    with os.scandir(folder) as entries:
        return sum(_in_blocks(entry.stat().st_size) for entry in entries if entry.is_file())


def _in_blocks(size: int) -> int:
    return -(-size // DISK_BLOCK) * DISK_BLOCK


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))
