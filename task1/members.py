"""Figures of trained models, counted as an edition's limits count them; those of an ensemble are their sums.

Input: folders `<run>/models/<name>` that `task1 train` wrote. Output: complexity and bytes a weight, or size and MACs.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from task1.complexity import Complexity, count, counted_size
from task1.complexity_tables import input_shape
from task1.compress.quantize import prepare_qat
from task1.config import Edition, load_run
from task1.config.recipe import BYTES_PER_WEIGHT
from task1.errors import InputError
from task1.inference import load_trained
from task1.models import build

WEIGHTS = "model.safetensors"


def count_trained(folder: Path) -> tuple[Complexity, int]:
    """Complexity of the published float network of a trained model and bytes a weight takes in what ships.

    Non-zero are those of the trained parameters.
    """
    if not (folder / "model.json").exists():
        raise InputError(f"{folder}: no trained model there; expected RUN/models/NAME, as `task1 train` writes it")
    run = load_run(folder.resolve().parents[1])
    if folder.resolve().name not in run.models:
        raise InputError(f"{folder}: no model of the run above it; there are: {', '.join(run.models)}")
    trained = load_trained(folder, torch.device("cpu"))
    shape, shipped = input_shape(run, folder.resolve().name), BYTES_PER_WEIGHT[trained.facts["weights"]]
    if trained.network is not None:
        return count(trained.network, shape), shipped
    network = build(trained.recipe.network)
    counted = count(network, shape)
    names = {name for name, _ in prepare_qat(network, torch.zeros(1, *shape)).named_parameters()}
    non_zero = sum(int(torch.count_nonzero(tensor)) for name, tensor in load_file(folder / WEIGHTS).items()
                   if name in names)
    return dataclasses.replace(counted, non_zero=non_zero), shipped


def figures_of(folders: Sequence[Path], rules: Edition) -> list[tuple[int, int]]:
    """Size, as the edition counts it, and MACs of each trained model."""
    counted = [count_trained(folder) for folder in folders]
    return [(counted_size(complexity, rules, shipped), complexity.macs[rules.macs.convention])
            for complexity, shipped in counted]

