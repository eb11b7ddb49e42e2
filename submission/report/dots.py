"""Figures of groups: one row a group, one point with its 95 % interval a system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from markupsafe import Markup

from submission.report.formats import Metric, Node, bounds, figure, sentence
from submission.report.svg import SHAPES, WIDTH, Drawing, Scale, rounded, tick_text
from task1.config import taxonomy

POINTS = "Points with 95 % intervals, where there are any. Dashed: what equal probabilities for all scenes score."
"""How these figures are to be read."""
LABELS = 112.0
RIGHT = 12.0
STEP = 11.0
GAP = 7.0
KEY = 18.0
AXIS = 32.0
UNITS: Mapping[Metric, str] = {"accuracy": "accuracy, %", "log_loss": "log loss, nats"}


@dataclass(frozen=True)
class Group:
    """One row: its name, each series' figures, and whether a line sets it apart from the rows above."""

    name: str
    nodes: Sequence[Node]
    apart: bool = False


def dot_plot(title: str, metric: Metric, groups: Sequence[Group], series: Sequence[str]) -> Markup:
    """Points and intervals; the dashed line is what guessing gives."""
    factor = 100 if metric == "accuracy" else 1
    scale = _scale(metric, groups, factor)
    key = KEY * ((len(series) + 2) // 3) if len(series) > 1 else 0.0
    rows = len(groups) * (STEP * max(len(series), 2) + GAP)
    drawing = Drawing(key + rows + AXIS, f"{title}: {UNITS[metric]}", len(series))
    _key(drawing, series)
    bottom = key + rows
    for tick in scale.ticks:
        drawing.line(scale(tick), key, scale(tick), bottom, "grid")
        drawing.text(scale(tick), bottom + 12, tick_text(tick), "tick", "middle")
    drawing.text((LABELS + WIDTH - RIGHT) / 2, bottom + 26, UNITS[metric], "tick", "middle")
    guess = guessing(metric) * factor
    if scale.low <= guess <= scale.high:
        drawing.line(scale(guess), key, scale(guess), bottom, "guess")
    top = key
    for group in groups:
        _row(drawing, scale, metric, group, series, top, factor)
        top += STEP * max(len(series), 2) + GAP
    return drawing.svg()


def guessing(metric: Metric) -> float:
    """What a table of equal probabilities scores."""
    scenes = len(taxonomy().scenes)
    return 1 / scenes if metric == "accuracy" else log(scenes)


def _row(drawing: Drawing, scale: Scale, metric: Metric, group: Group, series: Sequence[str], top: float,
         factor: float) -> None:
    height = STEP * max(len(series), 2)
    if group.apart:
        drawing.line(0, top, WIDTH, top, "axis")
    drawing.text(LABELS - 8, top + GAP / 2 + height / 2 + 4, group.name, "", "end")
    first = top + GAP / 2 + (height - STEP * (len(series) - 1)) / 2
    for index, (name, node) in enumerate(zip(series, group.nodes, strict=True)):
        y, value, interval = first + index * STEP, figure(node, metric), bounds(node, metric)
        if value is None:
            continue
        drawing.open_mark(sentence(f"{group.name}, {name}" if len(series) > 1 else group.name, node, metric),
                          f"c{index % 8}")
        drawing.rect(LABELS, y - STEP / 2, WIDTH - LABELS - RIGHT, STEP, "hit")
        if interval:
            low, high = (scale(bound * factor) for bound in interval)
            drawing.line(low, y, high, y, "whisker")
        drawing.shape(SHAPES[index % len(SHAPES)], scale(value * factor), y, 3.6, "dot")
        drawing.close_mark()


def _scale(metric: Metric, groups: Sequence[Group], factor: float) -> Scale:
    """Accuracies from 0; log losses from 0 as well, cut where a lone wide interval would flatten the rest."""
    values = [value * factor for group in groups for node in group.nodes
              if (value := figure(node, metric)) is not None]
    ends = [bound * factor for group in groups for node in group.nodes for bound in bounds(node, metric) or ()]
    if metric == "accuracy":
        return Scale(0, 100, LABELS, WIDTH - RIGHT)
    highest = max([guessing(metric), *values])
    high = min(max([highest, *ends]), 1.6 * highest)
    return Scale(0, rounded(0, high)[1], LABELS, WIDTH - RIGHT)


def _key(drawing: Drawing, series: Sequence[str]) -> None:
    """Names of the series, three in a line."""
    if len(series) < 2:
        return
    for index, name in enumerate(series):
        x, y = 12 + index % 3 * 118, 10 + index // 3 * KEY
        drawing.shape(SHAPES[index % len(SHAPES)], x, y - 4, 4, f"dot c{index % 8}")
        drawing.text(x + 9, y, name, "")
