"""A tiny exported model for short clips of a low rate, and recordings made on the fly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

from task1.compress.export import export_float
from task1.compress.run_onnx import metadata_of
from task1.config import FeatureSettings, ModelRecipe

RATE, LENGTH = 8000, 2000
FEATURES = FeatureSettings(sample_rate=RATE, clip_seconds=LENGTH / RATE, n_fft=256, win_length=256, hop_length=128,
                           n_mels=16, f_min=0, f_max=4000, mel_scale="htk", mel_norm="slaney",
                           log={"base": "10", "floor": 1e-10})
RECIPE = ModelRecipe.model_validate({
    "role": "system", "network": {"class": "stand-in"},
    "input": {"normalise": "clip_standard", "deltas": {"order": 1, "kind": "padded"}},
    "augmentation": {"crop_frames": 12},
    "training": {"epochs": 1, "batch_size": 4, "optimizer": {"name": "sgd", "lr": 0.1},
                 "schedule": {"name": "constant"}, "loss": {"combine": "weighted"}, "validation_share": 0.1,
                 "keep": "last", "seed": 1},
    "compression": {"weights": "float32"}, "decision": {"combine": "logit_mix", "scene_share": 0.8},
})

Record = Callable[..., Path]


def stand_in() -> nn.Module:
    """Sees every value: nothing that differs in its input comes out the same."""
    torch.manual_seed(3)
    return nn.Sequential(nn.Flatten(), nn.Linear(2 * 16 * 12, 13)).eval()


def export(path: Path, provenance: dict[str, Any]) -> Path:
    export_float(stand_in(), (2, 16, 12), path, metadata_of(RECIPE, FEATURES, provenance))
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("model") / "model.onnx", {"entry": "made-up", "embedded": False})


@pytest.fixture(scope="session")
def synthetic_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("synthetic") / "model.onnx", {"entry": "made-up", "embedded": True})


def noise(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    """Noise of a colour that drifts, so that its windows differ."""
    wave = np.random.default_rng(seed).normal(0, 0.05, (samples, channels))
    wave[1:] += wave[:-1] * np.sin(np.arange(1, samples) / 3000)[:, None]
    return wave if channels > 1 else wave[:, 0]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Write a recording of `samples`, by default noise; return its path."""

    def write(name: str = "clip.wav", wave: np.ndarray | None = None, rate: int = RATE, **how: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(LENGTH) if wave is None else wave, rate, **how)
        return path

    return write
