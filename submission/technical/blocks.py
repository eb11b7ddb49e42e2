"""What a technical report is made of: sections of paragraphs, lists, tables and figures. The template sets them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from submission.technical.markup import Typst


@dataclass(frozen=True)
class Paragraph:
    """`leads`: stays with what comes behind it."""

    text: Typst
    leads: bool = False
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Heading:
    """Of a subsection."""

    text: Typst
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True)
class Bullets:
    items: Sequence[Typst]
    kind: str = field(default="bullets", init=False)


@dataclass(frozen=True)
class Table:
    """Cells are texts, or markup. `label` is what prose refers to; `wide` spans both columns; `left` columns are set
    flush left, the others flush right. A thin rule stands above each of `ruled` rows; a row of one cell is a
    heading."""

    label: str
    caption: Typst
    header: Sequence[object]
    rows: Sequence[Sequence[object]]
    wide: bool = False
    left: int = 1
    ruled: Sequence[int] = ()
    results: bool = False
    """Whether its figures come of the run's recordings, so that the embedded corpus is to be named."""
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Figure:
    """`path` is relative to the folder of the source; `width` in points; `wide` figures span both columns."""

    label: str
    caption: Typst
    path: str
    width: float
    wide: bool
    kind: str = field(default="figure", init=False)


Block = Paragraph | Heading | Bullets | Table | Figure


@dataclass(frozen=True)
class Section:
    title: str
    blocks: Sequence[Block]
