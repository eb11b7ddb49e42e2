"""All scores of one output table against the truth, as one JSON-able dictionary.

Accuracies are fractions (0..1), log losses nats. `accuracy` is the mean over scenes and `log_loss` the mean over clips,
overall and in every group alike; None stands where no clip is.

    class_wise, device_wise, city_wise    one scene, device, city each
    device_groups, city_groups            clips of those with training clips (seen), and of the others (unseen), pooled
    device_averages                       means of devices' figures, each device counting alike (as papers print them)
    class_device_wise                     each scene on each device
    super_classes                         decisions taken as ones for the scenes' super-classes
    confusion, calibration                see `metrics` and `calibration`
"""

from math import isfinite
from typing import Any

import numpy as np

from task1.config import taxonomy
from task1.outputs import Floats, Integers, Outputs, align
from task1.scoring import metrics
from task1.scoring.calibration import edges, expected_calibration_error, reliability
from task1.scoring.groups import Grouping, by_city, by_device
from task1.scoring.truth import Truth

Scores = dict[str, Any]


def evaluate(outputs: Outputs, truth: Truth, where: str = "the output table") -> Scores:
    """Scores of `outputs`, which must hold exactly the clips of `truth` (InputError otherwise, naming `where`)."""
    joined = align(outputs, truth.filenames, where)
    decisions, scenes = joined.decisions, truth.scenes
    metrics.validate(joined.probabilities, decisions, scenes)
    losses = metrics.clip_losses(joined.probabilities, scenes)
    count = len(taxonomy().scenes)
    (confusion,), (sums,) = metrics.tally_losses(losses, count, decisions, scenes)
    scores: Scores = {**_scores(confusion, sums), "class_wise": _class_wise(confusion, sums)}
    for grouping in (by_device(truth), by_city(truth)):
        groups = len(grouping.names)
        tallies = metrics.tally_losses(losses, count, decisions, scenes, grouping.dense_codes, groups + 1)
        by_group = tallies[0][:groups], tallies[1][:groups]
        scores |= _group_wise(grouping, *by_group)
        if grouping.block == "device_wise":
            scores |= {"device_averages": _averages(grouping, scores["device_wise"]),
                       "class_device_wise": _class_device_wise(grouping, *by_group)}
    scores["super_classes"] = _super_classes(confusion)
    scores["confusion"] = {"scenes": list(taxonomy().scenes), "true_by_decided": confusion.tolist()}
    scores["calibration"] = _calibration(joined.probabilities, decisions, scenes)
    return scores


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


def _group_wise(grouping: Grouping, confusions: Integers, losses: Floats) -> Scores:
    """Each group by itself, and the groups pooled over their clips."""
    return {
        grouping.block: {name: _scores(*sums) for name, *sums in zip(grouping.names, confusions, losses, strict=True)},
        grouping.pools_block: {name: _scores(confusions[list(chosen)].sum(axis=0), losses[list(chosen)].sum(axis=0))
                               for name, chosen in grouping.pools.items()},
    }


def _averages(grouping: Grouping, by_group: Scores) -> Scores:
    def mean(chosen: tuple[int, ...], metric: str) -> float:
        return float(np.mean([by_group[grouping.names[number]][metric] for number in chosen]))

    return {name: {"devices": [grouping.names[number] for number in chosen],
                   "clips": sum(by_group[grouping.names[number]]["clips"] for number in chosen),
                   "accuracy": mean(chosen, "accuracy"), "log_loss": mean(chosen, "log_loss")}
            for name, chosen in grouping.averages.items()}


def _class_device_wise(grouping: Grouping, confusions: Integers, losses: Floats) -> Scores:
    tables = {device: _class_wise(*sums) for device, *sums in zip(grouping.names, confusions, losses, strict=True)}
    return {scene: {device: tables[device][scene] for device in grouping.names} for scene in taxonomy().scenes}


def _super_classes(confusion: Integers) -> Scores:
    table = metrics.super_confusion(confusion)
    names = [group.name for group in taxonomy().super_classes]
    each = zip(names, table.sum(axis=1), metrics.recalls(table), strict=True)
    return {
        "accuracy": _number(metrics.accuracy_macro(table)), "accuracy_micro": _number(metrics.accuracy_micro(table)),
        "class_wise": {name: {"clips": int(clips), "accuracy": _number(accuracy)} for name, clips, accuracy in each},
        "confusion": {"super_classes": names, "true_by_decided": table.tolist()},
    }


def _calibration(probabilities: Floats, decisions: Integers, truth: Integers) -> Scores:
    table = reliability(probabilities, decisions, truth)
    return {"expected_calibration_error": expected_calibration_error(table),
            "reliability": {"edges": edges().tolist(), "clips": table.clips.tolist(),
                            "confidence": [_number(value) for value in table.confidence],
                            "accuracy": [_number(value) for value in table.accuracy]}}


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
