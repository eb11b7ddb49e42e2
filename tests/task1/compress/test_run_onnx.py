"""An exported file classifies as the network in memory does, and says what it lacks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from task1.compress.export import export_float
from task1.compress.quantize import export_int8, prepare_qat
from task1.compress.run_onnx import OnnxModel, classify_onnx, metadata_of
from task1.config import resolve, taxonomy
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.inference import classify


def logmels(count: int, mel: int, frames: int) -> torch.Tensor:
    return (torch.randn(count, mel, 1) + 0.3 * torch.randn(count, mel, frames)).half()


@pytest.mark.parametrize(("entry", "model"), [
    ("wang2023", "model1"), pytest.param("zhao2021", "student3", marks=pytest.mark.slow)])
def test_a_file_classifies_as_its_network_does(entry: str, model: str, shipped: Callable[..., Any],
                                               tmp_path: Path) -> None:
    """wang2023: deltas and mixed logits; zhao2021: crop, valid deltas, product."""
    run = resolve(entry, "full")
    recipe, (network, shape) = run.models[model], shipped(entry, model)
    clips, path = logmels(3, run.features.n_mels, run.features.frames), tmp_path / "model.onnx"
    export_float(network, shape, path, metadata_of(recipe, run.features, {"model": model}))
    expected = classify(network, clips, recipe)
    np.testing.assert_allclose(classify_onnx(path, clips), expected, atol=1e-4)
    np.testing.assert_allclose(expected.sum(axis=1), 1)
    told = OnnxModel(path)
    assert (told.features, told.provenance) == (run.features, {"model": model})
    assert told.classify(clips[:0]).shape == (0, len(taxonomy().scenes))


def test_integers_classify_many_clips(shipped: Callable[..., Any], tmp_path: Path) -> None:
    run = resolve("wang2023", "full")
    recipe, (network, shape) = run.models["model1"], shipped("wang2023", "model1")
    clips, path = logmels(40, run.features.n_mels, run.features.frames), tmp_path / "int8.onnx"
    prepared = prepare_qat(network, network_input(clips, recipe.input)).eval()
    export_int8(prepared, shape, path, metadata_of(recipe, run.features, {}))
    executed = classify_onnx(path, clips)
    np.testing.assert_allclose(executed, classify(prepared, clips, recipe), atol=0.02)
    alone = np.concatenate([classify_onnx(path, clip[None]) for clip in clips[-2:]])
    np.testing.assert_array_equal(executed[-2:], alone)


def network() -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 10))


def test_a_file_without_metadata_is_refused(tmp_path: Path) -> None:
    export_float(network(), (2, 8, 8), tmp_path / "model.onnx", {"classes": "[]"})
    with pytest.raises(InputError, match=r"metadata features, input, crop_frames, decision, provenance missing"):
        classify_onnx(tmp_path / "model.onnx", torch.zeros(1, 8, 8))


def test_other_classes_are_refused(tmp_path: Path) -> None:
    run = resolve("wang2023", "full")
    told = metadata_of(run.models["model1"], run.features, {})
    told["classes"] = json.dumps(sorted(json.loads(told["classes"]), reverse=True))
    export_float(network(), (2, 8, 8), tmp_path / "model.onnx", told)
    with pytest.raises(InputError, match="metadata classes"):
        OnnxModel(tmp_path / "model.onnx")
