"""Inline SVG by hand: shapes with classes (the page's style sheet colours them), marks that tell a value, axes.

A mark is a group of shapes with a `<title>`: a browser shows it on hover, and the page's script shows it as well on
touch and by arrow keys. Coordinates are in units that are pixels at the drawing's natural width, 360, which fits a
phone. All texts are escaped here.
"""

from collections.abc import Sequence
from math import ceil, floor, log10

from markupsafe import Markup, escape

WIDTH = 360.0
SHAPES = ("circle", "square", "diamond", "triangle", "cross", "bar")
"""A series is told by its shape as well as by its colour."""


class Drawing:
    """Collects shapes; `svg` gives the element."""

    def __init__(self, height: float, title: str, columns: int = 0) -> None:
        """`columns`: marks in a row, where marks are a grid (arrow keys then go up and down as well)."""
        self.height = height
        self._title = title
        self._columns = columns
        self._parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, css: str, opacity: float | None = None) -> None:
        shade = "" if opacity is None else f' fill-opacity="{number(opacity)}"'
        self._parts.append(f'<rect class="{css}" x="{number(x)}" y="{number(y)}" width="{number(width)}" '
                           f'height="{number(height)}"{shade}/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        self._parts.append(f'<path class="{css}" d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"/>')

    def path(self, points: Sequence[tuple[float, float]], css: str) -> None:
        """A polyline."""
        if points:
            self._parts.append(f'<path class="{css}" d="M' + "L".join(f"{number(x)} {number(y)}" for x, y in points)
                               + '"/>')

    def text(self, x: float, y: float, text: str, css: str = "", anchor: str = "start", turned: bool = False) -> None:
        """`turned` texts run upwards."""
        turn = f' transform="rotate(-90 {number(x)} {number(y)})"' if turned else ""
        style = f' class="{css}"' if css else ""
        anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text{style} x="{number(x)}" y="{number(y)}"{anchored}{turn}>{escape(text)}</text>')

    def shape(self, kind: str, x: float, y: float, size: float, css: str) -> None:
        """A point of a series; `size` is half its width."""
        a, b = number(x), number(y)
        if kind == "circle":
            self._parts.append(f'<circle class="{css}" cx="{a}" cy="{b}" r="{number(size)}"/>')
            return
        s = number(size)
        outlines = {"square": f"m-{s}-{s}h{number(2 * size)}v{number(2 * size)}h-{number(2 * size)}z",
                    "diamond": f"m0-{number(1.3 * size)}l{number(1.3 * size)} {number(1.3 * size)}"
                               f"l-{number(1.3 * size)} {number(1.3 * size)}l-{number(1.3 * size)}"
                               f"-{number(1.3 * size)}z",
                    "triangle": f"m0-{number(1.2 * size)}l{number(1.2 * size)} {number(2.2 * size)}"
                                f"h-{number(2.4 * size)}z",
                    "cross": f"m-{s}-{s}l{number(2 * size)} {number(2 * size)}m0-{number(2 * size)}"
                             f"l-{number(2 * size)} {number(2 * size)}",
                    "bar": f"m0-{number(1.3 * size)}v{number(2.6 * size)}"}
        drawn = f"{css} stroked" if kind in ("cross", "bar") else css
        self._parts.append(f'<path class="{drawn}" d="M{a} {b}{outlines[kind]}"/>')

    def open_mark(self, tells: str, css: str = "") -> None:
        """Shapes up to `close_mark` are one mark, which tells this."""
        self._parts.append(f'<g class="mark{f" {css}" if css else ""}"><title>{escape(tells)}</title>')

    def close_mark(self) -> None:
        self._parts.append("</g>")

    def svg(self) -> Markup:
        columns = f' data-columns="{self._columns}"' if self._columns else ""
        return Markup(f'<svg viewBox="0 0 {number(WIDTH)} {number(self.height)}" role="img" '
                      f'aria-label="{escape(self._title)}"{columns}>{"".join(self._parts)}</svg>')


class Scale:
    """From values to coordinates, with round ticks."""

    def __init__(self, low: float, high: float, start: float, end: float, logarithmic: bool = False) -> None:
        self.low, self.high, self._start, self._end, self._log = low, high, start, end, logarithmic

    def __call__(self, value: float) -> float:
        low, high = (log10(self.low), log10(self.high)) if self._log else (self.low, self.high)
        value = min(max(value, self.low), self.high)
        share = ((log10(value) if self._log else value) - low) / (high - low)
        return self._start + share * (self._end - self._start)

    @property
    def ticks(self) -> list[float]:
        if self._log:
            powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
            steps = [factor * 10.0 ** power for power in powers for factor in (1, 2, 5)]
            return [value for value in steps if self.low <= value <= self.high]
        step = tick_step(self.high - self.low)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(index * step, 10) for index in range(first, last + 1)]


def tick_step(extent: float, wanted: int = 5) -> float:
    """A round step that gives about so many ticks."""
    raw = extent / wanted
    power = 10.0 ** floor(log10(raw))
    return next((factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9)), 10 * power)


def rounded(low: float, high: float) -> tuple[float, float]:
    """The range, widened to whole steps."""
    if high <= low:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    step = tick_step(high - low)
    return round(floor(low / step + 1e-9) * step, 10), round(ceil(high / step - 1e-9) * step, 10)


def tick_text(value: float) -> str:
    """A tick of an axis: at most four digits, thousands and millions by letter."""
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:g}"


def number(value: float) -> str:
    """Two digits after the point are finer than a screen shows."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
