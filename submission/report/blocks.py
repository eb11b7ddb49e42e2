"""What a report is made of: sections of blocks, plain texts without markup; the templates escape them and add it.

Only a figure's drawing is markup already (inline SVG made by `svg.py`, which escapes what it is given).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

Tone = Literal["", "good", "warn", "bad"]
"""How a text is meant; the texts themselves say it too, so that nothing hangs on a colour."""


@dataclass(frozen=True)
class Paragraph:
    text: str
    tone: Tone = ""
    target: str = ""
    """Key of the section that a link behind the text leads to."""
    kind: str = "paragraph"


@dataclass(frozen=True)
class Cell:
    text: str
    sort: float | None = None
    """What the column sorts by where that is a number; None: by the text, behind all numbers."""
    small: str = ""
    """Beneath the text: an interval, a remark."""
    tone: Tone = ""


@dataclass(frozen=True)
class Table:
    """`numeric` columns stand right; a text column stands left and may wrap. The first column names the rows."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    kind: str = "table"

    def without_empty_end(self) -> "Table":
        """Without the last column, if nothing stands in it."""
        if any(row[-1].text for row in self.rows):
            return self
        return Table(self.caption, self.header[:-1], [row[:-1] for row in self.rows])

    @property
    def numeric(self) -> list[bool]:
        """For each column: are all its cells numbers, intervals or dashes?"""
        return [all(cell.sort is not None or cell.text in ("", "-") for cell in column)
                for column in zip(*self.rows, strict=True)] or [False] * len(self.header)


@dataclass(frozen=True)
class Tile:
    """One fact of the summary."""

    name: str
    value: str
    small: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Tiles:
    tiles: Sequence[Tile]
    kind: str = "tiles"


@dataclass(frozen=True)
class Figure:
    title: str
    drawing: Markup
    caption: str = ""


@dataclass(frozen=True)
class Figures:
    """Drawings side by side, as many as fit; `caption` tells how all of them are to be read."""

    figures: Sequence[Figure]
    caption: str = ""
    kind: str = "figures"


@dataclass(frozen=True)
class Clip:
    """One device's recording of a moment; image and sound are data URIs."""

    device: str
    group: str
    image: str
    sound: str
    described: str


@dataclass(frozen=True)
class Moment:
    title: str
    clips: Sequence[Clip]
    low: float
    high: float
    """Decibels of the darkest and the brightest colour, the same for all of a moment's clips."""


@dataclass(frozen=True)
class Gallery:
    moments: Sequence[Moment]
    seconds: float
    hertz: Sequence[int]
    """Frequency of each row of the images, the lowest first."""
    palette: str
    """The 256 colours as hex digits, six each."""
    kind: str = "gallery"


@dataclass(frozen=True)
class File:
    """What lies beside the page, in one form or several."""

    title: str
    forms: Mapping[str, str]
    """Name of the form -> path relative to the page."""


@dataclass(frozen=True)
class Files:
    files: Sequence[File]
    kind: str = "files"


@dataclass(frozen=True)
class Items:
    items: Sequence[str]
    kind: str = "items"


@dataclass(frozen=True)
class Commands:
    lines: Sequence[str]
    kind: str = "commands"


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away until somebody asks for them (and are printed)."""

    summary: str
    blocks: "Sequence[Block]"
    kind: str = "details"


Block = Paragraph | Table | Tiles | Figures | Gallery | Files | Items | Commands | Details


@dataclass(frozen=True)
class Section:
    """`brief` sections are those of report.md as well."""

    title: str
    blocks: Sequence[Block]
    brief: bool = False

    @property
    def key(self) -> str:
        """Its address in the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
