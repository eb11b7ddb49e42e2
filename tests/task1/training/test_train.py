"""From a run folder to a trained model's folder, with stand-ins for the store and the index."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from task1.complexity import count
from task1.complexity_tables import count_model, input_shape
from task1.compress.quantize import prepare_qat, simulate
from task1.compress.restore import load_float
from task1.compress.run_onnx import OnnxModel, classify_onnx
from task1.compress.ship import BEFORE
from task1.config import Run, resolve, taxonomy
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.inference import classify, load_trained
from task1.layout import Layout
from task1.models import build
from task1.training import fold as fold_module
from task1.training import train as module
from task1.training.checkpoint import Checkpoint
from task1.training.fold import load_fold
from task1.training.train import train

CPU = torch.device("cpu")
NARROW = ("features.n_mels=32",)  # as the stand-in for the store has it
DEVICES = ("a", "b", "s1")
NAMES = [f"audio/{scene}-lyon-{10 * number + place}-1-{moment}-{device}.wav"
         for number, scene in enumerate(taxonomy().scenes) for place in range(2) for moment in range(2)
         for device in DEVICES]


class Store:
    def __init__(self, folder: Path, settings: object) -> None:
        self.filenames, self.skipped, self.shape = NAMES, {}, (len(NAMES), 32, 44)

    def rows(self, names: list[str]) -> np.ndarray:
        return np.array([NAMES.index(name) for name in names])

    def read(self, positions: np.ndarray) -> np.ndarray:
        return np.random.default_rng(0).normal(size=self.shape).astype(np.float16)[positions]


def index(path: Path) -> pd.DataFrame:
    parts = [name.removeprefix("audio/").removesuffix(".wav").split("-") for name in NAMES]
    return pd.DataFrame({"filename": NAMES, "scene": [part[0] for part in parts], "device": [part[5] for part in parts],
                         "location": [f"lyon-{part[2]}" for part in parts], "split": "train"})


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    torch.set_num_threads(1)
    monkeypatch.setattr(fold_module, "FeatureStore", Store)
    monkeypatch.setattr(fold_module, "read_index", index)
    return tmp_path / "runs" / "x"


def plan(monkeypatch: pytest.MonkeyPatch, *settings: str) -> Run:
    run = resolve("wang2023", "tiny", settings)
    monkeypatch.setattr(module, "load_run", lambda folder: run)
    return run


def test_a_trained_folder_tells_its_origin(at: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    run = plan(monkeypatch, "training.epochs=2", "compression.weights=float16", "training.averaging={epochs: [1, 5]}")
    folder = train(at, "model1", CPU)
    assert sorted(path.name for path in folder.iterdir()) == ["history.csv", "model.json", "model.onnx",
                                                              "model.safetensors"]
    facts = json.loads((folder / "model.json").read_text())
    assert (facts["corpus"], facts["embedded"], facts["epochs"]) == (run.development, True, 2)
    assert facts["clips"] == {"train": 60, "copies": 0, "validation": 60}
    assert facts["kept"]["epoch"] in (1, 2)
    assert facts["deviations"] == ["training.averaging.epochs: 5 come after the last epoch"]
    assert facts["weights"] == "float16"
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16, torch.int64}
    assert capsys.readouterr().err.count(facts["deviations"][0]) == 1
    trained = load_trained(folder, CPU)
    assert trained.recipe == run.models["model1"]
    assert trained.network is not None
    assert not trained.network.training


def test_int8_ships_what_is_executed(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = plan(monkeypatch, "training.epochs=2", *NARROW)
    folder = train(at, "model1", CPU)
    assert sorted(path.name for path in folder.iterdir()) == [
        "history.csv", "model.float.onnx", "model.json", "model.onnx", "model.safetensors"]
    facts = json.loads((folder / "model.json").read_text())
    assert (facts["weights"], facts["deviations"]) == ("int8", [])
    trained = load_trained(folder, CPU)
    assert trained.network is None
    logmel = torch.from_numpy(Store(folder, None).read(np.arange(40)))
    simulated = prepare_qat(build(run.models["model1"].network), network_input(logmel[:2].float(),
                                                                               run.models["model1"].input)).eval()
    simulated.load_state_dict(load_file(folder / "model.safetensors"))
    simulate(simulated, True)
    expected = classify(simulated, logmel, run.models["model1"])
    np.testing.assert_allclose(trained.classify(logmel), expected, atol=0.02)
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(InputError, match="no ONNX model that can be run"):
        load_trained(folder, CPU)


def test_a_narrower_network_ships_and_loads(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = plan(monkeypatch, "training.epochs=1", "compression.weights=float16", *NARROW,
               "compression.pruning={kind: structured, share: 0.4, fine_tune_epochs: 1}")
    folder = train(at, "model1", CPU)
    facts = json.loads((folder / "model.json").read_text())
    assert (facts["epochs"], facts["kept"]["epoch"], facts["deviations"]) == (2, 2, [])
    trained = load_trained(folder, CPU)
    assert trained.network is not None
    told = count_model(run, "model1")
    assert count(trained.network, input_shape(run, "model1")).macs == told.macs
    assert told.parameters == sum(parameter.numel() for parameter in trained.network.parameters())
    assert told.parameters < 0.5 * sum(parameter.numel() for parameter in build(trained.recipe.network).parameters())
    logmel = torch.from_numpy(Store(folder, None).read(np.arange(8)))
    np.testing.assert_allclose(classify_onnx(folder / "model.onnx", logmel), trained.classify(logmel), atol=1e-6)


def test_int8_keeps_what_it_was_before_rounding(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(monkeypatch, "training.epochs=2", "compression.quantization_aware_from_epoch=1", *NARROW)
    folder = train(at, "model1", CPU)
    facts = json.loads((folder / "model.json").read_text())
    assert (facts["before_rounding"]["epoch"], facts["kept"]["epoch"]) == (1, 2)
    before = OnnxModel(folder / "model.float.onnx")
    assert before.provenance["weights"] == BEFORE
    logmel = torch.from_numpy(Store(folder, None).read(np.arange(8)))
    unrounded = classify(load_float(folder), logmel, load_trained(folder, CPU).recipe)
    assert np.abs(before.classify(logmel) - unrounded).max() > 1e-6  # an epoch lies between them


def test_clips_at_held_back_locations_are_never_learned_from(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_unused(path: Path) -> pd.DataFrame:
        table = index(path)
        return table.assign(split=["unused" if name.endswith("-b.wav") else "train" for name in table["filename"]])

    run = plan(monkeypatch, "training.data=all")
    monkeypatch.setattr(fold_module, "read_index", with_unused)
    fold = load_fold(Layout(at), run, "model1", CPU)
    assert fold.validation is not None
    assert any(name.endswith("-b.wav") for name in fold.train.filenames)  # unused clips elsewhere are learned from

    def places(names: list[str]) -> set[str]:
        return {name.split("-")[2] for name in names}

    assert not places(fold.train.filenames) & places(fold.validation.filenames)


def test_a_stopped_training_goes_on_and_ends_in_the_same_bytes(at: Path, monkeypatch: pytest.MonkeyPatch,
                                                               tmp_path: Path) -> None:
    plan(monkeypatch, "training.epochs=2", *NARROW)
    whole = (train(at, "model1", CPU) / "model.safetensors").read_bytes()
    saved = Checkpoint.save

    def save(self: Checkpoint, tensors: dict, facts: dict) -> None:
        saved(self, tensors, facts)
        raise KeyboardInterrupt

    other = tmp_path / "runs" / "y"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "save", save)
        with pytest.raises(KeyboardInterrupt):
            train(other, "model1", CPU)
    assert not (other / "models" / "model1" / "model.safetensors").exists()
    assert (train(other, "model1", CPU) / "model.safetensors").read_bytes() == whole


@pytest.mark.parametrize(("settings", "words"), [
    (["training.validation_share=0"], "validation_share is 0"),
    (["models.model1.network.outputs=[10]"], "gives 10 outputs, but loss pcgrad and decision logit_mix need 13"),
    (["models.model1.network.outputs=[10, 4]"], "gives 14 outputs"),
    (["augmentation.spectrum_correction.device=s6"], "no parallel recordings of device s6"),
])
def test_recipes_that_cannot_be_trained_are_told(at: Path, monkeypatch: pytest.MonkeyPatch, settings: list[str],
                                                 words: str) -> None:
    plan(monkeypatch, *settings)
    with pytest.raises(InputError) as caught:
        train(at, "model1", CPU)
    assert words in str(caught.value)
    assert not (at / "models" / "model1" / "model.safetensors").exists()


def test_an_unknown_model_is_told(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(monkeypatch)
    with pytest.raises(InputError, match="no model model9; there are: model1"):
        train(at, "model9", CPU)


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"),
                                   RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")])
def test_out_of_memory_is_told(at: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    plan(monkeypatch)
    monkeypatch.setattr(module, "fit", fail)
    with pytest.raises(InputError, match=r"out of memory .* training.batch_size \(32\)"):
        train(at, "model1", CPU)


def test_other_failures_are_not_taken_for_memory(at: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shapes")

    plan(monkeypatch)
    monkeypatch.setattr(module, "fit", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        train(at, "model1", CPU)


@pytest.mark.parametrize("method", ["reference_mean", "pairwise_pool"])
def test_both_spectrum_corrections_find_their_pairs(at: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    run = plan(monkeypatch, f"augmentation.spectrum_correction.method={method}")
    rows = load_fold(Layout(at), run, "model1", CPU).corrections
    assert rows is not None
    assert rows.shape == (1 if method == "reference_mean" else 40, 32)
