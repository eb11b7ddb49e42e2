"""The meta YAML of one system, in the order of its edition's template.

Inputs: the run, the edition's key list, the system's scores, counted complexity and measured energy. Accuracies are
percent (mean over classes), log losses nats, sizes whole numbers; `!!null` is "not applicable". Nothing is typed in by
hand: what a team writes itself comes from the entry's `texts` and `authors`, the rest from scored tables and counters.
"""

from collections.abc import Mapping
from typing import Any

from submission.energy import Energy
from submission.systems import Scores, SystemFacts
from submission.validate.figures import ENERGY, KIBIBYTE
from submission.yamltext import render
from task1.config import Author, Edition, Run, dataset, taxonomy

DEVIATIONS_COMMENT = "What the recipe asks for and this run did not do; the results are those of what was done."
CORPUS_COMMENT = ("Recordings behind these results, and those that the output table is about. origin is embedded for "
                  "synthetic ones, recorded for TAU.")
EMBEDDED_WARNING = """\
EMBEDDED CORPUS: every result in this file comes from synthetic recordings that the program made itself.
It shows that the pipeline works; it is no result on TAU Urban Acoustic Scenes. Do not submit or publish it as one."""


def meta_text(facts: SystemFacts, run: Run, rules: Edition, energy: Energy) -> str:
    """The YAML text of one system."""
    tree = meta_tree(facts, run, rules, energy)
    comments = {key.path: key.comment for key in rules.meta_keys} | {
        "results.corpus": CORPUS_COMMENT, "system.deviations": DEVIATIONS_COMMENT}
    for key, note in energy.notes.items():
        if energy.kwh[key] is not None:
            comments[f"{ENERGY}.{key}"] = f"{comments.get(f'{ENERGY}.{key}', '')} {note}"
    heading = f"Meta information of {facts.label}, DCASE{rules.year} Challenge, Task 1\n"
    if run.embedded:
        heading += f"\n{EMBEDDED_WARNING}\n"
    return render(tree, comments, heading)


def meta_tree(facts: SystemFacts, run: Run, rules: Edition, energy: Energy) -> dict[str, Any]:
    """The edition's keys, in its order, with this system's values; then the corpus that the results come from."""
    known = _values(facts, run, rules, energy)
    tree: dict[str, Any] = {}
    paths = [key.path for key in rules.meta_keys]
    for path in paths:
        value = _lookup(known, path)
        listed_inside = any(other.startswith(f"{path}.") for other in paths)
        _place(tree, path, {} if isinstance(value, Mapping) and listed_inside else value)
    # beyond the template, which allows more keys
    if facts.scored.deviations:
        tree["system"]["deviations"] = list(facts.scored.deviations)
    tree["results"]["corpus"] = known["results"]["corpus"]
    return tree


def decided_by(facts: SystemFacts, run: Run) -> str | None:
    """How the members' outputs become one decision."""
    if facts.system.combine == "single":
        return run.texts.decision_making
    return {"mean": "average", "log_mean": "average of log probabilities", "weighted": "weighted average",
            "linear": "linear fusion", "vote": "majority vote"}[facts.system.combine]


def _values(facts: SystemFacts, run: Run, rules: Edition, energy: Energy) -> dict[str, Any]:
    texts, count = run.texts, len(facts.members)
    name = facts.system.name or texts.name
    return {
        "submission": {
            "label": facts.label,
            "name": f"{name} (embedded corpus)" if run.embedded else name,
            "abbreviation": facts.system.abbreviation or texts.abbreviation,
            "authors": [_author(author) for author in run.authors],
        },
        "system": {
            "description": {
                "input_channels": texts.input_channels,
                "input_sampling_rate": f"{run.features.sample_rate / 1000:g}kHz",
                "acoustic_features": texts.acoustic_features,
                "embeddings": texts.embeddings,
                "data_augmentation": texts.data_augmentation,
                "machine_learning_method": texts.machine_learning_method,
                "ensemble_method_subsystem_count": count if count > 1 else None,
                "decision_making": decided_by(facts, run),
                "external_data_usage": texts.external_data_usage,
                "complexity_management": texts.complexity_management,
                "pipeline": texts.pipeline,
                "framework": texts.framework,
            },
            "complexity": {
                "total_model_size": facts.bytes,
                "total_parameters": facts.parameters,
                "total_parameters_non_zero": facts.non_zero,
                "model_size": round(facts.non_zero_bytes / KIBIBYTE, 2),
                "memory_use": facts.size(rules),
                "macs": facts.macs(rules.macs.convention),
            },
            "energy_consumption": dict(energy.kwh),
            "external_datasets": [],
            "source_code": texts.source_code,
        },
        "results": {
            "development_dataset": _results(facts.scored.scores, rules),
            "corpus": {"name": run.development, "title": dataset(run.development).title,
                       "evaluation": run.evaluation, "origin": "embedded" if run.embedded else "recorded"},
        },
    }


def _author(author: Author) -> dict[str, Any]:
    content = author.model_dump()
    if content["affiliation"]["department"] is None:
        del content["affiliation"]["department"]
    return content


def _results(scores: Scores, rules: Edition) -> dict[str, Any]:
    return {
        "overall": _pair(scores),
        "class_wise": {scene: _pair(scores["class_wise"].get(scene)) for scene in taxonomy().scenes},
        "device_wise": {name: _pair(scores["device_wise"].get(name)) for name in development_devices(rules)},
    }


def development_devices(rules: Edition) -> list[str]:
    """The devices of the edition's development set, real ones first."""
    present = dataset(rules.datasets["development"]).counts.per_device
    return [name for kind in ("real", "simulated") for name in taxonomy().devices[kind] if name in present]


def _pair(scores: Scores | None) -> dict[str, float | None]:
    """Accuracy in percent and log loss; null where there was no clip."""
    accuracy, log_loss = (scores["accuracy"], scores["log_loss"]) if scores else (None, None)
    return {"accuracy": None if accuracy is None else round(100 * accuracy, 4),
            "logloss": None if log_loss is None else round(log_loss, 6)}


def _lookup(known: Mapping[str, Any], path: str) -> Any:
    value: Any = known
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _place(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set a dotted key; keys inside a list (the authors') came with it."""
    *parents, last = path.split(".")
    for part in parents:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree[last] = value
