"""All scores of one output table against the truth, as one JSON-able dictionary.

Accuracies are fractions (0..1), log losses nats. `accuracy` is the mean over scenes and `log_loss` the mean over clips,
overall and in every group alike; None stands where no clip is. Groups: scenes, devices, seen and unseen ones, cities.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from task1.config import taxonomy
from task1.outputs import Floats, Integers, Outputs, align
from task1.scoring import metrics
from task1.scoring.truth import UNKNOWN, Truth

Scores = dict[str, Any]


def evaluate(outputs: Outputs, truth: Truth, where: str = "the output table") -> Scores:
    """Scores of `outputs`, which must hold exactly the clips of `truth` (InputError otherwise, naming `where`)."""
    aligned = align(outputs, truth.filenames, where)
    metrics.validate(aligned.probabilities, aligned.decisions, truth.scenes)

    def by(keys: npt.NDArray[np.object_], order: Callable[[str], Any]) -> tuple[list[str], Integers, Floats]:
        known = sorted(set(keys) - {UNKNOWN}, key=order)
        groups = pd.Index(known, dtype=object).get_indexer(pd.Index(keys))
        rows = groups >= 0
        sums = metrics.tally(aligned.probabilities[rows], aligned.decisions[rows], truth.scenes[rows], groups[rows],
                             len(known))
        return known, *sums

    (confusion,), (losses,) = metrics.tally(aligned.probabilities, aligned.decisions, truth.scenes)
    by_device = by(truth.devices, _device_order)
    return {
        **_scores(confusion, losses),
        "class_wise": _class_wise(confusion, losses),
        "device_wise": _group_wise(*by_device),
        "device_groups": _seen_and_unseen(*by_device),
        "city_wise": _group_wise(*by(truth.cities, str)),
        "confusion": {"scenes": list(taxonomy().scenes), "true_by_decided": confusion.tolist()},
    }


def _scores(confusion: Integers, losses: Floats) -> Scores:
    return {
        "clips": int(confusion.sum()),
        "accuracy": _number(metrics.accuracy_macro(confusion)),
        "accuracy_micro": _number(metrics.accuracy_micro(confusion)),
        "log_loss": _number(metrics.log_loss(confusion, losses)),
        "log_loss_macro": _number(metrics.log_loss_macro(confusion, losses)),
    }


def _class_wise(confusion: Integers, losses: Floats) -> Scores:
    columns = (confusion.sum(axis=1), metrics.recalls(confusion), metrics.scene_losses(confusion, losses))
    return {scene: {"clips": int(clips), "accuracy": _number(accuracy), "log_loss": _number(loss)}
            for scene, clips, accuracy, loss in zip(taxonomy().scenes, *columns, strict=True)}


def _group_wise(names: Sequence[str], confusions: Integers, losses: Floats) -> Scores:
    return {name: _scores(*sums) for name, *sums in zip(names, confusions, losses, strict=True)}


def _seen_and_unseen(devices: Sequence[str], confusions: Integers, losses: Floats) -> Scores:
    """Devices with and without training clips, each pooled over its clips."""
    seen = np.array([device in taxonomy().seen_devices for device in devices], dtype=bool)
    return {name: _scores(confusions[chosen].sum(axis=0), losses[chosen].sum(axis=0))
            for name, chosen in (("seen", seen), ("unseen", ~seen)) if chosen.any()}


def _device_order(device: str) -> tuple[int, str]:
    known = [name for names in taxonomy().devices.values() for name in names]
    return (known.index(device) if device in known else len(known), device)


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
