"""Many file names at once: what `basename` and `is_nameable` say of one name, and whether one stands twice."""

from collections.abc import Sequence

import numpy as np

from task1.outputs.rows import basename

PRINTABLE = 95
"""Printable characters of ASCII, the blank (32) first; nothing else of ASCII is printable."""


def basenames(names: Sequence[str]) -> tuple[str, ...]:
    """Base names, quickly where the names are that already or lie in the folder of the first one."""
    folder = names[0].rpartition("/")[0] + "/" if names and "/" in names[0] else ""
    bare = [name.removeprefix(folder) for name in names] if folder else names
    text = "".join(bare)
    return tuple(map(basename, names)) if "/" in text or "\\" in text else tuple(bare)


def are_nameable(names: Sequence[str]) -> bool:
    """Whether every name is one that a clip may have: not empty, printable."""
    text = "".join(names)
    if not text.isascii():
        return all(names) and text.isprintable()
    codes = np.frombuffer(text.encode(), dtype=np.uint8)
    return all(names) and bool((codes - np.uint8(ord(" ")) < PRINTABLE).all())  # those below the blank wrap round


def are_unique(names: Sequence[str]) -> bool:
    """Whether no name stands twice. Equal names have equal hashes, so if all hashes differ, so do all names."""
    hashes = np.sort(np.fromiter(map(hash, names), dtype=np.int64, count=len(names)))
    return not (hashes[1:] == hashes[:-1]).any() or len(set(names)) == len(names)
