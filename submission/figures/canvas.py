"""From a drawing to the three files of an item, and what every figure carries: the name of its corpus."""

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from submission.items import FIGURES, Item
from submission.results import Results
from task1.plotting import drawing, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMS = ("svg", "pdf", "png")
SIGNS_AN_INCH = 17
WHOLE = 7.2
"""Inches of a figure across both columns of a page; a single column has 3.5."""


def paths(name: str) -> dict[str, str]:
    """Where an item's files lie, from RUN/report."""
    return {form: f"{FIGURES}/{name}.{form}" for form in FORMS}


def make_item(results: Results, name: str, title: str, caption: str, made_from: tuple[str, ...],
              size: tuple[float, float], draw: Callable[["Figure"], None]) -> Item:
    """Draw once and write all forms; the sentence about the corpus stands under the drawing."""
    files = paths(name)
    with drawing(*size) as figure:
        figure.supxlabel(textwrap.fill(results.corpus, round(SIGNS_AN_INCH * size[0])), fontsize=7)
        draw(figure)
        for path in files.values():
            save(figure, results.layout.report / path)
    return figure_item(results, name, title, caption, made_from)


def figure_item(results: Results, name: str, title: str, caption: str, made_from: tuple[str, ...]) -> Item:
    """The item of a figure whose files are written."""
    return Item(name, "figure", title, f"{caption} {results.corpus}.", paths(name), made_from)


def left_out(name: str, title: str, reason: str) -> Item:
    """A figure that cannot be drawn."""
    return Item(name, "figure", title, "", missing=reason)
