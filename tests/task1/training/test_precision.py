"""Training in bfloat16: nearly the losses of float32, and no weight that is no number."""

import sys
from pathlib import Path
from typing import get_args

import pytest
import torch

from task1.augment.pipeline import Augmenter
from task1.config import resolve
from task1.models import build
from task1.training.checkpoint import Checkpoint
from task1.training.data import Clips
from task1.training.loop import Precision, fit

sys.path.insert(0, str(Path(__file__).parent))
import small_training as small


def _clips(bands: int, frames: int) -> Clips:
    logmel = torch.randn(16, bands, frames, generator=torch.Generator().manual_seed(1))
    return Clips([f"{i}.wav" for i in range(16)], logmel.half(), torch.arange(16) % 10, ["a"] * 16)


@pytest.mark.parametrize(("entry", "model"), [("wang2023", "model1"), ("wang2023", "model2"), ("zhao2021", "student1")])
def test_bfloat16_is_nearly_float32(entry: str, model: str, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    run = resolve(entry, "demo", systems=[2 if model == "model2" else 1])
    recipe = run.models[model].model_copy(update={
        "augmentation": small.recipe().augmentation, "distillation": None, "compression": small.recipe().compression,
        "training": small.recipe(epochs=2, batch_size=8, keep="last", optimizer={"name": "sgd", "lr": 0.01}).training})
    losses = {}
    for precision in get_args(Precision):
        torch.manual_seed(0)
        state = fit(model, build(recipe.network), recipe, _clips(run.features.n_mels, 44), None,
                    Augmenter(recipe.augmentation), Checkpoint(tmp_path / precision / "checkpoint", "x"), precision)
        assert all(torch.isfinite(tensor).all() for tensor in state.result().values() if tensor.is_floating_point())
        losses[precision] = [record["loss"] for record in state.history]
    assert losses["bf16"] == pytest.approx(losses["float32"], rel=0.03)
    assert losses["bf16"] != losses["float32"]
