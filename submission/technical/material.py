"""Everything a technical report is made from, read from a run folder.

Inputs: config.yaml, trained models, scores of systems (needed) and of models (if there), quantization.json and the list
of figures (if there). Nothing is computed here but the counts of networks.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submission.items import INDEX, Items, read_items
from submission.recipe_changes import recipe_changes
from submission.systems import Scores, SystemFacts, gather
from task1.complexity import Complexity
from task1.complexity_tables import count_model
from task1.config import Edition, ModelRecipe, Run, dataset, edition, load_run
from task1.errors import InputError
from task1.layout import Layout
from task1.scoring.seeds import read_seeds


@dataclass(frozen=True)
class Model:
    """One trained network: a system's, a teacher, a baseline, an ablation."""

    name: str
    recipe: ModelRecipe
    facts: Mapping[str, Any]
    """What model.json says."""
    complexity: Complexity
    scores: Scores | None
    """On the development test fold, if the model was scored by itself."""


@dataclass(frozen=True)
class Material:
    """`folder` is the run folder; `said`: what recipes asked for and was not done, and what to know of scores."""

    folder: Path
    run: Run
    rules: Edition
    systems: tuple[SystemFacts, ...]
    models: Mapping[str, Model]
    intervals: Mapping[str, Any]
    deviations: tuple[str, ...]
    caveats: tuple[str, ...]
    changes: tuple[str, ...]
    quantization: Mapping[str, Any] | None
    seeds: Mapping[str, Any] | None
    """Mean and spread of the scores, where the run was trained from several seeds."""
    items: Items | None

    @property
    def limited(self) -> bool:
        """Whether the edition limits complexity."""
        return self.rules.size.limit is not None or self.rules.macs.limit is not None

    @property
    def best(self) -> SystemFacts:
        """The submitted system that the edition's own metric puts first on the development test fold."""
        systems = [system for system in self.systems if system.system.submitted] or self.systems
        if self.rules.ranking.metric == "log_loss":
            return min(systems, key=lambda system: system.scored.scores["log_loss"])
        return max(systems, key=lambda system: system.scored.scores["accuracy"])

    @property
    def subject(self) -> str:
        return f"{'low-complexity ' if self.limited else ''}acoustic scene classification"

    @property
    def task(self) -> str:
        """Task 1, or Task 1A."""
        return f"Task {self.rules.task_label.removeprefix('task').upper()}"

    def corpus(self, part: str) -> str:
        """Title of the data set that this run used."""
        return dataset(getattr(self.run, part)).title


def gather_material(folder: Path) -> Material:
    """Read a run folder; what is missing and needed is told in one sentence."""
    layout, run = Layout(folder), load_run(folder)
    rules = edition(run.edition)
    systems = tuple(gather(layout, run, rules))
    counted = {member.name: member.complexity for system in systems for member in system.members}
    models = {name: _model(layout, run, name, counted.get(name)) for name in run.models}
    first = _read(layout.scores(systems[0].index, "development")) or {}
    about = [(_read(layout.scores(system.index, "development")) or {})["systems"][0]["system"] or {}
             for system in systems]
    deviations = [text for said in about for text in said.get("deviations", ())]
    deviations += [f"{name}: {text}" for name, model in models.items() for text in model.facts.get("deviations", ())]
    caveats = [text for said in about for text in said.get("caveats", ())]
    return Material(
        folder, run, rules, systems, models, first.get("intervals", {}), tuple(dict.fromkeys(deviations)),
        tuple(dict.fromkeys(caveats)), tuple(recipe_changes(run)), _read(layout.quantization),
        read_seeds(layout, run), read_items(folder) if (layout.report / INDEX).exists() else None)


def _model(layout: Layout, run: Run, name: str, complexity: Complexity | None) -> Model:
    facts = _read(layout.model(name) / "model.json")
    if facts is None:
        raise InputError(f"{layout.model(name)}: no trained model there (model.json); train it first")
    scored = _read(layout.model_scores(name, "development"))
    return Model(name, run.models[name], facts, complexity or count_model(run, name),
                 scored["systems"][0]["scores"] if scored else None)


def _read(path: Path) -> Any:
    """A JSON file of ours, or None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); make it again") from None
