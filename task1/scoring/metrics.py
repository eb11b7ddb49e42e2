"""Accuracy and log loss as DCASE Task 1 reports them.

Every figure follows from two sums over clips, so that a million rows are scored by groups (device, city) in one pass:
`confusion` (..., true scene, decided scene), a count of clips, and `losses` (..., true scene), the sum of -ln p(true).
Scenes without clips are left out of every mean over scenes; a mean over nothing is NaN.
"""

import numpy as np

from task1.config import taxonomy
from task1.outputs import Floats, Integers, row_sums

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
    """Loss of each clip in nats: -ln(min(max(p, eps), 1 - eps)), p = p_true / the sum of the clip's probabilities.

    Printed tables round, so their rows sum to 1 only nearly; every edition's own scoring divided by the sum.
    """
    chosen = probabilities[np.arange(len(truth)), truth] / row_sums(probabilities)
    return -np.log(np.clip(chosen, EPSILON, 1 - EPSILON))


def tally(probabilities: Floats, decisions: Integers, truth: Integers, groups: Integers | None = None,
          count: int = 1) -> tuple[Integers, Floats]:
    """`confusion` (group, true scene, decided scene) and `losses` (group, true scene); without `groups` one group."""
    return tally_losses(clip_losses(probabilities, truth), probabilities.shape[1], decisions, truth, groups, count)


def tally_losses(losses: Floats, scenes: int, decisions: Integers, truth: Integers, groups: Integers | None = None,
                 count: int = 1) -> tuple[Integers, Floats]:
    """As `tally`, from the clips' losses."""
    rows = truth if groups is None else groups * scenes + truth
    confusion = np.bincount(rows * scenes + decisions, minlength=count * scenes * scenes).astype(np.int64)
    sums = np.bincount(rows, weights=losses, minlength=count * scenes).astype(np.float64)
    return confusion.reshape(count, scenes, scenes), sums.reshape(count, scenes)


def recalls(confusion: Integers) -> Floats:
    """Accuracy of each scene: clips decided rightly / clips of the scene; NaN for a scene without clips."""
    return ratio(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1))


def accuracy_macro(confusion: Integers) -> float:
    """The accuracy that Task 1 ranks: the mean of the scenes' accuracies."""
    return float(mean_present(recalls(confusion)))


def accuracy_micro(confusion: Integers) -> float:
    """Clips decided rightly / all clips."""
    return float(ratio(np.trace(confusion), confusion.sum()))


def scene_losses(confusion: Integers, losses: Floats) -> Floats:
    """Log loss of each scene: the mean of its clips' losses; NaN for a scene without clips."""
    return ratio(losses, confusion.sum(axis=-1))


def log_loss(confusion: Integers, losses: Floats) -> float:
    """The log loss that Task 1 reports: the mean of all clips' losses, whatever their scene."""
    return float(ratio(losses.sum(), confusion.sum()))


def log_loss_macro(confusion: Integers, losses: Floats) -> float:
    """The mean of the scenes' log losses (some teams report this one)."""
    return float(mean_present(scene_losses(confusion, losses)))


def super_confusion(confusion: Integers) -> Integers:
    """Confusion (true super-class, decided super-class): each decision counts as one for its scene's super-class.

    The system's ten-class decision is mapped; its probabilities are not added up, so a super-class can be right where
    the scene is wrong, and never the other way round.
    """
    member = np.eye(len(taxonomy().super_classes), dtype=np.int64)[list(taxonomy().parents)]  # (scene, super-class)
    return member.T @ confusion @ member


def ratio(part: Floats | Integers, whole: Floats | Integers) -> Floats:
    """Quotients; NaN where the whole is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.asarray(part, dtype=np.float64) / whole)


def mean_present(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN."""
    present = np.isfinite(values)
    return ratio(np.where(present, values, 0).sum(axis=-1), present.sum(axis=-1))
