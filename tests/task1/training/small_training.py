"""A training of seconds for tests: a recipe, clips that can be learned, a network; as a program it trains once."""

import sys
from pathlib import Path

import torch
from torch import nn

from task1.augment.pipeline import Augmenter
from task1.config import ModelRecipe
from task1.training.checkpoint import Checkpoint, save_tensors
from task1.training.data import Clips
from task1.training.loop import fit
from task1.training.state import State


def recipe(**training: object) -> ModelRecipe:
    return ModelRecipe.model_validate({
        "role": "system", "network": {"class": "none"}, "input": {"normalise": "clip_standard"},
        "augmentation": {"mixup": {"alpha": 0.4, "whole_batch_until": 0.5},
                         "masking": {"time": {"stripes": 1, "max_width": 1}}},
        "training": {"epochs": 8, "batch_size": 16, "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9},
                     "schedule": {"name": "cosine", "lr_min": 1e-6}, "loss": {"combine": "pcgrad", "super_weight": 1},
                     "validation_share": 0.1, "keep": "best_accuracy", "seed": 1, **training},
        "compression": {"weights": "float32"}, "decision": {"combine": "logit_mix", "scene_share": 0.8},
    })


def clips(count: int, seed: int) -> Clips:
    """Clips of 20 mels by 8 frames; each scene is loud in two mels of its own."""
    generator = torch.Generator().manual_seed(seed)
    scenes = torch.arange(count) % 10
    logmel = torch.randn(count, 20, 8, generator=generator)
    logmel += 3 * nn.functional.one_hot(scenes, 10).repeat_interleave(2, dim=1)[:, :, None]
    return Clips([f"{seed}-{i}.wav" for i in range(count)], logmel.half(), scenes, ["a"] * count)


def small_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d((10, 1)),
                         nn.Flatten(), nn.Dropout(0.2), nn.Linear(80, 13))


def run(folder: Path, chosen: ModelRecipe, count: int = 160, network: nn.Module | None = None) -> State:
    checkpoint = Checkpoint(folder / "checkpoint", "small")
    return fit("small", network or small_network(), chosen, clips(count, 1), clips(40, 2),
               Augmenter(chosen.augmentation), checkpoint)


if __name__ == "__main__":
    torch.set_num_threads(1)
    target = Path(sys.argv[1])
    save_tensors(run(target, recipe(epochs=int(sys.argv[2])), 1600).result(), target / "model.safetensors")
