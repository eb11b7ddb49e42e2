"""What quantisation costs: every int8 model of a run in floating point, simulated and executed, on the same clips.

Input: a run whose models are trained. Output: accuracy (mean over scenes) and log loss (nats, mean over clips) on the
development test fold of three forms of each model, as `task1 score` computes them:

before     model.float.onnx: the network before quantisation (what exactly, says `ship.py` and each row)
simulated  the network as the training saw it, integers simulated in floating point by PyTorch
executed   model.onnx: the integers, by ONNX Runtime

Further the share of decisions on which the last two agree, the operations that ONNX Runtime computes in floating point
although they have weights (there have to be none), and the size of what ships.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor
from tqdm import tqdm

from task1.complexity import count, counted_size
from task1.compress.quantize import original
from task1.compress.restore import load_network, shape_of
from task1.compress.run_onnx import OnnxModel
from task1.compress.runtime import session
from task1.compress.ship import FLOAT_ONNX
from task1.config import Run, edition, load_run, taxonomy
from task1.corpus.index import read_index
from task1.errors import InputError
from task1.features.store import FeatureStore
from task1.inference import ONNX, classify
from task1.layout import Layout
from task1.outputs import Floats
from task1.scoring import metrics
from task1.training.data import Clips, load_clips

FORMS = ("before", "simulated", "executed")
WEIGHTED = ("Conv", "FusedConv", "ConvTranspose", "Gemm", "FusedGemm", "MatMul", "FusedMatMul")
"""Operations of ONNX Runtime that compute with weights in floating point."""
_BATCH = 32


def compare(run_folder: Path, only: str | None = None) -> dict[str, Any]:
    """All figures of a run's int8 models (or of one), JSON-able; `task1.compress.compare_table` renders them."""
    at, run = Layout(run_folder), load_run(run_folder)
    names = [name for name in run.models if run.models[name].compression.weights == "int8" and only in (None, name)]
    if not names:
        raise InputError(f"{at.config}: {'no model of this run' if only is None else f'model {only} is not there or'} "
                         "ships as int8, so there is nothing to compare; expected compression.weights: int8")
    store = FeatureStore(at.features(run, run.development), run.features)
    rows = read_index(at.index(run.development))
    clips = load_clips([(store, rows[rows["split"] == "test"])], torch.device("cpu"), "test clips")
    return {
        "format": 1, "entry": run.entry, "profile": run.profile, "corpus": run.development, "embedded": run.embedded,
        "clips": len(clips), "models": [compare_model(at, run, name, clips) for name in names],
    }


def compare_model(at: Layout, run: Run, name: str, clips: Clips) -> dict[str, Any]:
    """The figures of one model."""
    folder, recipe, rules = at.model(name), run.models[name], edition(run.edition)
    network = load_network(folder)
    for path in (folder / ONNX, folder / FLOAT_ONNX):
        if not path.exists():
            raise InputError(f"{path}: no such file; `task1 train --run {at.run} --model {name}` writes it, once "
                             f"{folder} is deleted")
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if facts["recipe"] != recipe.model_dump(mode="json"):
        raise InputError(f"{folder}: trained by another recipe than {at.config} has now; train it again")
    before, executed = OnnxModel(folder / FLOAT_ONNX), OnnxModel(folder / ONNX)
    forms: dict[str, Callable[[Tensor], Floats]] = {
        "before": before.classify, "executed": executed.classify,
        "simulated": lambda logmel: classify(network, logmel, recipe)}
    probabilities = {form: _all(forms[form], clips, f"{name} {form}") for form in FORMS}
    agree = probabilities["executed"].argmax(axis=1) == probabilities["simulated"].argmax(axis=1)
    shape = shape_of(recipe, run.features)
    return {
        "model": name, "cut": _cut(recipe.network),
        "before_is": before.provenance["weights"], "before_epoch": (facts["before_rounding"] or {}).get("epoch"),
        **{form: _scores(values, clips) for form, values in probabilities.items()},
        "agreement": float(agree.mean()), "clips_decided_otherwise": int((~agree).sum()),
        "largest_difference": float(np.abs(probabilities["executed"] - probabilities["simulated"]).max()),
        "float_operations": float_operations(folder / ONNX), "file_bytes": (folder / ONNX).stat().st_size,
        "counted": counted_size(count(original(network), shape), rules, recipe.compression.bytes_per_weight),
        "counted_as": f"{rules.size.counted} parameters" + ("" if rules.size.as_ == "count" else ", bytes"),
    }


def float_operations(path: Path) -> dict[str, int]:
    """Of the graph that ONNX Runtime really executes, the operations with weights that it computes in floating point:
    kind -> how many."""
    with tempfile.TemporaryDirectory() as folder:
        executed = Path(folder) / "executed.onnx"
        session(path, executed)
        kinds = [node.op_type for node in onnx.load(executed).graph.node]
    return {kind: kinds.count(kind) for kind in WEIGHTED if kind in kinds}


def _all(form: Callable[[Tensor], Floats], clips: Clips, title: str) -> Floats:
    values = np.empty((len(clips), len(taxonomy().scenes)))
    with tqdm(total=len(clips), desc=title, unit="clip", disable=None, leave=False) as bar:
        for start in range(0, len(clips), _BATCH):
            part = clips.logmel[start:start + _BATCH]
            values[start:start + len(part)] = form(part)
            bar.update(len(part))
    return values


def _scores(probabilities: Floats, clips: Clips) -> dict[str, float]:
    (confusion,), (losses,) = metrics.tally(probabilities, probabilities.argmax(axis=1), clips.scenes.numpy())
    return {"accuracy": float(metrics.accuracy_macro(confusion)),
            "log_loss": float(metrics.log_loss(confusion, losses))}


def _cut(network: Mapping[str, Any]) -> str:
    """How the recipe cuts the mel axis: a form, or in how many of the blocks."""
    cut = network.get("cut")
    if isinstance(cut, list | tuple):
        return f"{sum(map(bool, cut))} of {len(cut)}"
    return str(cut) if cut is not None else "-"
