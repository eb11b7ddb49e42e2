"""Accuracy and log loss as DCASE Task 1 reports them.

Every figure follows from two sums over clips, so that a million rows are scored by groups (device, city) in one pass:
`confusion` (..., true scene, decided scene), a count of clips, and `losses` (..., true scene), the sum of -ln p(true).
Scenes without clips are left out of every mean over scenes; a mean over nothing is NaN.
"""

import numpy as np

from task1.outputs import Floats, Integers

EPSILON = float(np.finfo(np.float64).eps)
"""Probabilities are clipped to [EPSILON, 1 - EPSILON] before the logarithm, so one certain error costs 36.04 nats."""


def validate(probabilities: Floats, decisions: Integers, truth: Integers) -> None:
    """Raise ValueError unless there is one finite row of probabilities, one decision and one true scene per clip."""
    clips, scenes = probabilities.shape
    if not clips == len(decisions) == len(truth):
        raise ValueError(f"{clips} rows of probabilities, {len(decisions)} decisions and {len(truth)} true scenes")
    if clips == 0:
        raise ValueError("no clips to score")
    if not np.isfinite(probabilities).all():
        raise ValueError("probabilities that are not finite")
    for name, values in (("decisions", decisions), ("true scenes", truth)):
        if values.min() < 0 or values.max() >= scenes:
            raise ValueError(f"{name} outside 0..{scenes - 1}")


def clip_losses(probabilities: Floats, truth: Integers) -> Floats:
    """Loss of each clip in nats: -ln(min(max(p_true, eps), 1 - eps))."""
    chosen = probabilities[np.arange(len(truth)), truth]
    return -np.log(np.clip(chosen, EPSILON, 1 - EPSILON))


def tally(probabilities: Floats, decisions: Integers, truth: Integers, groups: Integers | None = None,
          count: int = 1) -> tuple[Integers, Floats]:
    """`confusion` (group, true scene, decided scene) and `losses` (group, true scene); without `groups` one group."""
    scenes = probabilities.shape[1]
    rows = truth if groups is None else groups * scenes + truth
    confusion = np.bincount(rows * scenes + decisions, minlength=count * scenes * scenes).astype(np.int64)
    losses = np.bincount(rows, weights=clip_losses(probabilities, truth), minlength=count * scenes).astype(np.float64)
    return confusion.reshape(count, scenes, scenes), losses.reshape(count, scenes)


def recalls(confusion: Integers) -> Floats:
    """Accuracy of each scene: clips decided rightly / clips of the scene; NaN for a scene without clips."""
    return _ratio(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1))


def accuracy_macro(confusion: Integers) -> float:
    """The accuracy that Task 1 ranks: the mean of the scenes' accuracies."""
    return _mean(recalls(confusion))


def accuracy_micro(confusion: Integers) -> float:
    """Clips decided rightly / all clips."""
    return float(_ratio(np.trace(confusion), confusion.sum()))


def scene_losses(confusion: Integers, losses: Floats) -> Floats:
    """Log loss of each scene: the mean of its clips' losses; NaN for a scene without clips."""
    return _ratio(losses, confusion.sum(axis=-1))


def log_loss(confusion: Integers, losses: Floats) -> float:
    """The log loss that Task 1 reports: the mean of all clips' losses, whatever their scene."""
    return float(_ratio(losses.sum(), confusion.sum()))


def log_loss_macro(confusion: Integers, losses: Floats) -> float:
    """The mean of the scenes' log losses (some teams report this one)."""
    return _mean(scene_losses(confusion, losses))


def _ratio(part: Floats | Integers, whole: Integers) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(part, dtype=np.float64) / whole


def _mean(values: Floats) -> float:
    present = values[np.isfinite(values)]
    return float(present.mean()) if present.size else float("nan")
