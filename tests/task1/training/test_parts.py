"""The parts of a training against formulas: schedules, losses, gradient surgery, averaging, batches."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from task1.config import ModelRecipe, taxonomy
from task1.config.recipe import Averaging, Schedule
from task1.training import averaging
from task1.training.data import batches
from task1.training.loss import head_losses, scene_targets, soft_cross_entropy, super_targets
from task1.training.pcgrad import combine, pcgrad_backward
from task1.training.schedules import learning_rate
from task1.training.support import unsupported


def test_cosine_falls_from_lr_to_the_least() -> None:
    schedule = Schedule(name="cosine", lr_min=1e-6)
    rates = [learning_rate(schedule, 1e-3, 100, time) for time in np.arange(0, 100, 0.25)]
    assert rates[0] == 1e-3
    assert all(a > b for a, b in pairwise(rates))
    assert learning_rate(schedule, 1e-3, 100, 50) == pytest.approx((1e-3 + 1e-6) / 2)
    assert learning_rate(schedule, 1e-3, 100, 100 - 1e-9) == pytest.approx(1e-6)


def test_warm_up_is_linear() -> None:
    schedule = Schedule(name="cosine", lr_min=1e-6, warmup_epochs=5, warmup_lr=5e-5)
    found = [learning_rate(schedule, 1e-3, 100, epoch) for epoch in range(6)]
    np.testing.assert_allclose(found, [5e-5, 2.4e-4, 4.3e-4, 6.2e-4, 8.1e-4, 1e-3])


@pytest.mark.parametrize(("restarts", "epochs"), [
    ((2, 6, 14, 30, 126, 254), 510),  # zhao2021, where 62 is missing
    ((2, 6, 14, 30, 62, 126, 254, 510), 510),
    ((10, 30, 70, 150), 310),  # shao2022, printed as the epochs 11, 31, 71, 151 that begin a cycle
])
def test_warm_restarts_begin_where_the_papers_say(restarts: tuple[int, ...], epochs: int) -> None:
    schedule = Schedule(name="warm_restarts", lr_min=1e-5, restarts=restarts)
    bounds = [0, *(epoch for epoch in restarts if epoch < epochs), epochs]
    for start, end in pairwise(bounds):
        assert learning_rate(schedule, 0.1, epochs, start) == 0.1
        assert learning_rate(schedule, 0.1, epochs, (start + end) / 2) == pytest.approx((0.1 + 1e-5) / 2)
        assert learning_rate(schedule, 0.1, epochs, end - 1e-9) == pytest.approx(1e-5, rel=1e-3)


def test_constant_stays() -> None:
    assert {learning_rate(Schedule(name="constant"), 0.3, 9, time) for time in range(9)} == {0.3}


def test_soft_cross_entropy_in_closed_form() -> None:
    logits, targets = torch.randn(6, 10, dtype=torch.float64), torch.rand(6, 10, dtype=torch.float64)
    targets /= targets.sum(dim=1, keepdim=True)
    z, y = logits.numpy(), targets.numpy()
    expected = np.mean([-sum(y[i, c] * (z[i, c] - math.log(sum(math.exp(v) for v in z[i]))) for c in range(10))
                        for i in range(6)])
    assert float(soft_cross_entropy(logits, targets)) == pytest.approx(expected, rel=1e-12)
    hard = torch.arange(6)
    assert float(soft_cross_entropy(logits, scene_targets(hard).double())) == pytest.approx(
        float(nn.functional.cross_entropy(logits, hard)), rel=1e-12)


def test_super_targets_follow_the_taxonomy() -> None:
    targets = super_targets(scene_targets(torch.arange(10)))
    assert tuple(targets.argmax(dim=1).tolist()) == taxonomy().parents
    mixed = super_targets(torch.tensor([[0.3, 0.7] + [0.0] * 8]))  # airport and bus
    assert mixed.tolist()[0] == pytest.approx([0.3, 0.0, 0.7])


def test_head_losses_of_one_and_two_heads() -> None:
    targets = scene_targets(torch.tensor([3, 4]))
    scene, supers = head_losses(torch.zeros(2, 13), targets)
    assert float(scene) == pytest.approx(math.log(10))
    assert supers is not None
    assert float(supers) == pytest.approx(math.log(3))
    assert head_losses(torch.zeros(2, 10), targets)[1] is None


@pytest.mark.parametrize("seed", range(6))
def test_projection_is_the_papers_formula(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.normal(size=50)
    second = generator.normal(size=50) + (-first if seed % 2 else first)  # conflict in every other case
    expected = [first.copy(), second.copy()]
    if first @ second < 0:
        expected[0] -= first @ second / (second @ second) * second
        expected[1] -= second @ first / (first @ first) * first
    assert (first @ second < 0) == bool(seed % 2)
    found = combine(torch.from_numpy(first), torch.from_numpy(second))
    np.testing.assert_allclose(found, expected[0] + expected[1], rtol=1e-12)
    other = combine(torch.from_numpy(second), torch.from_numpy(first))
    np.testing.assert_allclose(found, other, rtol=1e-12)


def test_projected_gradients_no_longer_conflict() -> None:
    first, second = torch.tensor([1.0, 0.2]), torch.tensor([-1.0, 0.3])
    update = combine(first, second)
    assert float(update @ first) >= -1e-6
    assert float(update @ second) >= -1e-6


def test_opposite_gradients_cancel_and_zeros_are_harmless() -> None:
    assert combine(torch.tensor([1.0, -2.0]), torch.tensor([-1.0, 2.0])).abs().max() < 1e-6
    assert combine(torch.zeros(3), torch.ones(3)).tolist() == [1, 1, 1]
    assert combine(torch.zeros(3), torch.zeros(3)).tolist() == [0, 0, 0]


def test_rows_of_a_head_keep_their_own_gradient() -> None:
    torch.manual_seed(0)
    trunk, head = nn.Linear(6, 5), nn.Linear(5, 13)
    parameters = [*trunk.parameters(), *head.parameters()]

    def losses() -> tuple[torch.Tensor, torch.Tensor]:
        torch.manual_seed(1)
        logits = head(trunk(torch.randn(20, 6)).relu())
        first = logits[:, 0].mean()  # two losses that pull the trunk in opposite directions
        return first, -3 * (logits[:, 12] + trunk(torch.randn(20, 6)).sum()).mean()

    gradients = [torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True) for loss in losses()]
    pcgrad_backward(losses(), parameters)
    own = gradients[0][2][0], gradients[1][2][12]
    torch.testing.assert_close(head.weight.grad[0], own[0])
    torch.testing.assert_close(head.weight.grad[12], own[1])
    assert (head.weight.grad[1:12] == 0).all()
    first, second = (torch.cat([g.flatten() for g in gradient[:2]]) for gradient in gradients)
    torch.testing.assert_close(torch.cat([p.grad.flatten() for p in trunk.parameters()]), combine(first, second))


def test_without_conflict_it_is_the_gradient_of_the_sum() -> None:
    torch.manual_seed(0)
    network = nn.Linear(4, 13)
    scene, supers = head_losses(network(torch.randn(9, 4)), scene_targets(torch.arange(9)))
    assert supers is not None
    pcgrad_backward((scene, supers), list(network.parameters()))
    found = [parameter.grad.clone() for parameter in network.parameters()]
    torch.manual_seed(0)
    network = nn.Linear(4, 13)
    scene, supers = head_losses(network(torch.randn(9, 4)), scene_targets(torch.arange(9)))
    (scene + supers).backward()
    for one, parameter in zip(found, network.parameters(), strict=True):
        torch.testing.assert_close(one, parameter.grad)


def test_averaging_is_the_weighted_mean() -> None:
    recipe = Averaging(epochs=(2, 4), weights=(1.0, 3.0))
    states = [{"w": torch.full((2,), float(epoch)), "n": torch.tensor(epoch)} for epoch in range(1, 6)]
    total, weights = {}, 0.0
    for epoch, state in enumerate(states, start=1):
        weight = averaging.weight_of(recipe, epoch, 5)
        if weight:
            total, weights = averaging.accumulate(total, state, weight), weights + weight
    result = averaging.mean(total, weights, states[0])
    assert result["w"].tolist() == [3.5, 3.5]
    assert result["w"].dtype == torch.float32
    assert int(result["n"]) == 4
    last = Averaging(last=2)
    assert [averaging.weight_of(last, epoch, 5) for epoch in range(1, 6)] == [0, 0, 0, 1, 1]
    assert averaging.weight_of(None, 5, 5) == 0


def test_batches_hold_every_clip_once_and_follow_the_seed() -> None:
    drawn = [torch.cat(list(batches(10, 4, torch.Generator().manual_seed(seed)))).tolist() for seed in (1, 1, 2)]
    assert sorted(drawn[0]) == list(range(10))
    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(batch) for batch in batches(9, 4, torch.Generator())] == [4, 4]


BASE = {
    "role": "system", "network": {"class": "x"}, "input": {"normalise": "none"}, "augmentation": {},
    "training": {"epochs": 3, "batch_size": 4, "optimizer": {"name": "sgd", "lr": 0.1},
                 "schedule": {"name": "constant"}, "loss": {"combine": "scene_only"}, "validation_share": 0,
                 "keep": "last", "seed": 1},
    "compression": {"weights": "float32"}, "decision": {"combine": "scene"},
}


def test_a_plain_recipe_is_supported_in_full() -> None:
    assert unsupported(ModelRecipe.model_validate(BASE)) == []
    pruned = {"weights": "float32", "pruning": {"kind": "magnitude", "share": 0.5, "fine_tune_epochs": 1}}
    tuned = {**BASE["training"], "averaging": {"epochs": [2, 4]}}  # of three epochs and one of fine-tuning
    assert unsupported(ModelRecipe.model_validate({**BASE, "compression": pruned, "training": tuned})) == []


def test_what_is_left_out_is_told() -> None:
    late = {**BASE, "training": {**BASE["training"], "averaging": {"epochs": [2, 9]}}}
    (text,) = unsupported(ModelRecipe.model_validate(late))
    assert "averaging.epochs: 9" in text
