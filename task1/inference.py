"""From stored log-mels to official output tables, without anything of the trainer.

A trained network is a folder with `model.safetensors` and `model.json` (recipe and origin). Clips longer than what the
network was trained on (`crop_frames`) are cut to their middle, so that it always sees what its size is counted on.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from tqdm import tqdm

from task1.augment.translate import centre_crop
from task1.compress.prune import shrink, widths_of
from task1.config import ModelRecipe, check, taxonomy
from task1.config.recipe import Decision
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.models import build
from task1.outputs import Floats, Outputs
from task1.processes import own_number

if TYPE_CHECKING:
    from task1.features.store import FeatureStore

LAYOUT = torch.channels_last
"""Of networks and inputs: on a CPU a step of training takes a third less time so, classifying half and less."""
BATCHES = {"cpu": 32, "cuda": 512}  # larger ones on a CPU are nine times slower: memory comes fresh from the system


ONNX = "model.onnx"
"""Beside the weights: what ships, whatever its type. Of an int8 network it is what is executed."""


@dataclass(frozen=True)
class Trained:
    """What classifies stored log-mels (clip, mel, frame), its recipe, and all that model.json says.

    `network` is None where ONNX Runtime executes integers.
    """

    classify: Callable[[Tensor], Floats]
    network: nn.Module | None
    recipe: ModelRecipe
    facts: dict[str, Any]


def choose_device(name: str) -> torch.device:
    """`auto` takes an NVIDIA GPU where there is one; jobs of a run on a machine with several take one each."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: this PyTorch finds no NVIDIA GPU; use --device cpu")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    if torch.cuda.device_count() > 1:
        torch.cuda.set_device(own_number(torch.cuda.device_count()))
    return torch.device("cuda")


def decide(logits: Tensor, decision: Decision) -> Tensor:
    """Logits (batch, scenes [+ super-classes]) -> probabilities (batch, scene), with p(s) the scene s's parent:

    scene      softmax(z10)
    product    p10_s * p3_p(s), normalised to sum 1
    logit_mix  softmax(share * z10_s + (1 - share) * z3_p(s))
    """
    count = len(taxonomy().scenes)
    scenes, supers = logits[:, :count], logits[:, count:]
    if decision.combine == "scene":
        return scenes.softmax(dim=1)
    if not supers.shape[1]:
        raise InputError(f"decision.combine {decision.combine}: the network has no three-class output; use `scene`")
    parents = torch.tensor(taxonomy().parents, device=logits.device)
    if decision.combine == "product":
        return (scenes.log_softmax(dim=1) + supers.log_softmax(dim=1)[:, parents]).softmax(dim=1)
    return (decision.scene_share * scenes + (1 - decision.scene_share) * supers[:, parents]).softmax(dim=1)


@torch.inference_mode()
def classify(network: nn.Module, logmel: Tensor, recipe: ModelRecipe) -> Floats:
    """Probabilities (clip, scene) of stored log-mels (clip, mel, frame); the network has to be in evaluation mode."""
    x = network_input(logmel, recipe.input)
    if recipe.augmentation.crop_frames:
        x = centre_crop(x, recipe.augmentation.crop_frames)
    return decide(network(x.contiguous(memory_format=LAYOUT)).double(), recipe.decision).cpu().numpy()


def load_trained(folder: Path, device: torch.device) -> Trained:
    """The network that `task1 train` wrote into `folder`."""
    where = folder / "model.json"
    try:
        facts = json.loads(where.read_text(encoding="utf-8"))
        recipe = check(ModelRecipe, facts["recipe"], str(where))
        if facts["weights"] == "int8":
            from task1.compress.run_onnx import OnnxModel  # which imports this module

            if not (folder / ONNX).exists():
                raise InputError(f"{folder / ONNX}: no such file, but it is what ships; train the model again")
            return Trained(OnnxModel(folder / ONNX).classify, None, recipe, facts)
        network = build(recipe.network)
        shrink(network, widths_of(facts))
        network.load_state_dict(load_file(folder / "model.safetensors"))
    except FileNotFoundError:
        raise InputError(f"{folder}: no trained model there (model.json, model.safetensors); train it first") from None
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{folder}: damaged model ({str(error).splitlines()[0]}); train it again") from None
    network.to(device, memory_format=LAYOUT).eval()  # type: ignore[call-overload]
    return Trained(lambda logmel: classify(network, logmel.to(device), recipe), network, recipe, facts)


def predict(folder: Path, store: "FeatureStore", filenames: Sequence[str], device: torch.device) -> Outputs:
    """The output table of the model in `folder` for clips of the feature store, in the order of `filenames`."""
    trained, batch = load_trained(folder, device), BATCHES[device.type]
    positions = store.rows(filenames)
    values = np.empty((len(filenames), len(taxonomy().scenes)))
    with tqdm(total=len(filenames), desc=f"predict {folder.name}", unit="clip", disable=None, leave=False) as bar:
        for start in range(0, len(filenames), batch):
            logmel = torch.from_numpy(store.read(positions[start:start + batch]))
            values[start:start + batch] = trained.classify(logmel)
            bar.update(len(logmel))
    return Outputs(tuple(filenames), values)
