"""How figures look and are written: the same bytes for the same content, readable without colour.

Fonts are embedded (PDF) or drawn as outlines (SVG); no date, no machine and no folder gets into a file. Series are told
apart by marker and line style first; the colours are those of Okabe and Ito, which the colour-blind tell apart.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from task1.errors import InputError
from task1.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
LINES = ("-", "--", "-.", ":")
SCALE, PAPER_SCALE = "cividis", "Blues"
"""Colours of amounts, an order in black and white as well: of rising lightness, and from white, for mostly nothing."""
_DPI = 150
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "task1", "svg.fonttype": "path", "pdf.fonttype": 42, "font.family": "DejaVu Sans", "font.size": 9,
    "axes.titlesize": 9, "legend.fontsize": 8, "xtick.labelsize": 8, "ytick.labelsize": 8}
STAMPS: dict[str, dict[str, None]] = {".png": {"Software": None}, ".svg": {"Date": None},
                                       ".pdf": {"CreationDate": None}}


@contextmanager
def drawing(width: float, height: float) -> "Iterator[Figure]":
    """An empty figure of so many inches in our style, which holds until it is saved."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # nobody's own settings
        matplotlib.rcParams.update(STYLE)
        yield Figure(figsize=(width, height), layout="constrained")


def save(figure: "Figure", path: Path) -> None:
    """Write a drawing in the form that the ending of `path` asks for, whole or not at all."""
    check_name(path)
    suffix = path.suffix.lower()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=_DPI, metadata=STAMPS[suffix], format=suffix[1:])


def check_name(path: Path) -> None:
    """InputError for a file that is no picture we write."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: found the ending {path.suffix or '(none)'}, expected one of {', '.join(SUFFIXES)}")
