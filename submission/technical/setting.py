"""Typst, as this program uses it: nothing of the machine and no date enters a document, so the same source gives the
same bytes. Fonts are typst's own and DejaVu, which comes with matplotlib and knows more scripts. Only where both lack a
letter of a name or text, the machine's fonts are looked at.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
import typst

from submission.technical.markup import literal
from task1.errors import InputError

FONTS = ("Libertinus Serif", "DejaVu Sans", "DejaVu Sans Display")
"""As the template names them."""
FAULT = 300


@dataclass(frozen=True)
class Setter:
    """A folder with what a source reads; `root` is all that it may read."""

    folder: Path
    root: Path

    def pdf(self, source: str) -> bytes:
        """The document."""
        return bytes(self._run(typst.compile, source, timestamp=0))

    def ends(self, source: str) -> dict[str, float]:
        """By label the place, in points from the top of its page, where a table or figure ends."""
        found = json.loads(self._run(typst.query, source, selector="<end>", field="value", format="json"))
        return {end["label"]: end["bottom"] for end in found}

    def _run(self, verb: Any, source: str, **options: Any) -> Any:
        path = self.folder / "document.typ"
        path.write_text(source, encoding="utf-8")
        try:
            return verb(path, root=self.root, font_paths=[font_folder()],
                        ignore_system_fonts=not missing_letters(source), **options)
        except typst.TypstError as error:
            raise InputError(f"typst cannot set the document ({' '.join(str(error).split())[:FAULT]}); this is a fault "
                             "of the program, please report it") from error


@contextmanager
def setter(beside: Path, works: str, works_name: str) -> Iterator[Setter]:
    """A folder for a while, inside of `beside` and with its subfolders, so that relative paths hold in both."""
    beside.mkdir(parents=True, exist_ok=True)
    subfolders = [path for path in beside.iterdir() if path.is_dir() and not path.name.startswith(".")]
    with tempfile.TemporaryDirectory(prefix=".part-", dir=beside) as scratch:
        for path in subfolders:
            (Path(scratch) / path.name).symlink_to(path.resolve(), target_is_directory=True)
        (Path(scratch) / works_name).write_text(works, encoding="utf-8")
        yield Setter(Path(scratch), beside)


def missing_letters(text: str, machine: bool = False) -> str:
    """The letters of a text that the program's fonts lack; those that this machine's lack as well, if `machine`."""
    letters = "".join(sorted({letter for letter in text if not letter.isascii()}))
    if not letters or _has(letters, machine):
        return ""
    return "".join(letter for letter in letters if not _has(letter, machine))


@cache
def _has(letters: str, machine: bool) -> bool:
    """Whether the fonts have all of them: an archival PDF must not lack a letter, so typst refuses to make one."""
    names = ", ".join(map(literal, FONTS))
    source: Any = f"#set text(font: ({names}))\n#{literal(letters)}".encode()
    try:
        typst.compile(source, ignore_system_fonts=not machine, font_paths=[font_folder()], pdf_standards=["a-2u"],
                      timestamp=0)
    except typst.TypstError:
        return False
    return True


def font_folder() -> str:
    """DejaVu alone: what else lies beside it would be taken for letters that it lacks."""
    return _linked_fonts().name


@cache
def _linked_fonts() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="fonts-")
    for path in sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVu*.ttf")):
        (Path(folder.name) / path.name).symlink_to(path)
    return folder
