"""A zip archive into `<corpora>/<root_dir>`, and nowhere else.

Every member is judged before the first is written: its name (below `<root_dir>/`, no way out), its kind (no links),
the room the declared sizes need, and what lies at its place already. A file that is there and equal (size and CRC-32)
is left alone, so that an interrupted unpacking goes on; one that differs is the user's and never overwritten.
"""

import lzma
import shutil
import stat
import struct
import threading
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipInfo

from task1.corpus.http import Interrupted
from task1.errors import InputError

BLOCK = 1 << 20
RESERVED = (".part-", ".download")
"""Beginnings of names in `<root_dir>` that belong to the downloader: its temporary file and its records."""

UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, ValueError)


@dataclass(frozen=True)
class Unpacked:
    """Files of an archive: written now, and found in place already."""

    written: int
    present: int


def unpack(archive: Path, corpora: Path, root_dir: str, stop: threading.Event) -> Unpacked:
    """Unpack `archive`, whose members stand below `<root_dir>/`, into `<corpora>/<root_dir>`."""
    try:
        with zipfile.ZipFile(archive) as bundle:
            files = _files(bundle, archive, root_dir)
            root = corpora / root_dir
            missing = {target: info for name, info in files.items()
                       if not _in_place(target := corpora / name, info, archive)}
            _check_folders(missing, root, archive)
            _check_room(missing, root, archive)
            _write(bundle, missing, root / f".part-{archive.name}", stop)
    except UNREADABLE as error:
        raise InputError(f"{archive}: damaged or not a zip archive ({error}); fetch it again") from None
    return Unpacked(len(missing), len(files) - len(missing))


def _files(bundle: zipfile.ZipFile, archive: Path, root_dir: str) -> dict[str, ZipInfo]:
    """The files among the members by name, if every member is fit to be unpacked."""
    files: dict[str, ZipInfo] = {}
    for info in bundle.infolist():
        name = info.orig_filename  # `filename` ends at a NUL
        reason = refusal(info, root_dir) or ("it stands in the archive twice" if name in files else "")
        if reason:
            raise InputError(f"{archive}: member {name!r} is not unpacked: {reason}; nothing was unpacked, "
                             "do not use this archive")
        if not name.endswith("/"):
            files[name] = info
    # members that share compressed bytes are how a small archive declares an endless one
    if sum(info.compress_size for info in files.values()) > archive.stat().st_size:
        raise InputError(f"{archive}: its members claim more bytes than the archive has; do not use it")
    return files


def refusal(info: ZipInfo, root_dir: str) -> str:
    """Why a member may not be unpacked; empty if it may."""
    name = info.orig_filename
    parts = name.removesuffix("/").split("/")
    if any(character in '\\:' or not character.isprintable() for character in name):
        return "its name holds a backslash, colon or control character"
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "its name is absolute or steps outside"
    if parts[0] != root_dir or (len(parts) == 1 and not name.endswith("/")):
        return f"expected a name below {root_dir}/"
    if len(parts) > 1 and parts[1].startswith(RESERVED):
        return "its name belongs to this tool"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it is a link or another special file"
    if info.flag_bits & 1:
        return "it is encrypted"
    return ""


def _in_place(target: Path, info: ZipInfo, archive: Path) -> bool:
    """Whether the member's file is there; InputError if another one is."""
    try:
        size = target.stat().st_size if target.is_file() else None
        if size == info.file_size and _crc(target) == info.CRC:
            return True
        if not target.is_symlink() and not target.exists():
            return False
    except OSError as error:
        raise _unwritable(archive, target, error) from None
    raise InputError(f"{target}: exists and differs from the file in {archive.name} "
                     f"({'no file' if size is None else f'{size} bytes'}, expected {info.file_size} bytes with CRC-32 "
                     f"{info.CRC:08x}); it is not overwritten: move it away and run again")


def _crc(path: Path) -> int:
    value = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            value = zlib.crc32(block, value)
    return value


def _check_folders(missing: dict[Path, ZipInfo], root: Path, archive: Path) -> None:
    """No folder on the way may be a link that leads out of the root (the root itself may be one: the user's choice)."""
    inside = root.resolve()
    for folder in {target.parent for target in missing}:
        if not folder.resolve().is_relative_to(inside):
            raise InputError(f"{folder}: leads to {folder.resolve()}, outside {inside}; {archive.name} is not unpacked "
                             "there: replace the link by a folder")


def _check_room(missing: dict[Path, ZipInfo], root: Path, archive: Path) -> None:
    needed = sum(info.file_size for info in missing.values())
    folder = next(path for path in (root, *root.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(f"{archive}: unpacks to {needed:,} bytes, {free:,} are free in {folder}; free some space and "
                         "run again")


def _write(bundle: zipfile.ZipFile, missing: dict[Path, ZipInfo], temporary: Path, stop: threading.Event) -> None:
    """Each file under one temporary name (so a killed run leaves one at most), renamed when whole."""
    try:
        for target, info in missing.items():
            if stop.is_set():
                raise Interrupted
            target.parent.mkdir(parents=True, exist_ok=True)
            with bundle.open(info) as source, temporary.open("wb") as sink:
                shutil.copyfileobj(source, sink, BLOCK)  # ends with BadZipFile if the CRC is wrong
                size = sink.tell()
            if size != info.file_size:
                raise zipfile.BadZipFile(f"{info.filename} has {size} bytes, its header says {info.file_size}")
            temporary.replace(target)
    except OSError as error:
        raise _unwritable(Path(bundle.filename or ""), target, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(archive: Path, target: Path, error: OSError) -> InputError:
    return InputError(f"{target}: cannot be unpacked from {archive.name} ({error.strerror or error}); free or repair "
                      "the place and run again")
