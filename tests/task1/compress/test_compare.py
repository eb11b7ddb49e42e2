"""The comparison: figures of three forms by other libraries' metrics, and what is told of them."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, log_loss

from task1 import cli
from task1.compress import compare as module
from task1.compress.compare import compare, float_operations
from task1.compress.compare_table import render, warnings
from task1.compress.export import export_float
from task1.compress.quantize import original, prepare_qat
from task1.compress.restore import load_float, load_network
from task1.compress.ship import BEFORE, FLOAT_ONNX, SAME, write_onnx
from task1.config import Run, resolve, taxonomy
from task1.config.quantized import quantized
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.inference import ONNX, classify
from task1.models import build
from task1.training.checkpoint import save_tensors

NAMES = [f"audio/{scene}-lyon-{number}-{moment}-0-a.wav" for number, scene in enumerate(taxonomy().scenes)
         for moment in range(12)]
SETTINGS = ("features.n_mels=32", "models.model1.network.channels=[16, 24]", "models.model1.network.cut=[true, false]",
            "models.model1.network.pooled_blocks=[1, 2]", "models.model1.network.hidden=16")


class Store:
    """Clips whose loud mels tell the scene, a third of them in vain."""

    def __init__(self, folder: Path, settings: object) -> None:
        self.skipped, self.shape = {NAMES[3]: "silent"}, (len(NAMES), 32, 44)

    def rows(self, names: list[str]) -> np.ndarray:
        return np.array([NAMES.index(name) for name in names])

    def read(self, positions: np.ndarray) -> np.ndarray:
        logmel = np.random.default_rng(0).normal(size=self.shape)
        for clip in range(len(NAMES)):
            loud = clip // 12 if clip % 3 else clip % 10
            logmel[clip, 3 * loud:3 * loud + 3] += 2
        return logmel[positions].astype(np.float16)


def index(path: Path) -> pd.DataFrame:
    split = ["train" if name.split("-")[3] == "0" else "test" for name in NAMES]
    return pd.DataFrame({"filename": NAMES, "scene": [Path(name).name.split("-")[0] for name in NAMES],
                         "device": "a", "split": split})


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    chosen = resolve("wang2023", "tiny", SETTINGS)
    for name, value in (("FeatureStore", Store), ("read_index", index), ("load_run", lambda folder: chosen)):
        monkeypatch.setattr(module, name, value)
    return chosen


def ship(folder: Path, run: Run, epoch: int | None) -> None:
    """As training leaves it; with `epoch`, other weights are those before rounding began."""
    recipe, clips = run.models["model1"], torch.from_numpy(Store(folder, None).read(np.arange(0, len(NAMES), 5)))
    torch.manual_seed(2)
    x = network_input(clips.float(), recipe.input)
    trained, before = (prepare_qat(build(recipe.network), x) for _ in range(2))
    with torch.no_grad():
        for _ in range(40):  # ranges and statistics of normalisation
            trained(x), before(x)
    state = trained.state_dict()
    folder.mkdir(parents=True)
    save_tensors(state, folder / "model.safetensors")
    write_onnx(folder, recipe, run.features, {}, state, {}, {} if epoch is None else before.state_dict())
    record = None if epoch is None else {"epoch": epoch}
    (folder / "model.json").write_text(json.dumps({
        "recipe": recipe.model_dump(mode="json"), "features": run.features.model_dump(mode="json"),
        "before_rounding": record, "widths": {}}))


def scores(probabilities: np.ndarray, truth: list[int]) -> dict[str, float]:
    return {"accuracy": balanced_accuracy_score(truth, probabilities.argmax(axis=1)),
            "log_loss": log_loss(truth, probabilities, labels=range(10))}


@pytest.mark.parametrize("epoch", [None, 4])
def test_figures_are_those_of_the_forms(run: Run, tmp_path: Path, epoch: int | None,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    at = tmp_path / "runs" / "x"
    folder, recipe = at / "models" / "model1", run.models["model1"]
    ship(folder, run, epoch)
    assert cli.main(["quantization", "--run", str(at)]) == 0
    said = capsys.readouterr().out
    compared = json.loads((at / "scores" / "quantization.json").read_text())
    assert (compared["corpus"], compared["embedded"], compared["clips"]) == (run.development, True, 109)
    (row,) = compared["models"]
    tested = [place for place, name in enumerate(NAMES) if name.split("-")[3] != "0" and name != NAMES[3]]
    clips, truth = torch.from_numpy(Store(at, None).read(np.array(tested))), [place // 12 for place in tested]
    network = load_network(folder)
    floating = copy.deepcopy(load_float(folder))
    assert row["simulated"] == pytest.approx(scores(classify(network, clips, recipe), truth), rel=1e-6)
    same = scores(classify(floating, clips, recipe), truth)
    assert (row["before"] == pytest.approx(same, rel=1e-4)) == (epoch is None)
    assert row["executed"] == pytest.approx(row["simulated"], abs=0.02)
    assert row["agreement"] == 1 - row["clips_decided_otherwise"] / len(tested)
    assert row["agreement"] >= 0.98
    assert row["before_is"] == (SAME if epoch is None else BEFORE)
    assert (row["before_epoch"], row["cut"], row["float_operations"]) == (epoch, "1 of 2", {})
    assert row["file_bytes"] == (folder / ONNX).stat().st_size
    assert row["counted"] == sum(p.numel() for p in build(recipe.network).parameters())
    assert "EMBEDDED, SYNTHETIC" in said
    assert said.count("here model1 (1 of 2 blocks cut) loses") == 1
    if epoch:
        assert f"model1: before is {BEFORE} (epoch 4)" in said


def test_operations_in_floating_point_are_found(tmp_path: Path) -> None:
    torch.manual_seed(1)
    spec = resolve("wang2023", "tiny", SETTINGS).models["model1"].network
    export_float(original(prepare_qat(build(spec), torch.randn(2, 2, 32, 44))), (2, 32, 44), tmp_path / "f.onnx", {})
    found = float_operations(tmp_path / "f.onnx")
    assert sum(found.values()) > 20
    assert found.keys() <= {"Conv", "FusedConv", "Gemm", "FusedGemm"}


def result(**changes: Any) -> dict[str, Any]:
    row = {"model": "model1", "cut": "5 of 5", "before_is": SAME, "before_epoch": None, "agreement": 1.0,
           "clips_decided_otherwise": 0, "float_operations": {}, "file_bytes": 1000, "counted": 900,
           "counted_as": "all parameters, bytes",
           "before": {"accuracy": 0.6, "log_loss": 1.1}, "simulated": {"accuracy": 0.58, "log_loss": 1.2},
           "executed": {"accuracy": 0.55, "log_loss": 1.3}, **changes}
    return {"entry": "wang2023", "corpus": "embedded-1s-dev", "embedded": True, "clips": 10, "models": [row]}


def test_the_table_sets_the_paper_beside_ours() -> None:
    text = render(result())
    columns, pairs = quantized("wang2023") or (None, {})
    assert columns is not None
    before, after = pairs["model1"]
    line = next(line for line in text.splitlines() if line.startswith("model1 "))
    assert line.split()[-3:] == [before.as_printed, after.as_printed, f"{before.value - after.value:.1f}"]
    assert "60.0 1.100  58.0 1.200  55.0 1.300" in line
    assert "  5.0  " in line
    assert set(pairs) == {"model1", "model2", "model3", "model4"}
    assert "which of the exchanged networks this belongs to is not said" in render(result(model="model2"))
    assert quantized("shao2022") is None
    assert "paper (" not in render({**result(), "entry": "shao2022"})


def test_what_is_not_as_it_should_be_is_told() -> None:
    assert warnings(result()) == []
    (apart,) = warnings(result(agreement=0.985, clips_decided_otherwise=15))
    assert "98.50 %" in apart
    (floating,) = warnings(result(float_operations={"Conv": 2}))
    assert "2 Conv" in floating
    assert floating in render(result(float_operations={"Conv": 2}))


def test_what_is_missing_is_told(run: Run, tmp_path: Path) -> None:
    at = tmp_path / "runs" / "x"
    with pytest.raises(InputError, match="no trained model there"):
        compare(at)
    ship(at / "models" / "model1", run, None)
    with pytest.raises(InputError, match="model model9 is not there or ships as"):
        compare(at, "model9")
    (at / "models" / "model1" / FLOAT_ONNX).unlink()
    with pytest.raises(InputError, match=r"model\.float\.onnx: no such file"):
        compare(at)


def test_a_run_without_integers_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "load_run", lambda folder: resolve("cp_mobile", "tiny"))
    with pytest.raises(InputError, match="no model of this run ships as int8"):
        compare(tmp_path)


def test_other_weights_than_the_recipe_has_are_refused(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "x" / "models" / "model1"
    ship(folder, run, None)
    told = json.loads((folder / "model.json").read_text())
    told["recipe"]["training"]["seed"] = 7
    (folder / "model.json").write_text(json.dumps(told))
    with pytest.raises(InputError, match="another recipe"):
        compare(tmp_path / "runs" / "x")
