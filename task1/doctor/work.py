"""The work folder: can it be written, does a run hold it, what have killed runs left there?"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from task1.corpus.archives import readable
from task1.doctor.finding import Finding, ok, problem, warning

LOCK = ".lock"
NOT_OURS = (".snakemake", "audio", "archives")
"""Folders that are not searched: the engine's own, and hundreds of thousands of recordings."""


def look(work: Path) -> Iterator[Finding]:
    folder = existing(work)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
    except OSError as error:
        yield problem("work", f"{folder}: cannot be written ({error.strerror})", "change its permissions, or choose "
                      "another folder with --work DIR")
    else:
        yield ok("work", f"{folder}: can be written" + ("" if folder == work else f"; {work} will be made there"))
    if folder == work:
        yield from _lock(work)
        yield from _leftovers(work)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())


def holder(work: Path) -> str | None:
    """The process that works in the folder, or None."""
    try:
        handle = os.open(work / LOCK, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return os.read(handle, 100).decode(errors="replace").strip() or "unknown"
    finally:
        os.close(handle)


def _lock(work: Path) -> Iterator[Finding]:
    pid = holder(work)
    if pid is None:
        yield ok("work", "no run holds it")
        return
    command = Path(f"/proc/{pid}/cmdline")
    told = command.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip() if command.exists() else ""
    yield warning("work", f"{work}: process {pid} works in it" + (f" ({told[:120]})" if told else ""),
                  "wait for it, or use another folder with --work DIR; caches and results may look unfinished")


def _leftovers(work: Path) -> Iterator[Finding]:
    parts: list[Path] = []
    kept: list[Path] = []
    for name, folders, files in os.walk(work):
        folders[:] = [folder for folder in folders if folder not in NOT_OURS]
        for file in [*files, *folders]:
            if file.startswith(".part-"):
                parts.append(Path(name) / file)
            elif ".kept-" in file:
                kept.append(Path(name) / file)
    if parts:
        size = sum(path.stat().st_size for path in parts if path.is_file())
        yield warning("work", f"{len(parts)} unfinished files of killed runs ({readable(size)}), such as {parts[0]}",
                      f"harmless; when no run is under way: find {work} -name '.part-*' -exec rm -r {{}} +")
    if kept:
        size = sum(path.stat().st_size for path in kept if path.is_file())
        yield warning("work", f"{len(kept)} files kept aside because they had been changed ({readable(size)}), such as "
                      f"{kept[0]}", "look at them, and delete them when you need them no more")
    if not parts and not kept:
        yield ok("work", "nothing left by killed runs")
