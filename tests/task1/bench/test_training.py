"""The peer of the training bench computes what our loop computes; what the bench counts is what there is."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from task1.augment.masking import FRAME, MEL, mask
from task1.bench import training as section
from task1.bench.peers import training_loop as plain
from task1.bench.peers.training_network import PlainDSMN
from task1.bench.rows import Size
from task1.config import ModelRecipe, resolve
from task1.features.network_input import network_input
from task1.inference import LAYOUT
from task1.models import build
from task1.training.loop import backward, losses

MODELS = ["model1", "model2", "model3", "model4"]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def recipe_of(name: str) -> ModelRecipe:
    return section.float_recipe(resolve("wang2023", "full"), name)


def flat(network: nn.Module) -> Tensor:
    return torch.cat([torch.zeros_like(own).flatten() if own.grad is None else own.grad.flatten()
                      for own in network.parameters()])


@pytest.mark.parametrize("name", MODELS)
def test_loss_and_gradients_of_a_batch_agree(name: str) -> None:
    """In double precision, since rounding puts some value on the other side of a ReLU."""
    recipe = recipe_of(name)
    torch.manual_seed(1)
    ours, peer = build(recipe.network).double(), PlainDSMN(recipe.network).double()
    peer.load_state_dict(ours.state_dict())
    ours = ours.to(memory_format=LAYOUT)  # type: ignore[call-overload]
    x, scenes = torch.randn(6, 2, 64, 44, dtype=torch.float64), torch.arange(6)
    targets = plain.mixup(x[:, 0], scenes, 0.3, torch.arange(5, -1, -1))[1].double()
    optimizers = [SGD(network.parameters(), recipe.training.optimizer.lr) for network in (ours, peer)]
    torch.manual_seed(2)  # of dropout
    peer_loss = plain.step(peer.train(), optimizers[1], x, targets)
    torch.manual_seed(2)
    own = losses(ours.train()(x.contiguous(memory_format=LAYOUT)), targets, [], recipe, ours)
    assert own[1] is not None
    backward(*own, recipe.training.loss, ours, optimizers[0])
    assert (own[0] + own[1]).item() == pytest.approx(peer_loss, rel=1e-9)
    expected = flat(peer)
    assert float(expected.norm()) > 0.1
    assert float((flat(ours) - expected).norm() / expected.norm()) < 1e-9
    optimizers[0].step()
    for key, tensor in ours.state_dict().items():  # the update and the running statistics, too
        torch.testing.assert_close(tensor, peer.state_dict()[key], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("conflict", [True, False])
def test_projection_agrees(conflict: bool) -> None:
    from task1.training.pcgrad import combine

    generator = torch.Generator().manual_seed(3)
    first = torch.randn(50, generator=generator)
    second = (-0.5 if conflict else 0.5) * first + torch.randn(50, generator=generator)
    first[:5], second[-5:] = 0, 0  # of one head alone
    torch.testing.assert_close(plain.pcgrad(first, second), combine(first, second))


def test_a_clip_by_itself_looks_as_in_a_batch() -> None:
    recipe = recipe_of("model1")
    stripes = recipe.augmentation.masking
    assert stripes
    assert stripes.time
    assert stripes.mel
    logmel = 3 * torch.randn(5, 256, 44) - 6
    generator = torch.Generator().manual_seed(4)
    batched = network_input(logmel, recipe.input)
    for axis, wanted in ((FRAME, stripes.time), (MEL, stripes.mel)):
        batched = mask(batched, axis, wanted, 0.0, generator)
    for clip, expected in zip(logmel, batched, strict=True):
        hidden = [plain.Span(axis, int(place), 1) for axis, rest in ((plain.MEL, (0, 2)), (plain.FRAME, (0, 1)))
                  for place in (expected == 0).all(dim=rest[0]).all(dim=rest[1] - 1).nonzero()]
        torch.testing.assert_close(plain.look(clip, hidden), expected, rtol=1e-4, atol=1e-4)


def test_masks_are_where_the_recipe_allows() -> None:
    recipe, clip = recipe_of("model1").augmentation, torch.zeros(256, 44)
    torch.manual_seed(5)
    drawn = [span for _ in range(200) for span in plain.masks(recipe, clip)]
    assert {span.width for span in drawn} == {0, 1, 2}
    for axis, size in ((plain.MEL, 256), (plain.FRAME, 44)):
        own = [span for span in drawn if span.axis == axis]
        assert len(own) == 400
        assert all(0 <= span.start <= size - span.width for span in own)


def test_correction_is_of_reference_clips_alone() -> None:
    logmel = np.zeros((2, 4, 3), np.float16)
    clips = plain.PlainClips(logmel, [1, 2], [True, False], torch.arange(4.0), probability=1.0)
    (corrected, scene), (other, _) = clips[0], clips[1]
    assert scene == 1
    assert torch.equal(corrected, torch.arange(4.0)[:, None].expand(4, 3))
    assert not other.any()


def test_traffic_of_a_sum_is_three_tensors() -> None:
    a, b = torch.zeros(100), torch.zeros(100)
    with section.Traffic() as traffic:
        total = a + b
    assert traffic.bytes == 3 * 400
    with section.Traffic() as traffic:
        total.view(10, 10).t()
    assert traffic.bytes == 0
    with section.Traffic() as traffic:
        total.add_(a)
    assert traffic.bytes == 3 * 400


def test_quick_section() -> None:
    rows = list(section.measure(Size.QUICK))
    said = [row.what for row in rows]
    assert len(set(said)) == len(said) == 8
    speed, rounding, limit = rows[:3]
    assert speed.better == "more"
    assert speed.target == 3
    assert speed.peer is not None
    assert rounding.target == 2
    assert limit.ours > 0
    assert all(row.ours > 0 and row.section == "training" for row in rows)
