"""From logits to tables: decisions against their formulas, whole runs on a store and an index made on the fly."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from task1 import inference
from task1.config import ModelRecipe, taxonomy
from task1.config.recipe import Decision
from task1.errors import InputError
from task1.inference import decide, load_trained, predict
from task1.training.checkpoint import save_tensors

RECIPE = {
    "role": "system", "network": {"class": "stand-in"}, "input": {"normalise": "clip_standard"},
    "augmentation": {"crop_frames": 6},
    "training": {"epochs": 1, "batch_size": 4, "optimizer": {"name": "sgd", "lr": 0.1},
                 "schedule": {"name": "constant"}, "loss": {"combine": "weighted"}, "validation_share": 0.1,
                 "keep": "last", "seed": 1},
    "compression": {"weights": "float32"}, "decision": {"combine": "logit_mix", "scene_share": 0.8},
}
CPU = torch.device("cpu")


class StandIn(nn.Module):
    """Sees exactly the frames it was trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(5 * 6, 13)
        self.norm = nn.BatchNorm1d(13)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.head(x.flatten(1)))


class Store:
    """Stands in for the feature store: log-mels of 5 mels by 9 frames by file name."""

    def __init__(self, count: int) -> None:
        self.filenames = [f"audio/{i}.wav" for i in range(count)]
        self.logmel = np.random.default_rng(0).normal(size=(count, 5, 9)).astype(np.float16)

    def rows(self, names: list[str]) -> np.ndarray:
        return np.array([self.filenames.index(name) for name in names])

    def read(self, positions: np.ndarray) -> np.ndarray:
        return self.logmel[positions]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(inference, "build", lambda spec: StandIn())
    torch.manual_seed(0)
    save_tensors(dict(StandIn().state_dict()), tmp_path / "model.safetensors")
    (tmp_path / "model.json").write_text(json.dumps({"recipe": RECIPE, "weights": "float32", "deviations": []}))
    return tmp_path


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def test_decisions_follow_their_formulas() -> None:
    z = np.random.default_rng(1).normal(size=(20, 13))
    parents = list(taxonomy().parents)
    logits, scenes, supers = torch.from_numpy(z), z[:, :10], z[:, 10:]
    np.testing.assert_allclose(decide(logits, Decision(combine="scene")), softmax(scenes), rtol=1e-12)
    product = softmax(scenes) * softmax(supers)[:, parents]
    np.testing.assert_allclose(decide(logits, Decision(combine="product")),
                               product / product.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(decide(logits, Decision(combine="logit_mix", scene_share=0.7)),
                               softmax(0.7 * scenes + 0.3 * supers[:, parents]), rtol=1e-12)


@pytest.mark.parametrize("combine", ["product", "logit_mix"])
def test_a_super_class_head_is_needed_to_combine(combine: str) -> None:
    with pytest.raises(InputError, match="no three-class output"):
        decide(torch.zeros(2, 10), Decision.model_validate({"combine": combine}))


def test_predictions_follow_names_not_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(11)
    whole = predict(folder, store, store.filenames, CPU)  # type: ignore[arg-type]
    monkeypatch.setitem(inference.BATCHES, "cpu", 3)
    turned = predict(folder, store, store.filenames[::-1], CPU)  # type: ignore[arg-type]
    assert whole.filenames[0] == "0.wav"
    np.testing.assert_allclose(whole.probabilities, turned.probabilities[::-1], rtol=1e-5)
    assert len(np.unique(whole.probabilities[:, 0])) == 11


def test_long_clips_are_cut_to_their_middle(folder: Path) -> None:
    store = Store(4)
    before = predict(folder, store, store.filenames, CPU)  # type: ignore[arg-type]
    recipe = ModelRecipe.model_validate(RECIPE)
    network = load_trained(folder, CPU).network
    from task1.features.network_input import network_input
    x = network_input(torch.from_numpy(store.logmel), recipe.input)[..., 1:7]
    with torch.inference_mode():
        expected = decide(network(x).double(), recipe.decision)
    np.testing.assert_allclose(before.probabilities, expected, rtol=1e-6)


@pytest.mark.parametrize(("name", "content"), [("model.safetensors", b"x"), ("model.json", b"{"),
                                               ("model.json", b"{}")])
def test_a_damaged_model_is_told(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match="damaged model"):
        load_trained(folder, CPU)


def test_an_untrained_model_is_told(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="train it first"):
        load_trained(folder, CPU)


def test_cuda_that_is_not_there_is_told() -> None:
    if torch.cuda.is_available():
        assert inference.choose_device("auto").type == "cuda"
    else:
        assert inference.choose_device("auto").type == "cpu"
        with pytest.raises(InputError, match="no NVIDIA GPU"):
            inference.choose_device("cuda")


@pytest.mark.parametrize(("there", "expected"), [(1, []), (4, [3])])
def test_one_of_several_gpus_becomes_the_current_one(monkeypatch: pytest.MonkeyPatch, there: int,
                                                     expected: list[int]) -> None:
    current: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: there)
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(inference, "own_number", lambda count: count - 1)
    assert inference.choose_device("auto") == torch.device("cuda")
    assert current == expected
    assert inference.choose_device("cpu").type == "cpu"


def test_training_rows_and_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    from task1.training.data import load_clips, training_rows

    store = Store(4)
    store.skipped, store.shape = {"audio/2.wav": "silent"}, (4, 5, 9)  # type: ignore[attr-defined]
    index = pd.DataFrame({"filename": store.filenames, "scene": ["bus", "tram", "bus", "park"],
                          "device": ["a", "b", "c", "s1"], "split": ["train", "train", "train", "test"]})
    clips = load_clips([(store, training_rows(index, "train"))], CPU, "clips")  # type: ignore[list-item]
    assert clips.filenames == ["audio/0.wav", "audio/1.wav"]
    assert clips.scenes.tolist() == [1, 9]
    np.testing.assert_array_equal(clips.logmel.numpy(), store.logmel[:2])
    assert len(load_clips([(store, training_rows(index, "all"))], CPU, "clips")) == 3  # type: ignore[list-item]
    with pytest.raises(InputError, match="1 of them without a known scene"):
        load_clips([(store, index.assign(scene=["", "bus", "bus", "bus"]))], CPU, "clips")  # type: ignore[list-item]
    both = load_clips([(store, index[:1]), (store, index[3:])], CPU, "clips")  # type: ignore[list-item]
    assert both.filenames == ["audio/0.wav", "audio/3.wav"]
    assert both.devices == ["a", "s1"]
    np.testing.assert_array_equal(both.logmel.numpy(), store.logmel[[0, 3]])
