"""Scores over several seeds: every model and its replicas, every system and what their tables combine to.

In: output tables of a run trained from several seeds (`models/<model>[.seed<k>]/development.output.csv`; where a fusion
is fitted, `validation.output.csv` as well). Out: one JSON-able document, for `task1 seeds`. Replica k of a system is
made of its members' replicas k, a fitted fusion fitted on their validation tables; nothing of it is written.

    accuracy, log_loss                  as `task1 score` has them, on the development test fold
    accuracy_seen, accuracy_unseen      over the clips of devices with and without training clips
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from task1.config import Run, System, load_run
from task1.config.replicas import replica_name
from task1.ensemble import combine, fit, validation_scenes
from task1.errors import InputError
from task1.features.store import left_out
from task1.files import file_digest
from task1.layout import Layout
from task1.outputs import Outputs, read_outputs
from task1.scoring.evaluate import Scores, evaluate
from task1.scoring.spread import LEVEL, spread
from task1.scoring.truth import Truth, read_truth

PART = "development"
FIGURES: Mapping[str, tuple[str, ...]] = {
    "accuracy": ("accuracy",), "log_loss": ("log_loss",), "accuracy_seen": ("device_groups", "seen", "accuracy"),
    "accuracy_unseen": ("device_groups", "unseen", "accuracy")}
"""Where each figure stands among the scores."""


def make_document(run_folder: Path) -> dict[str, Any]:
    """Figures of every seed, their mean and spread, for every system and every model of a run."""
    at, run = Layout(run_folder), load_run(run_folder)
    if run.seeds < 2:
        raise InputError(f"{at.config}: trained from one seed, which has no spread; train from several with "
                         "./run_all.sh --seeds 5")
    numbers = range(1, run.seeds + 1)
    without = tuple(left_out(at.features(run, run.development))) if run.skip_bad else ()
    truth = read_truth(at.index(run.development), without)
    tables = {name: read_outputs(at.model_output(name, PART)) for name in run.trainings}
    systems = [{"kind": "system", "name": str(index), "models": list(system.models),
                "heard_test": any(map(run.has_heard_test, system.models)),
                **_figures(truth, [(_combined(at, run, system, tables, number), f"system {index} of seed {number}")
                                   for number in numbers])} for index, system in run.systems.items()]
    models = []
    for name in run.models:
        replicas = [replica_name(name, number) for number in numbers]
        models.append({"kind": "model", "name": name, "heard_test": run.has_heard_test(name),
                       "seeds": [run.model(each).training.seed for each in replicas],
                       "sha256": [file_digest(at.model_output(each, PART)) for each in replicas],
                       **_figures(truth, [(tables[each], str(at.model_output(each, PART))) for each in replicas])})
    return {"format": 1, "entry": run.entry, "profile": run.profile, "corpus": run.development,
            "embedded": run.embedded, "seeds": run.seeds, "clips": len(truth), "level": LEVEL,
            "subjects": [*systems, *models]}


def read_seeds(at: Layout, run: Run) -> dict[str, Any] | None:
    """The document of a run as `task1 seeds` wrote it; None where the run has one seed, or it was not made."""
    if run.seeds < 2 or not at.seeds.exists():
        return None
    again = f"make it again with `task1 seeds --run {at.run}`"
    try:
        document = json.loads(at.seeds.read_text(encoding="utf-8"))
        told = document["format"], document["seeds"], document["corpus"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{at.seeds}: not the scores of several seeds ({error!r}); {again}") from None
    if told != (1, run.seeds, run.development):
        raise InputError(f"{at.seeds}: found {told[1]} seeds on {told[2]}, expected {run.seeds} on {run.development}; "
                         f"{again}")
    return dict(document)


def _combined(at: Layout, run: Run, system: System, tables: Mapping[str, Outputs], number: int) -> Outputs:
    names = [replica_name(name, number) for name in system.models]
    fusion = None
    if system.is_fitted:
        held_back = [read_outputs(at.model_output(name, "validation")) for name in names]
        scenes = validation_scenes(at.index(run.development), held_back[0].filenames)
        fusion = fit(held_back, scenes, system.combine, names)
    return combine([tables[name] for name in names], system.combine, system.weights, fusion, names)


def _figures(truth: Truth, tables: Sequence[tuple[Outputs, str]]) -> dict[str, Any]:
    """`values`: a number a seed; `spread`: what they come to. Both are None where there is no such clip."""
    scored = [evaluate(table, truth, where) for table, where in tables]
    values = {figure: _values(scored, keys) for figure, keys in FIGURES.items()}
    return {"values": values,
            "spread": {figure: asdict(spread(found)) if found else None for figure, found in values.items()}}


def _values(scored: Sequence[Scores], keys: Sequence[str]) -> list[float] | None:
    """All tables are of the same clips, so a figure is there for all seeds or for none."""
    nodes: list[Any] = list(scored)
    for key in keys:
        nodes = [node.get(key) for node in nodes if node]
    return nodes if nodes and None not in nodes else None
