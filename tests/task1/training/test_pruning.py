"""Pruning within a training: zeros stay, channels go, killed trainings end in the same bytes; rounding's beginning."""

import sys
from math import floor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.fx import GraphModule

from task1.augment.pipeline import Augmenter
from task1.compress.prune import shrink
from task1.compress.quantize import original, prepare_qat
from task1.config import ModelRecipe
from task1.models import build
from task1.models.operators import orthonormal_penalty
from task1.training.checkpoint import Checkpoint
from task1.training.loop import fit
from task1.training.pruning import epochs_in_all, first_clips, schedule_time
from task1.training.state import State

sys.path.insert(0, str(Path(__file__).parent))
import small_training as small

WEIGHTED = (nn.Conv2d, nn.Linear)
KINDS = [(weights, kind) for weights in ("float32", "int8") for kind in ("magnitude", "structured")]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def recipe(weights: str = "float32", kind: str | None = "magnitude", tuning: int = 3, begins: int | None = None,
           **training: object) -> ModelRecipe:
    plain = small.recipe(**{"epochs": 4, "optimizer": {"name": "sgd", "lr": 0.05, "momentum": 0.9,
                                                       "weight_decay": 0.001}, **training})
    pruning = kind and {"kind": kind, "share": 0.4, "fine_tune_epochs": tuning}
    return ModelRecipe.model_validate({**plain.model_dump(), "compression": {
        "weights": weights, "pruning": pruning, "quantization_aware_from_epoch": begins}})


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 12, (3, 5), stride=(2, 1)), nn.BatchNorm2d(12), nn.ReLU(),
                         nn.Conv2d(12, 12, 3, groups=12, bias=False), nn.BatchNorm2d(12), nn.ReLU(),
                         nn.Conv2d(12, 20, (7, 1)), nn.BatchNorm2d(20), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 13))


def run(folder: Path, chosen: ModelRecipe, count: int = 160) -> State:
    train = small.clips(count, 1)
    fresh = network()
    if chosen.compression.weights == "int8":
        fresh = prepare_qat(fresh, first_clips(train, chosen))
    return fit("small", fresh, chosen, train, small.clips(40, 2), Augmenter(chosen.augmentation),
               Checkpoint(folder / "checkpoint", "small"))


def pruned_weights(state: State) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in state.result().items()
            if name.endswith("weight") and tensor.dim() > 1}


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_smallest_weights_are_zero_to_the_end(tmp_path: Path, weights: str) -> None:
    state = run(tmp_path, recipe(weights, begins=2 if weights == "int8" else None))
    assert [record["epoch"] for record in state.history] == list(range(1, 8))
    assert state.kept_record is not None
    assert state.kept_record["epoch"] > 4
    shipped = pruned_weights(state)
    assert len(shipped) == 4
    for tensor in shipped.values():
        assert (tensor == 0).sum() == floor(0.4 * tensor.numel())
    assert state.kept_record["validation_accuracy"] > 0.3  # a tenth by chance


def test_the_mean_of_fine_tuned_epochs_has_the_zeros(tmp_path: Path) -> None:
    state = run(tmp_path, recipe(averaging={"epochs": [2, 3, 6, 7]}))
    assert state.sums_weight == 2  # of those before pruning, only what was pruned is left
    for tensor in pruned_weights(state).values():
        assert (tensor == 0).sum() == floor(0.4 * tensor.numel())


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_channels_are_gone(tmp_path: Path, weights: str) -> None:
    chosen = recipe(weights, "structured", begins=0 if weights == "int8" else None)
    state = run(tmp_path, chosen)
    assert state.widths == {"0": (1, 8), "1": (8, 8), "3": (8, 8), "4": (8, 8), "6": (8, 12), "7": (12, 12),
                            "11": (12, 13)}
    again = network()
    shrink(again, state.widths)
    if weights == "int8":
        again = prepare_qat(again, first_clips(small.clips(4, 1), chosen))
    again.load_state_dict(state.result())
    assert state.kept_record is not None
    assert state.kept_record["validation_accuracy"] > 0.3


def test_without_fine_tuning_the_result_is_pruned(tmp_path: Path) -> None:
    plain, state = run(tmp_path / "plain", recipe(kind=None)), run(tmp_path / "pruned", recipe(tuning=0))
    assert len(state.history) == 4
    for name, tensor in pruned_weights(state).items():
        before, zeros = plain.result()[name], floor(0.4 * tensor.numel())
        limit = before.abs().flatten().sort().values[zeros - 1]
        assert torch.equal(tensor, before.where(before.abs() > limit, 0))


@pytest.mark.parametrize(("weights", "kind"), KINDS)
def test_resumed_at_any_epoch_is_the_same(tmp_path: Path, weights: str, kind: str) -> None:
    chosen = recipe(weights, kind, tuning=2, begins=2 if weights == "int8" else None)
    whole, saved = run(tmp_path / "whole", chosen), Checkpoint.save

    class Stop(Exception):
        pass

    def save(self: Checkpoint, tensors: dict, facts: dict) -> None:
        saved(self, tensors, facts)
        raise Stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "save", save)
        for _ in range(6):
            with pytest.raises(Stop):
                run(tmp_path / "parts", chosen)
    parts = run(tmp_path / "parts", chosen)
    assert len(parts.history) == 6
    assert parts.widths == whole.widths
    assert [bool(state.unrounded_record) for state in (parts, whole)] == [weights == "int8"] * 2
    for ours, theirs in ((parts.result(), whole.result()), (parts.unrounded, whole.unrounded)):
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def test_what_rounding_found_is_kept(tmp_path: Path) -> None:
    """For the comparison of before and after; the best of the epochs that did not round."""
    chosen = recipe("int8", kind=None, begins=3, epochs=6)
    state, floats = run(tmp_path / "int8", chosen), run(tmp_path / "float", recipe("int8", kind=None, begins=None,
                                                                                   epochs=6))
    assert state.history[:3] != state.history[3:]
    best = max(state.history[:3], key=lambda record: (record["validation_accuracy"], -record["validation_loss"]))
    assert state.unrounded_record == best
    assert state.unrounded
    assert state.kept_record is not None
    assert state.kept_record["epoch"] > 3
    assert (floats.unrounded, floats.unrounded_record) == ({}, None)
    assert run(tmp_path / "first", recipe("int8", kind=None, begins=0, epochs=1)).unrounded == {}


def test_fine_tuning_has_the_last_rates_again() -> None:
    chosen = recipe(tuning=3, epochs=10)
    assert epochs_in_all(chosen) == 13
    assert [schedule_time(chosen, time) for time in (0, 4.5, 9.5, 10, 11.5, 12.75)] == [0, 4.5, 9.5, 7, 8.5, 9.75]
    longer = recipe(tuning=20, epochs=10)
    assert [schedule_time(longer, time) for time in (9.5, 10, 20, 29)] == [9.5, 0, 5, 9.5]
    assert schedule_time(recipe(kind=None, epochs=10), 9.5) == 9.5


def test_the_orthonormal_penalty_is_seen_in_integers() -> None:
    spec = {"class": "dssdn", "in_channels": 2, "stem": 8, "channels": [8, 8], "body": "distillation",
            "operator": "osc", "share": 0.5, "cut": "none", "scales": [1, 2], "hidden": 8, "dropout": 0.1,
            "outputs": [4]}
    network = build(spec)
    prepared = prepare_qat(network, torch.randn(2, 2, 16, 8))
    assert isinstance(prepared, GraphModule)
    penalty = orthonormal_penalty(original(prepared))
    assert penalty.item() == orthonormal_penalty(network).item() > 0
    optimizer = torch.optim.SGD(prepared.parameters(), 0.05)
    for _ in range(100):
        optimizer.zero_grad()
        orthonormal_penalty(original(prepared)).backward()
        optimizer.step()
    assert orthonormal_penalty(original(prepared)).item() < 0.2 * penalty.item()
    shapes = sorted(tuple(p.shape) for p in prepared.parameters() if p.grad is not None and p.grad.any())
    assert len(shapes) == 6  # three operators in each of two blocks
