"""Scores and counts as people read them: percent with one digit, nats with three, thousands with commas.

Inputs: nodes of the scores JSON (`accuracy`, `log_loss`, `<metric>_interval`), None where there is nothing.
"""

from collections.abc import Mapping
from typing import Any, Literal

from submission.report.blocks import Cell, Tone

Metric = Literal["accuracy", "log_loss"]
Node = Mapping[str, Any] | None
METRICS: tuple[Metric, ...] = ("accuracy", "log_loss")
TITLES: Mapping[Metric, str] = {"accuracy": "Accuracy in percent", "log_loss": "Log loss in nats"}
NOTHING = Cell("-")


def shown(metric: Metric, value: float) -> str:
    return f"{100 * value:.1f}" if metric == "accuracy" else f"{value:.3f}"


def figure(node: Node, metric: Metric) -> float | None:
    return None if not node or node.get(metric) is None else float(node[metric])


def bounds(node: Node, metric: Metric) -> tuple[float, float] | None:
    """The 95 % interval, if there is one."""
    found = node.get(f"{metric}_interval") if node else None
    return None if found is None else (float(found[0]), float(found[1]))


def span(node: Node, metric: Metric) -> str:
    """The 95 % interval as text, empty without one."""
    found = bounds(node, metric)
    return f"{shown(metric, found[0])} to {shown(metric, found[1])}" if found else ""


def score(node: Node, metric: Metric) -> Cell:
    """A figure with its interval beneath."""
    value = figure(node, metric)
    return NOTHING if value is None else Cell(shown(metric, value), value, span(node, metric))


def plain(node: Node, metric: Metric) -> Cell:
    """A figure alone."""
    value = figure(node, metric)
    return NOTHING if value is None else Cell(shown(metric, value), value)


def sentence(name: str, node: Node, metric: Metric) -> str:
    """What a mark in a figure tells: name, value with its unit, interval, number of clips."""
    value = figure(node, metric)
    if node is None or value is None:
        return f"{name}: no figure"
    unit = "%" if metric == "accuracy" else "nats"
    interval = span(node, metric)
    clips = f", {node['clips']:,} clips" if "clips" in node else ""
    return f"{name}: {shown(metric, value)} {unit}{f' (95 %: {interval})' if interval else ''}{clips}"


def count(value: float, tone: Tone = "") -> Cell:
    return Cell(f"{value:,}", value, tone=tone)


def pretty(name: str) -> str:
    """A scene's name without underscores."""
    return name.replace("_", " ")
