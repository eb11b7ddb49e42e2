"""An exported model on stored log-mels, with nothing but its file: input, crop and decision are in its metadata.

`metadata_of` is what an export has to carry; `classify_onnx` reads it back. ONNX Runtime executes the file on the CPU,
in integers where it holds integers. Input: stored log-mels (clip, mel, frame). Output: probabilities (clip, scene).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from task1.augment.translate import centre_crop
from task1.compress.export import INPUT, OUTPUT
from task1.compress.runtime import session
from task1.config import FeatureSettings, InputSettings, ModelRecipe, check, taxonomy
from task1.config.recipe import Decision
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.inference import decide
from task1.outputs import Floats

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_BATCH = 32
_KEYS = ("features", "input", "crop_frames", "decision", "classes", "provenance")


def metadata_of(recipe: ModelRecipe, features: FeatureSettings, provenance: Mapping[str, Any]) -> dict[str, str]:
    """All that classifying needs beside the network, and where the network comes from, as JSON texts."""
    told = {
        "features": features.model_dump(mode="json"), "input": recipe.input.model_dump(mode="json"),
        "crop_frames": recipe.augmentation.crop_frames, "decision": recipe.decision.model_dump(mode="json"),
        "classes": taxonomy().scenes, "provenance": dict(provenance),
    }
    return {key: json.dumps(value, sort_keys=True) for key, value in told.items()}


class OnnxModel:
    """A file, ready to classify; its settings and `provenance` are what its export said."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self._session = session(path, threads=threads)
        told = _metadata(self._session, path)
        self.features = check(FeatureSettings, told["features"], f"{path}: metadata features")
        self.input = check(InputSettings, told["input"], f"{path}: metadata input")
        self.decision = check(Decision, told["decision"], f"{path}: metadata decision")
        self.crop_frames, self.provenance = told["crop_frames"], told["provenance"]
        if told["classes"] != list(taxonomy().scenes):
            raise InputError(f"{path}: metadata classes: found {told['classes']}, expected the scenes of "
                             "meta/taxonomy.yaml in their order; export the model again")

    def classify(self, logmel: Tensor) -> Floats:
        """Probabilities (clip, scene) of stored log-mels (clip, mel, frame)."""
        parts = [self.run(self.network_input(part)) for part in logmel.split(_BATCH) if len(part)]
        return np.concatenate(parts) if parts else np.empty((0, len(taxonomy().scenes)))

    def network_input(self, logmel: Tensor) -> Tensor:
        """What the network sees, (clip, channel, mel, frame), of stored log-mels (clip, mel, frame)."""
        x = network_input(logmel, self.input)
        return centre_crop(x, self.crop_frames) if self.crop_frames else x

    def run(self, x: Tensor) -> Floats:
        """Probabilities (clip, scene) of what the network sees (clip, channel, mel, frame)."""
        (logits,) = self._session.run([OUTPUT], {INPUT: x.numpy()})
        return decide(torch.from_numpy(logits).double(), self.decision).numpy()


def classify_onnx(path: Path, logmel: Tensor) -> Floats:
    """Probabilities (clip, scene) that the exported model gives stored log-mels (clip, mel, frame)."""
    return OnnxModel(path).classify(logmel)


def _metadata(runner: "InferenceSession", path: Path) -> dict[str, Any]:
    texts = runner.get_modelmeta().custom_metadata_map
    absent = [key for key in _KEYS if key not in texts]
    if absent:
        raise InputError(f"{path}: metadata {', '.join(absent)} missing, so it cannot be told what the model was made "
                         "for; expected a file that this project exported")
    return {key: json.loads(texts[key]) for key in _KEYS}
