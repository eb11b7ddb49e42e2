"""Accuracy against MACs as a figure: memory as area, the Pareto front marked.

Inputs: rows of a listing (system, accuracy, macs, memory, front, from). Output: a PNG, SVG or PDF file, the same bytes
for the same rows. Nothing is told by colour alone: who a system is from is told by its shape, the front by a thick
edge, so that the figure survives a black-and-white print; the colours are told apart by the colour-blind.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from task1.errors import InputError
from task1.plotting import check_name, drawing, save


class Style(NamedTuple):
    """How systems of one kind are shown, and what the legend calls them."""

    shape: str
    colour: str
    meaning: str


Styles = Mapping[str | None, Style]
STYLES: Styles = {  # by the column `from`; None: rows of somebody's CSV. Colours of Okabe and Ito
    None: Style("o", "#56B4E9", "systems"),
    "official": Style("o", "#999999", "official"),
    "development": Style("s", "#D55E00", "yours (development test fold)"),
    "what-if": Style("D", "#0072B2", "what-if"),
    "SYNTHETIC": Style("X", "#F0E442", "yours: SYNTHETIC recordings, not comparable"),
    "other data": Style("P", "#CC79A7", "yours: other recordings, not comparable"),
}
COVERED = {"o": 0.785, "s": 1.0, "D": 1.0, "X": 0.625, "P": 0.556, "^": 0.5, "v": 0.5}
"""Area of a shape whose size is 1."""
LARGEST, SMALLEST = 450.0, 25.0
"""Areas in square points: of the largest memory, and of memory that is not known."""
NAMED = 12
SPREAD = 30
"""Ratio of the most to the fewest MACs beyond which their axis is logarithmic."""


def draw(path: Path, rows: Sequence[Mapping[str, Any]], title: str, styles: Styles = STYLES) -> None:
    """Write the figure of the rows that have both accuracy and MACs; `styles` by their column `from`."""
    check_name(path)
    points = [row for row in rows if row.get("accuracy") is not None and row.get("macs") is not None]
    if not points:
        raise InputError(f"{path}: not drawn, since no system has both accuracy and MACs")
    with drawing(8, 5.5) as figure:
        _fill(figure.add_subplot(), points, title, styles)
        save(figure, path)


def _fill(axes: Any, points: Sequence[Mapping[str, Any]], title: str, styles: Styles) -> None:
    most = max((row["memory"] for row in points if row.get("memory")), default=None)
    for row in sorted(points, key=lambda row: -(row.get("memory") or 0)):  # small ones in front
        shape, colour, _ = styles[row.get("from")]
        size = _size(row, most, shape)
        axes.scatter(row["macs"] / 1e6, row["accuracy"], s=size, marker=shape, zorder=3, edgecolors="black",
                     facecolors=colour if row.get("memory") else "white", linewidths=2.5 if row.get("front") else 0.6)
        if len(points) <= NAMED or row.get("front") or row.get("from") not in (None, "official"):
            axes.annotate(row["system"], (row["macs"] / 1e6, row["accuracy"]), xytext=(0, 0.75 * size**0.5 + 3),
                          fontsize=7, textcoords="offset points", ha="center", zorder=4)
    for kind in dict.fromkeys(row.get("from") for row in points):
        _key(axes, styles[kind].shape, styles[kind].colour, 0.6, styles[kind].meaning)
    if any(row.get("front") for row in points):
        _key(axes, "o", "white", 2.5, "thick edge: on the Pareto front of accuracy, memory and MACs")
    if any(not row.get("memory") for row in points):
        _key(axes, "o", "white", 0.6, "small and white: memory not known")
    _steps(axes, points)
    most_macs, least_macs = (choose(row["macs"] for row in points) for choose in (max, min))
    if most_macs > SPREAD * least_macs > 0:
        axes.set_xscale("log")
    axes.set_xlabel("multiply-accumulates per clip (millions)")
    axes.set_ylabel("accuracy (%)")
    area = "" if most is None else f"\nArea: memory of the parameters; the largest is {most:,.0f} bytes"
    axes.set_title(textwrap.fill(title, 95) + area, fontsize=9)
    axes.margins(0.12)
    axes.grid(visible=True, linewidth=0.4, color="#CCCCCC", zorder=0)
    axes.figure.legend(loc="outside lower center", ncols=2, fontsize=8)


def _size(row: Mapping[str, Any], most: float | None, shape: str) -> float:
    """What `scatter` calls size, such that areas are in proportion to memory."""
    if most is None or not row.get("memory"):
        return SMALLEST
    return LARGEST * row["memory"] / most / COVERED[shape]


def _key(axes: Any, shape: str, colour: str, edge: float, text: str) -> None:
    axes.scatter([], [], s=40, marker=shape, facecolors=colour, edgecolors="black", linewidths=edge, label=text)


def _steps(axes: Any, points: Sequence[Mapping[str, Any]]) -> None:
    """The most accurate system on the front, with so many MACs or fewer."""
    front = sorted((row["macs"] / 1e6, row["accuracy"]) for row in points if row.get("front"))
    best: list[tuple[float, float]] = []
    for macs, accuracy in front:
        if not best or accuracy > best[-1][1]:
            best.append((macs, accuracy))
    if len(best) > 1:
        axes.step(*zip(*best, strict=True), where="post", color="black", linestyle="--", linewidth=1, zorder=2,
                  label="most that systems on the front reach with so many MACs")
