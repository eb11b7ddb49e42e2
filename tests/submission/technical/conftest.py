"""Materials of reports without a training: any entry's recipe, made-up scores, a network of one layer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from submission.systems import Member, Scored, SystemFacts
from submission.technical.material import Material, Model
from task1.complexity import count
from task1.config import dataset, edition, resolve, taxonomy

MakeMaterial = Callable[..., Material]


def scores(accuracy: float, log_loss: float) -> dict[str, Any]:
    """Overall figures as given; the first scene and the unseen devices are worse than the others."""
    def node(of: float, clips: int) -> dict[str, Any]:
        return {"clips": clips, "accuracy": of, "accuracy_interval": [of - 0.05, of + 0.05], "log_loss": log_loss,
                "log_loss_interval": [log_loss - 0.1, log_loss + 0.1]}

    scenes, devices = taxonomy().scenes, sorted(dataset("tau2022mobile_dev").counts.per_device)
    return {**node(accuracy, 900),
            "class_wise": {scene: node(accuracy - (0.2 if scene == scenes[0] else 0), 90) for scene in scenes},
            "device_wise": {device: node(accuracy - 0.1 * (device in ("s4", "s5", "s6")), 100) for device in devices},
            "device_groups": {"seen": node(accuracy, 600), "unseen": node(accuracy - 0.1, 300)}}


@pytest.fixture(scope="session")
def complexity() -> Any:
    return count(nn.Sequential(nn.Conv2d(2, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()), (2, 8, 4))


@pytest.fixture
def make_material(tmp_path: Path, complexity: Any) -> MakeMaterial:
    """`make_material(entry, profile, settings, accuracy=...)`; `changes` are laid over the material."""

    def make(entry: str = "wang2023", profile: str = "full", settings: Sequence[str] = (), accuracy: float = 0.625,
             log_loss: float = 1.234, **changes: Any) -> Material:
        run = resolve(entry, profile, settings)
        rules = edition(run.edition)
        found = scores(accuracy, log_loss)
        facts: dict[str, Any] = {"clips": {"train": 1700, "copies": 12, "validation": 200}, "seconds": 61.0,
                                 "made_with": {"python": "3.11.7", "torch": "2.13.0", "device": "cpu"}}
        models = {name: Model(name, recipe, facts | {"weights": recipe.compression.weights}, complexity, found)
                  for name, recipe in run.models.items()}
        systems = tuple(SystemFacts(
            index, f"{run.texts.label}_{rules.task_label}_{index}", system,
            tuple(Member(name, complexity, run.models[name].compression.weights,
                         run.models[name].compression.bytes_per_weight, "0" * 64) for name in system.models),
            Scored(found, (), "f" * 64)) for index, system in sorted(run.systems.items()))
        content: dict[str, Any] = {
            "folder": tmp_path, "run": run, "rules": rules, "systems": systems, "models": models,
            "intervals": {"level": 0.95, "resamples": 1000, "locations": 40, "reason": None}, "deviations": (),
            "caveats": (), "changes": (), "quantization": None, "seeds": None,
            "items": None}
        return Material(**content | changes)

    return make
