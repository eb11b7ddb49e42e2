"""A zip file from anybody, read without trusting it.

Nothing is ever unpacked to disk. A member is read only if its name stays inside the package, it is a plain file,
stored or deflated, not encrypted, and declares no more bytes than a file of its kind can need; no more than declared
is ever inflated. Every other member is a finding and is not read.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from submission.validate.findings import Finding, named
from task1.errors import InputError

MEBIBYTE = 1 << 20
LARGEST = {".csv": 128 * MEBIBYTE, ".yaml": MEBIBYTE // 16, ".pdf": 64 * MEBIBYTE}
"""Bytes that a member may have, by kind: several times what real packages have."""
LARGEST_OTHER = 16 * MEBIBYTE
LARGEST_TOTAL = 512 * MEBIBYTE
LARGEST_DIRECTORY = MEBIBYTE
MOST_MEMBERS = 500
STEEPEST = 400
"""Times that a member of more than a mebibyte may be larger than its compressed form; zeros reach 1,000, a table of
probabilities of only 0 and 1 less than 100."""

_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DRIVE = re.compile(r"[A-Za-z]:")
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, LookupError, RuntimeError,
            OverflowError)


class Archive:
    """The members that may be read, by name; `findings` grows when one of them turns out to be damaged."""

    def __init__(self, bundle: zipfile.ZipFile) -> None:
        self.findings: list[Finding] = []
        self._bundle = bundle
        self._members: dict[str, zipfile.ZipInfo] = {}
        infos = bundle.infolist()
        if len(infos) > MOST_MEMBERS:
            self.findings.append(Finding("error", "package", "", f"{len(infos):,} members",
                                         f"at most {MOST_MEMBERS}; nothing was read"))
            return
        seen: set[str] = set()
        total = 0
        for info in infos:
            name = info.orig_filename  # `filename` ends at a NUL
            total += info.file_size
            refused = _refusal(info, name in seen, total)
            seen.add(name)
            if refused:
                self.findings.append(Finding("error", named(name), "", *refused))
            elif not name.endswith("/"):
                self._members[name] = info

    @property
    def names(self) -> list[str]:
        return sorted(self._members)

    def read(self, name: str) -> bytes | None:
        """The bytes of a member; None, with a finding, if they are damaged."""
        try:
            with self._bundle.open(self._members[name]) as stream:
                content = stream.read()
        except _DAMAGED as error:
            self.findings.append(Finding("error", named(name), "", f"damaged data ({_told(error)})",
                                         "bytes that match their checksum"))
            return None
        if len(content) != self._members[name].file_size:
            self.findings.append(Finding("error", named(name), "", f"{len(content):,} bytes",
                                         f"{self._members[name].file_size:,}, as its header declares"))
            return None
        return content


@contextmanager
def open_archive(path: Path) -> Iterator[Archive | Finding]:
    """The archive; a finding instead if the file is no zip. InputError if there is no file to read."""
    try:
        stream = path.open("rb") if path.is_file() else None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    if stream is None:
        raise InputError(f"{path}: no such file; expected a package (zip)")
    with stream:
        yield _opened(stream)


def _opened(stream: IO[bytes]) -> Archive | Finding:
    try:
        size = _directory_size(stream)
        if size > LARGEST_DIRECTORY:
            return Finding("error", "package", "", f"a table of members of {size:,} bytes",
                           f"at most {LARGEST_DIRECTORY:,}; nothing was read")
        return Archive(zipfile.ZipFile(stream))
    except _DAMAGED as error:
        return Finding("error", "package", "", f"a file that is not a readable zip ({_told(error)})", "a zip file")


def _directory_size(stream: IO[bytes]) -> int:
    """Bytes of the table of members, which the zip reader takes into memory before anything can be checked."""
    end = stream.seek(0, 2)
    stream.seek(max(0, end - 0xFFFF - _END.size))
    tail = stream.read()
    start = tail.rfind(_END_MARK)
    stream.seek(0)
    if start < 0 or len(tail) - start < _END.size:
        raise zipfile.BadZipFile("no end of the table of members")
    return int(_END.unpack_from(tail, start)[5])


def _refusal(info: zipfile.ZipInfo, again: bool, total: int) -> tuple[str, str] | None:
    """Why a member is not read, as found and expected."""
    name = info.orig_filename
    parts = name.removesuffix("/").split("/")
    if not name.isprintable() or "\\" in name or _DRIVE.match(name) or any(p in ("", ".", "..") for p in parts):
        return "a name that is absolute, steps outside or holds special characters", "a plain name inside the package"
    if again:
        return "the name twice", "every name once"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "a link or another special file", "a plain file"
    if info.flag_bits & 1:
        return "an encrypted file", "one without a password"
    if info.compress_type not in _READABLE:
        return f"compression method {info.compress_type}", "stored or deflated data"
    largest = LARGEST.get(Path(parts[-1]).suffix.lower(), LARGEST_OTHER)
    if info.file_size > largest:
        return f"{info.file_size:,} bytes", f"at most {largest:,} for a file of this kind; it was not read"
    if info.file_size > MEBIBYTE and info.file_size > STEEPEST * info.compress_size:
        return (f"{info.file_size:,} bytes squeezed into {info.compress_size:,}",
                f"at most {STEEPEST} to 1; it was not read")
    if total > LARGEST_TOTAL:
        return f"{total:,} bytes with the members before it", f"at most {LARGEST_TOTAL:,}; it was not read"
    return None


def _told(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:100]
