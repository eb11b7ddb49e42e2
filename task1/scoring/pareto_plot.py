"""Accuracy against MACs as a figure: memory as area, the Pareto front marked.

Inputs: rows of a listing (system, accuracy, macs, memory, front, from). Output: a PNG, SVG or PDF file, the same bytes
for the same rows. Nothing is told by colour alone: who a system is from is told by its shape, the front by a thick
edge, so that the figure survives a black-and-white print; the colours are told apart by the colour-blind.
"""

import math
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
LARGEST, SMALLEST, UNKNOWN = 1200.0, 14.0, 25.0
"""Areas in square points: of the largest memory, the least that is drawn, and that of memory that is not known."""
NAMED = 12
SPREAD = 30
"""Ratio of the most to the fewest MACs beyond which their axis is logarithmic."""
ROOM = 430.0, 243.0
LETTER = 4.0, 9.0
"""Points: about the room that the marks take up, and a letter of a name, across and up."""
Box = tuple[float, float, float, float]
"""Left, right, lower and upper edge of a name or a mark."""


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
    from matplotlib.ticker import FuncFormatter

    most = max((row["memory"] for row in points if row.get("memory")), default=None)
    fewest = min(row["macs"] for row in points)
    logarithmic = max(row["macs"] for row in points) > SPREAD * fewest > 0
    marks = marks_of(points, [_size(row, most, styles[row.get("from")].shape) for row in points], logarithmic)
    names: list[Box] = []
    for row in sorted(points, key=lambda row: -(row.get("memory") or 0)):  # small ones in front
        shape, colour, _ = styles[row.get("from")]
        size = _size(row, most, shape)
        axes.scatter(row["macs"] / 1e6, row["accuracy"], s=size, marker=shape, zorder=3, edgecolors="black",
                     facecolors=colour if row.get("memory") else "white", linewidths=2.0 if row.get("front") else 0.6)
        if len(points) <= NAMED or row.get("front") or row.get("from") not in (None, "official"):
            axes.annotate(row["system"], (row["macs"] / 1e6, row["accuracy"]), xytext=(0, free(row, marks, names)),
                          fontsize=7, zorder=4, textcoords="offset points", ha="center", va="bottom")
    for kind in dict.fromkeys(row.get("from") for row in points):
        _key(axes, styles[kind].shape, styles[kind].colour, 0.6, styles[kind].meaning)
    if any(row.get("front") for row in points):
        _key(axes, "o", "white", 2.0, "thick edge: on the Pareto front of accuracy, memory and MACs")
    if any(not row.get("memory") for row in points):
        _key(axes, "o", "white", 0.6, "small and white: memory not known")
    _steps(axes, points)
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel("multiply-accumulates per clip (millions)")
    axes.set_ylabel("accuracy (%)")
    axes.set_title(textwrap.fill(title, 110) + _area(points, most), fontsize=9)
    axes.margins(x=0.12, y=0.18)  # above the highest mark, its name
    axes.grid(visible=True, linewidth=0.4, color="#CCCCCC", zorder=0)
    axes.figure.legend(loc="outside lower center", ncols=2, fontsize=8)


def _area(points: Sequence[Mapping[str, Any]], most: float | None) -> str:
    """What areas mean."""
    if most is None:
        return ""
    least = most * SMALLEST / LARGEST
    rest = f", the smallest {least:,.0f} bytes or fewer" if any((row.get("memory") or most) < least
                                                                for row in points) else ""
    return f"\nArea: memory of the parameters; the largest is {most:,.0f} bytes{rest}"


def free(row: Mapping[str, Any], marks: Mapping[int, Box], names: list[Box]) -> float:
    """How many points above the middle of its mark a name has room (below: negative).

    Above, below, and then further up: whatever covers neither one of `names`, to which it is added, nor another mark.
    """
    left, right, lower, upper = marks[id(row)]
    middle, half = (left + right) / 2, LETTER[0] * len(row["system"]) / 2
    others = [*names, *(mark for key, mark in marks.items() if key != id(row))]
    for bottom in (upper + 1, lower - 1 - LETTER[1], *(upper + 1 + step * LETTER[1] for step in (1, 2, 3))):
        box = middle - half, middle + half, bottom, bottom + LETTER[1]
        if not any(box[0] < other[1] and other[0] < box[1] and box[2] < other[3] and other[2] < box[3]
                   for other in others):
            break
    names.append(box)
    return box[2] - (lower + upper) / 2


def marks_of(points: Sequence[Mapping[str, Any]], sizes: Sequence[float], logarithmic: bool) -> dict[int, Box]:
    """About where the marks lie, in points, by the identity of their rows."""
    def places(values: Sequence[float], room: float) -> list[float]:
        least, spread = min(values), max(values) - min(values)
        return [room * (value - least) / (spread or 1) for value in values]

    across = places([math.log(row["macs"]) if logarithmic else row["macs"] for row in points], ROOM[0])
    up = places([row["accuracy"] for row in points], ROOM[1])
    halves = [0.65 * size**0.5 for size in sizes]  # of what the widest shape covers, a square on its corner
    return {id(row): (x - half, x + half, y - half, y + half)
            for row, x, y, half in zip(points, across, up, halves, strict=True)}


def _size(row: Mapping[str, Any], most: float | None, shape: str) -> float:
    """What `scatter` calls size, such that areas are in proportion to memory."""
    if most is None or not row.get("memory"):
        return UNKNOWN
    return max(LARGEST * row["memory"] / most, SMALLEST) / COVERED[shape]


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
