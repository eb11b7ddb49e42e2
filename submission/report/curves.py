"""Figures over an axis: learning curves of a model, the reliability diagram of a system."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from submission.report.svg import SHAPES, WIDTH, Drawing, Scale, rounded, tick_text

LEFT = 44.0
RIGHT = 8.0
PANEL = 104.0
KEY = 20.0
AXIS = 32.0
MARKS = 80  # more epochs share one
PANELS = (("loss", "loss", "validation_loss", 1.0), ("accuracy, %", "accuracy", "validation_accuracy", 100.0))
Epoch = Mapping[str, float | None]


def learning_curve(title: str, history: Sequence[Epoch]) -> Markup:
    """Loss and accuracy over the epochs, of the training clips and of the held-back ones where there are any."""
    drawing = Drawing(KEY + 2 * (PANEL + 12) + AXIS - 12, title)
    validated = any(epoch.get("validation_loss") is not None for epoch in history)
    for index, name in enumerate(["training", "validation"][:1 + validated]):
        drawing.shape(SHAPES[index], 58 + 90 * index, 6, 4, f"dot c{index}")
        drawing.text(67 + 90 * index, 10, name)
    across = Scale(1, max(len(history), 2), LEFT + 8, WIDTH - RIGHT - 6)
    bottom = KEY + 2 * PANEL + 12
    for panel, (unit, *keys, factor) in enumerate(PANELS):
        top = KEY + panel * (PANEL + 12)
        values = [value * float(factor) for epoch in history for key in keys
                  if (value := epoch.get(str(key))) is not None]
        low, high = rounded(0.0, max(values, default=1.0)) if panel == 0 else (0.0, 100.0)
        scale = Scale(low, high, top + PANEL, top)
        for tick in scale.ticks:
            drawing.line(LEFT, scale(tick), WIDTH - RIGHT, scale(tick), "grid")
            drawing.text(LEFT - 5, scale(tick) + 4, tick_text(tick), "tick", "end")
        drawing.text(10, top + PANEL / 2, str(unit), "tick", "middle", turned=True)
        for index, key in enumerate(keys):
            points = [(across(number + 1), scale(value * float(factor))) for number, epoch in enumerate(history)
                      if (value := epoch.get(str(key))) is not None]
            drawing.path(points, f"curve c{index}" + (" broken" if index else ""))
            for x, y in points if len(points) <= MARKS / 2 else ():
                drawing.shape(SHAPES[index], x, y, 2.2, f"dot c{index}")
    for tick in (value for value in across.ticks if value == int(value)):
        drawing.text(across(tick), bottom + 12, tick_text(tick), "tick", "middle")
    drawing.text((LEFT + WIDTH - RIGHT) / 2, bottom + 26, "epoch", "tick", "middle")
    step = -(-len(history) // MARKS)
    width = (across(2) - across(1)) * step
    for number in range(0, len(history), step):
        drawing.open_mark(_epoch(number + 1, history[number]))
        drawing.rect(across(number + 1) - width / 2, KEY, width, bottom - KEY, "hit")
        drawing.line(across(number + 1), KEY, across(number + 1), bottom, "pointer")
        drawing.close_mark()
    return drawing.svg()


def _epoch(number: int, epoch: Epoch) -> str:
    told = [f"{name} {value:.3f}" for name, key in (("loss", "loss"), ("validation loss", "validation_loss"))
            if (value := epoch.get(key)) is not None]
    told += [f"{name} {100 * value:.1f} %" for name, key in
             (("accuracy", "accuracy"), ("validation accuracy", "validation_accuracy"))
             if (value := epoch.get(key)) is not None]
    rate = epoch.get("lr")
    return f"Epoch {number}: {', '.join(told)}" + (f", learning rate {rate:.3g}" if rate is not None else "")


def reliability(title: str, table: Mapping[str, Any]) -> Markup:
    """Accuracy of the clips in each bin of confidence; beneath, how many clips a bin has."""
    top, plot, bars = 8.0, 200.0, 46.0
    drawing = Drawing(top + plot + 14 + bars + AXIS, title)
    across = Scale(0, 100, LEFT, WIDTH - RIGHT)
    up = Scale(0, 100, top + plot, top)
    floor = top + plot + 14 + bars
    for tick in (0, 20, 40, 60, 80, 100):
        drawing.line(LEFT, up(tick), WIDTH - RIGHT, up(tick), "grid")
        drawing.text(LEFT - 5, up(tick) + 4, f"{tick}", "tick", "end")
        drawing.text(across(tick), floor + 12, f"{tick}", "tick", "middle")
    drawing.line(across(0), up(0), across(100), up(100), "guess")
    drawing.text(10, top + plot / 2, "accuracy, %", "tick", "middle", turned=True)
    drawing.text(10, floor - bars / 2, "clips", "tick", "middle", turned=True)
    drawing.text((LEFT + WIDTH - RIGHT) / 2, floor + 26, "confidence of the decided scene, %", "tick", "middle")
    drawing.line(LEFT, floor, WIDTH - RIGHT, floor, "axis")
    most = max(table["clips"]) or 1
    edges = [100 * edge for edge in table["edges"]]
    bins = list(zip(edges, edges[1:], table["clips"], table["confidence"], table["accuracy"], strict=False))
    drawing.path([(across(100 * sure), up(100 * right)) for *_, sure, right in bins if sure is not None], "curve c0")
    for low, high, clips, sure, right in bins:
        said = f"Confidence over {low:.1f} to {high:.1f} %: {clips:,} clips"
        drawing.open_mark(f"{said}, on average {100 * sure:.1f} % sure, {100 * right:.1f} % right"
                          if sure is not None else said, "c0")
        drawing.rect(across(low), top, across(high) - across(low), floor - top, "hit")
        height = bars * clips / most
        drawing.rect(across(low) + 1, floor - height, across(high) - across(low) - 2, height, "dot")
        if sure is not None:
            drawing.shape("circle", across(100 * sure), up(100 * right), 4, "dot")
        drawing.close_mark()
    return drawing.svg()
