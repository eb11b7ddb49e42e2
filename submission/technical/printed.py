"""Scores as they are printed: accuracies in percent with one decimal, log losses in nats with three, and intervals."""

from submission.systems import Scores

METRICS = ("accuracy", "log_loss")
ABSENT = "–"
TITLES = {"accuracy": "Accuracy / %", "log_loss": "Log loss / nats"}


def value(scores: Scores | None, metric: str) -> str:
    """One figure as it is printed in tables."""
    found = scores.get(metric) if scores else None
    if found is None:
        return ABSENT
    return f"{100 * found:.1f}" if metric == "accuracy" else f"{found:.3f}"


def percent_of(scores: Scores | None) -> str:
    """Accuracy as it is printed in prose."""
    return f"{value(scores, 'accuracy')}\u00a0%"


def with_interval(scores: Scores | None, metric: str) -> str:
    """A figure with its interval behind it, if it has one."""
    low, high = interval(scores, metric)
    return f"{value(scores, metric)} ({low}–{high})" if low else value(scores, metric)


def interval(scores: Scores | None, metric: str) -> tuple[str, str]:
    bounds = (scores or {}).get(f"{metric}_interval")
    if not bounds:
        return "", ""
    low, high = (value({metric: bound}, metric) for bound in bounds)
    return low, high
