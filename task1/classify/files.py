"""The recordings that a user means: files as they are given, folders for all recordings below them."""

from collections.abc import Sequence
from pathlib import Path

from task1.errors import InputError

ENDINGS = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"}


def recordings(given: Sequence[Path]) -> list[Path]:
    """Each file once, in the order given, those of a folder by name."""
    found: dict[Path, Path] = {}
    for path in given:
        below = _below(path) if path.is_dir() else [path]
        if not below:
            raise InputError(f"{path}: no recordings in this folder, expected files that end in "
                             f"{', '.join(sorted(ENDINGS))}")
        for file in below:
            found.setdefault(file.absolute(), file)
    return list(found.values())


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS
                  and not path.name.startswith(".") and path.is_file())
