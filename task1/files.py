"""Files that are either whole or absent, and digests that name content.

`atomic_path` hands out a temporary name beside the target and renames it on success (contract 2 of the design);
after a crash only a `.part-*` name can be left behind, which no reader ever opens.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `target`; rename it onto `target` if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".part-{target.name}-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:  # of a write to an open file the system does not say which; a full disk is one
        if error.errno is not None and error.filename in (None, str(temporary)):
            error.filename = str(target)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text with LF line ends, whole or not at all."""
    write_bytes(target, text.encode("utf-8"))


def write_bytes(target: Path, content: bytes) -> None:
    """Write bytes, whole or not at all."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def write_json(target: Path, content: Any) -> None:
    """Write JSON with sorted keys, whole or not at all."""
    write_text(target, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def digest(content: Any, length: int = 12) -> str:
    """Name of JSON-like content: the first `length` hex digits of the SHA-256 of its canonical form."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:length]


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
