"""Figures of trained models, counted as an edition's limits count them; those of an ensemble are their sums.

Input: folders `<run>/models/<name>` that `task1 train` wrote. Output: complexity and bytes a weight, or size and MACs.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from task1.complexity import Complexity, count, counted_size
from task1.complexity_tables import input_shape
from task1.compress.restore import load_float
from task1.config import Edition, load_run
from task1.config.recipe import BYTES_PER_WEIGHT
from task1.errors import InputError
from task1.inference import load_trained


def count_trained(folder: Path) -> tuple[Complexity, int]:
    """Complexity of a trained model's float network, as narrow as pruning made it, and bytes a weight takes."""
    if not (folder / "model.json").exists():
        raise InputError(f"{folder}: no trained model there; expected RUN/models/NAME, as `task1 train` writes it")
    run = load_run(folder.resolve().parents[1])
    if folder.resolve().name not in run.trainings:
        raise InputError(f"{folder}: no model of the run above it; there are: {', '.join(run.trainings)}")
    trained = load_trained(folder, torch.device("cpu"))
    shape, shipped = input_shape(run, folder.resolve().name), BYTES_PER_WEIGHT[trained.facts["weights"]]
    network = trained.network if trained.network is not None else load_float(folder)
    return count(network, shape), shipped


def figures_of(folders: Sequence[Path], rules: Edition) -> list[tuple[int, int]]:
    """Size, as the edition counts it, and MACs of each trained model."""
    counted = [count_trained(folder) for folder in folders]
    return [(counted_size(complexity, rules, shipped), complexity.macs[rules.macs.convention])
            for complexity, shipped in counted]

