"""Quick gradients are those of the plain layers: values, inputs' and weights' gradients, in double precision."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from task1.models.dsmn import DSMN
from task1.models.layers import PooledScales
from task1.models.quick import (
    FEW,
    FOLDS,
    average_pool,
    concat,
    folds_of,
    gate,
    join_neighbours,
    plus_convolve,
    pointwise_convolve,
    split_mel,
)

Function = Callable[..., Tensor]
LAYOUTS = (torch.contiguous_format, torch.channels_last)


def compare(quick: Function, plain: Function, *shapes: tuple[int, ...], layout: torch.memory_format) -> None:
    """Both give the same value, and the same gradients of all inputs of these shapes."""
    torch.manual_seed(3)
    given = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    results = []
    for function in (quick, plain):
        inputs = [x.clone(memory_format=layout if x.dim() == 4 else torch.preserve_format).requires_grad_()
                  for x in given]
        value = function(*inputs)
        torch.manual_seed(4)
        results.append([value.detach(), *torch.autograd.grad(value, inputs, torch.randn_like(value.contiguous()))])
    for own, expected in zip(*results, strict=True):
        torch.testing.assert_close(own, expected)


def plain_plus(x: Tensor, kernel: Tensor) -> Tensor:
    cross = torch.tensor([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    return F.conv2d(x, kernel * cross, padding=2, dilation=2, groups=len(kernel))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("bands", "frames"), [(16, 9), (5, 3), (2, 7), (7, 2), (1, 1)])
def test_plus(layout: torch.memory_format, bands: int, frames: int) -> None:
    cross = torch.tensor([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    compare(lambda x, kernel: plus_convolve(x, kernel * cross), plain_plus, (3, 4, bands, frames), (4, 1, 3, 3),
            layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("share", [1, 2, 3])
def test_join_neighbours(layout: torch.memory_format, share: int) -> None:
    compare(join_neighbours, lambda x, weight: F.conv2d(x, weight, groups=4), (2, 4 * share, 5, 3), (4, share, 1, 1),
            layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pointwise(layout: torch.memory_format) -> None:
    for width in (7, 2):
        for shape in [(3, 4, 5, 6), (2, 4, 8, 6)]:  # positions that do not fold, and that do
            compare(pointwise_convolve, F.conv2d, shape, (width, 4, 1, 1), (width,), layout=layout)
            compare(lambda x, weight: pointwise_convolve(x, weight, None), F.conv2d, shape, (width, 4, 1, 1),
                    layout=layout)


def test_which_maps_fold() -> None:
    x = torch.empty(2, FEW - 1, 8, 6).contiguous(memory_format=torch.channels_last)
    assert folds_of(x, 48) == FOLDS
    assert folds_of(x, 40) == 1
    assert folds_of(x.contiguous(), 48) == 1
    assert folds_of(torch.empty(2, FEW, 8, 6).contiguous(memory_format=torch.channels_last), 48) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pooled_scales(layout: torch.memory_format) -> None:
    compare(lambda *maps: PooledScales()(maps), lambda *maps: torch.cat([x.mean(dim=(2, 3)) for x in maps], dim=1),
            (3, 4, 5, 6), (3, 2, 2, 1), layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_map_that_is_pooled_and_goes_on_keeps_the_order_of_memory(layout: torch.memory_format) -> None:
    x = torch.randn(2, 4, 8, 6).contiguous(memory_format=layout).requires_grad_()
    (gradient,) = torch.autograd.grad(PooledScales()([x]).sum() + average_pool(x, (2, 2)).sum(), x)
    assert gradient.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [(1, 2), (2, 2), (3, 4)])
def test_average_pool_drops_what_is_left_over(layout: torch.memory_format, size: tuple[int, int]) -> None:
    compare(lambda x: average_pool(x, size), nn.AvgPool2d(size), (2, 3, 10, 11), layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bands", [1, 2, 3])
def test_split_and_concat_along_mel(layout: torch.memory_format, bands: int) -> None:
    def plain(x: Tensor) -> Tensor:
        size = x.shape[2] // bands
        return torch.cat([number * x[:, :, number * size:(number + 1) * size] for number in range(bands)], dim=2)

    compare(lambda x: concat([number * part for number, part in enumerate(split_mel(x, bands))], 2), plain,
            (2, 3, 10, 4), layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_concat_of_channels(layout: torch.memory_format) -> None:
    compare(lambda *parts: concat(parts, 1), lambda *parts: torch.cat(parts, 1), (2, 3, 4, 5), (2, 1, 4, 5),
            layout=layout)


def test_concat_of_vectors() -> None:
    compare(lambda *parts: concat(parts, 1), lambda *parts: torch.cat(parts, 1), (2, 3), (2, 4),
            layout=torch.contiguous_format)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("width", [1, 3, 5])
def test_gate(layout: torch.memory_format, width: int) -> None:
    def plain(x: Tensor, weight: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3))[:, None]
        return x * F.conv1d(means, weight, padding=width // 2).sigmoid()[:, 0, :, None, None]

    for shape in [(3, 6, 4, 5), (3, 6, 4, 8)]:  # positions that do not fold, and that do
        compare(gate, plain, shape, (1, 1, width), layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_keep_the_order_of_memory(layout: torch.memory_format) -> None:
    """Otherwise the next layer has to sort them."""
    x = torch.randn(2, 4, 8, 6).contiguous(memory_format=layout).requires_grad_()
    cross = torch.ones(4, 1, 3, 3)
    for value in (plus_convolve(x, cross), pointwise_convolve(x, torch.ones(5, 4, 1, 1), torch.ones(5)),
                  average_pool(x, (2, 2)), gate(x, torch.ones(1, 1, 3)), concat(split_mel(x, 2), 2), concat([x, x], 1)):
        assert value.is_contiguous(memory_format=layout)
        (gradient,) = torch.autograd.grad(value, x, torch.ones_like(value))
        assert gradient.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("cut", [True, False])
def test_bfloat16_where_pytorch_holds_it_safe(cut: bool) -> None:
    network = DSMN(2, 4, (6, 8), (cut, cut), (1, 2), 8, 0.0, (10, 3))
    x = torch.randn(3, 2, 16, 12).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        logits = network(x)
    logits.float().square().sum().backward()
    assert all(own.grad is not None and own.grad.isfinite().all() for own in network.parameters())
