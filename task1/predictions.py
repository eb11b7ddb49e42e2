"""Output tables of a run: of each model by its network, of each system by combining its models' tables.

Parts of a model's predictions: `development` (test fold), `evaluation`, and for what builds on the model `learning`
(every clip that it or a student of it may learn from) and `validation` (the clips its training held back).
Beside a system's table `system.json` says what it is made of, what its training left out and what to know of it.
"""

import json
from pathlib import Path

import torch

from task1.config import Run, System, edition, load_run
from task1.corpus.index import read_index
from task1.energy import measure_baseline, measured
from task1.ensemble import combine, fit, read_fusion, validation_scenes, write_fusion
from task1.errors import InputError
from task1.features.store import FeatureStore
from task1.files import write_json
from task1.inference import predict
from task1.layout import Layout
from task1.outputs import read_outputs, write_outputs
from task1.training.data import training_rows
from task1.training.fold import split_rows

PARTS = ("development", "evaluation", "learning", "validation")


def predict_model(run_folder: Path, name: str, part: str, device: torch.device) -> Path:
    """Write the output table of a trained model for a part of the corpus; return its path."""
    at, run = Layout(run_folder), load_run(run_folder)
    if name not in run.trainings:
        raise InputError(f"{at.config}: no model {name}; there are: {', '.join(run.trainings)}")
    corpus = run.evaluation if part == "evaluation" else run.development
    store = FeatureStore(at.features(run, corpus), run.features)
    filenames = [clip for clip in _clips(at, run, name, part) if not (run.skip_bad and clip in store.skipped)]
    target = at.model_output(name, part)
    with measured(energy := at.energy(f"{name}.{part}"), f"{len(filenames)} clips, {device.type}"):
        outputs = predict(at.model(name), store, filenames, device)
    write_outputs(target, outputs)
    if part == "evaluation":
        measure_baseline(at.energy("baseline_inference"), energy, edition(run.edition), len(filenames), device)
    return target


def predict_system(run_folder: Path, number: int, part: str, device: torch.device) -> Path:
    """Predict with every model of a system, fit its fusion where it has one, and combine; return the table's path."""
    run = load_run(run_folder)
    system = _system(Layout(run_folder), run, number)
    for name in system.models:
        predict_model(run_folder, name, part, device)
        if system.is_fitted:
            predict_model(run_folder, name, "validation", device)
    if system.is_fitted:
        fit_system(run_folder, number)
    return combine_system(run_folder, number, part)


def fit_system(run_folder: Path, number: int) -> Path:
    """Fit the weights of a system's members on the clips their trainings held back, never on the test fold."""
    at, run = Layout(run_folder), load_run(run_folder)
    system = _system(at, run, number)
    members = [read_outputs(at.model_output(name, "validation")) for name in system.models]
    scenes = validation_scenes(at.index(run.development), members[0].filenames)
    write_fusion(at.fusion(number), fit(members, scenes, system.combine, system.models))
    return at.fusion(number)


def combine_system(run_folder: Path, number: int, part: str) -> Path:
    """Write the output table of a system from its models' tables; return its path."""
    at, run = Layout(run_folder), load_run(run_folder)
    system, target = _system(at, run, number), at.output(number, part)
    members = [read_outputs(at.model_output(name, part)) for name in system.models]
    fusion = read_fusion(at.fusion(number)) if system.is_fitted else None
    write_outputs(target, combine(members, system.combine, system.weights, fusion, system.models))
    write_json(target.parent / "system.json", {
        "system": number, "models": list(system.models), "combine": system.combine, "entry": run.entry,
        "profile": run.profile, "development": run.development, "evaluation": run.evaluation, "embedded": run.embedded,
        **about(at, run, system.models)})
    return target


def _system(at: Layout, run: Run, number: int) -> System:
    if number not in run.systems:
        raise InputError(f"{at.config}: no system {number}; there are: {', '.join(map(str, run.systems))}")
    return run.systems[number]


def about(at: Layout, run: Run, models: tuple[str, ...]) -> dict[str, list[str]]:
    """What scores of these models have to say beside the figures."""
    facts = {name: json.loads((at.model(name) / "model.json").read_bytes()) for name in models}
    return {
        "deviations": [f"{name}: {text}" for name, said in facts.items() for text in said["deviations"]],
        "caveats": [f"{name}: learned from the test fold, by itself or through a teacher, so its development scores "
                    "are not those of unheard clips" for name in models if run.has_heard_test(name)],
    }


def _clips(at: Layout, run: Run, name: str, part: str) -> list[str]:
    if part == "validation":
        rows = split_rows(at, run, run.model(name))[1]
        if rows.empty:
            raise InputError(f"{at.config}: model {name} has no validation clips, expected "
                             "training.validation_share above 0, since something is fitted on them")
    elif part == "learning":
        rows = training_rows(read_index(at.index(run.development)), run.learning_data(name))
    else:
        rows = read_index(at.index(run.evaluation if part == "evaluation" else run.development))
        rows = rows[rows["split"] == ("evaluation" if part == "evaluation" else "test")]
    return rows["filename"].tolist()
