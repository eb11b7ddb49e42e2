"""The network of a recipe with the weights that its training ended with, whatever form of them ships.

`<folder>` is what `task1 train` writes: model.safetensors (of int8 networks with the ranges of their activations) and
model.json (recipe, features, widths of what pruning has made narrower).
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from task1.compress.prune import Widths, shrink, widths_of
from task1.compress.quantize import original, prepare_qat
from task1.config import FeatureSettings, ModelRecipe, check
from task1.errors import InputError
from task1.models import build

Shape = tuple[int, int, int]


def restore(recipe: ModelRecipe, tensors: Mapping[str, Tensor], shape: Sequence[int], widths: Widths) -> nn.Module:
    """In evaluation mode; an int8 network as what simulates it, for clips of `shape` (channel, mel, frame)."""
    network = build(recipe.network)
    shrink(network, widths)
    if recipe.compression.weights == "int8":
        network = prepare_qat(network, torch.zeros(1, *shape))
    network.load_state_dict(dict(tensors))
    return network.eval()


def load_network(folder: Path) -> nn.Module:
    """The network that `task1 train` wrote into `folder`, as `restore` gives it; in float32, unless it is int8."""
    where = folder / "model.json"
    try:
        facts = json.loads(where.read_text(encoding="utf-8"))
        recipe = check(ModelRecipe, facts["recipe"], str(where))
        features = check(FeatureSettings, facts["features"], str(where))
        return restore(recipe, load_file(folder / "model.safetensors"), shape_of(recipe, features), widths_of(facts))
    except FileNotFoundError:
        raise InputError(f"{folder}: no trained model there (model.json, model.safetensors); train it first") from None
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{folder}: damaged model ({str(error).splitlines()[0]}); train it again") from None


def load_float(folder: Path) -> nn.Module:
    """The published float network with its trained weights: what parameters and MACs are counted on."""
    return original(load_network(folder)).eval()


def shape_of(recipe: ModelRecipe, features: FeatureSettings) -> Shape:
    """(channel, mel, frame) of what the network sees of one clip."""
    return recipe.input.channels, features.n_mels, recipe.frames(features.frames)
