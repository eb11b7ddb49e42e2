"""Figures of complexity: what systems use of the limits, official systems by accuracy and MACs, what int8 costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from markupsafe import Markup

from submission.report.svg import SHAPES, WIDTH, Drawing, Scale, rounded, tick_text

LABELS = 96.0
ROW = 30.0
AXIS = 32.0
MOST = 1.25  # of a limit: longer bars are cut


@dataclass(frozen=True)
class Use:
    """How much of a limit one system takes."""

    name: str
    value: float
    limit: float
    tells: str

    @property
    def share(self) -> float:
        return self.value / self.limit


def limit_bars(title: str, uses: Sequence[Use]) -> Markup:
    """One bar a system; the thick line is the limit."""
    drawing = Drawing(8 + ROW * len(uses) + AXIS, title)
    scale = Scale(0, 100 * MOST, LABELS, WIDTH - 10)
    bottom = 8 + ROW * len(uses)
    for tick in (0, 25, 50, 75, 100, 125):
        drawing.line(scale(tick), 4, scale(tick), bottom, "limit" if tick == 100 else "grid")
        drawing.text(scale(tick), bottom + 12, f"{tick}", "tick", "middle")
    drawing.text((LABELS + WIDTH - 10) / 2, bottom + 26, "% of the limit (thick line)", "tick", "middle")
    for index, use in enumerate(uses):
        y = 8 + ROW * index
        drawing.text(LABELS - 8, y + 15, use.name, "", "end")
        drawing.open_mark(use.tells, "over" if use.share > 1 else "c0")
        drawing.rect(LABELS, y, WIDTH - 10 - LABELS, ROW - 6, "hit")
        drawing.rect(LABELS, y + 3, max(scale(100 * use.share) - LABELS, 1), ROW - 12, "dot")
        drawing.close_mark()
        end = scale(100 * use.share)
        inside = end - LABELS > 60
        drawing.text(end - 6 if inside else end + 6, y + 15, f"{100 * use.share:.1f} %", "on-bar" if inside else "",
                     "end" if inside else "start")
    return drawing.svg()


def field_plot(title: str, rows: Sequence[Mapping[str, Any]], own: Sequence[tuple[str, float]]) -> Markup:
    """Accuracy against MACs, area as memory. `own`: systems whose accuracy cannot be compared, lines at their MACs."""
    bottom, top, left = 236.0, 10.0, 44.0
    drawing = Drawing(bottom + AXIS, title)
    macs = [*(float(row["macs"]) for row in rows), *(value for _, value in own)]
    across = Scale(0.7 * min(macs), 1.4 * max(macs), left, WIDTH - 12, logarithmic=True)
    accuracies = [float(row["accuracy"]) for row in rows]
    low, high = rounded(min(accuracies) - 3, max(accuracies) + 3)
    up = Scale(low, high, bottom, top)
    for tick in up.ticks:
        drawing.line(left, up(tick), WIDTH - 12, up(tick), "grid")
        drawing.text(left - 5, up(tick) + 4, tick_text(tick), "tick", "end")
    last = -100.0
    for tick in across.ticks:
        drawing.line(across(tick), top, across(tick), bottom, "grid")
        if across(tick) - last > 28:
            drawing.text(across(tick), bottom + 12, tick_text(tick), "tick", "middle")
            last = across(tick)
    drawing.text(10, (top + bottom) / 2, "accuracy, %", "tick", "middle", turned=True)
    drawing.text((left + WIDTH) / 2, bottom + 26, "MACs", "tick", "middle")
    for name, value in own:
        drawing.open_mark(f"{name}: {value:,.0f} MACs; its accuracy on the official recordings is not known")
        drawing.rect(across(value) - 5, top, 10, bottom - top, "hit")
        drawing.line(across(value), top, across(value), bottom, "unknown")
        drawing.close_mark()
    largest = max(float(row.get("memory") or 0) for row in rows) or 1.0
    for row in sorted(rows, key=lambda row: -(row.get("memory") or 0)):
        series = 0 if row["from"] == "official" else 1
        memory = row.get("memory")
        drawing.open_mark(f"{row['system']} ({row['from']}): {row['accuracy']:.1f} %, {row['macs']:,.0f} MACs"
                          + (f", {memory:,.0f} bytes" if memory else ""), f"c{series}")
        size = 4 + 10 * sqrt((memory or 0) / largest)
        drawing.shape(SHAPES[series], across(row["macs"]), up(row["accuracy"]), size, "bubble")
        drawing.close_mark()
    return drawing.svg()


def form_bars(title: str, forms: Sequence[tuple[str, Sequence[float]]], names: Sequence[str]) -> Markup:
    """One row a model, one point a form of it (before quantisation, simulated, executed); accuracies in percent."""
    key, bottom = 20.0, 20.0 + ROW * len(forms)
    drawing = Drawing(bottom + AXIS, title, len(names))
    for index, name in enumerate(names):
        drawing.shape(SHAPES[index], 12 + 118 * index, 6, 4, f"dot c{index}")
        drawing.text(21 + 118 * index, 10, name)
    values = [value for _, row in forms for value in row]
    low, high = rounded(max(min(values) - 2, 0), min(max(values) + 2, 100))
    scale = Scale(low, high, LABELS, WIDTH - 12)
    for tick in scale.ticks:
        drawing.line(scale(tick), key, scale(tick), bottom, "grid")
        drawing.text(scale(tick), bottom + 12, tick_text(tick), "tick", "middle")
    drawing.text((LABELS + WIDTH) / 2, bottom + 26, "accuracy, %", "tick", "middle")
    for number, (model, row) in enumerate(forms):
        y = key + ROW * number
        drawing.text(LABELS - 8, y + ROW / 2 + 4, model, "", "end")
        for index, (name, value) in enumerate(zip(names, row, strict=True)):
            drawing.open_mark(f"{model}, {name}: {value:.1f} %", f"c{index}")
            drawing.shape(SHAPES[index], scale(value), y + ROW / 2 - 8 + 8 * index, 4, "dot")
            drawing.close_mark()
    return drawing.svg()
