"""Quick batch normalisation is PyTorch's: values, gradients, running statistics, the order of memory."""

import copy

import pytest
import torch
from torch import nn

from task1.models.quick import FEW, FOLDS
from task1.models.quick_norm import normalize

LAST = torch.channels_last


def layer(width: int) -> nn.BatchNorm2d:
    torch.manual_seed(5)
    norm = nn.BatchNorm2d(width, momentum=0.3).double()
    nn.init.uniform_(norm.weight, -2, 2)
    nn.init.uniform_(norm.bias, -2, 2)
    return norm


@pytest.mark.parametrize("shape", [(4, 8, 6, 4), (2, 3, 8, 2), (1, 24, 16, 1), (16, 1, 1, 5), (3, 12, 5, 16)])
@pytest.mark.parametrize("layout", [LAST, torch.contiguous_format])
def test_values_gradients_and_statistics(shape: tuple[int, ...], layout: torch.memory_format) -> None:
    torch.manual_seed(6)
    start = (5 + 3 * torch.randn(shape, dtype=torch.float64)).contiguous(memory_format=layout)
    weights = torch.randn(shape, dtype=torch.float64)
    quick, plain = layer(shape[1]), layer(shape[1])
    found = []
    for norm, function in ((quick, lambda x: normalize(quick, x)), (plain, plain)):
        x = start.clone(memory_format=layout).requires_grad_()
        for _ in range(2):
            y = function(x)
        found.append([y, *torch.autograd.grad((y * weights).sum(), [x, norm.weight, norm.bias])])
    for own, expected in zip(*found, strict=True):
        torch.testing.assert_close(own, expected)
    assert found[0][0].is_contiguous(memory_format=layout)
    assert found[0][1].is_contiguous(memory_format=layout)
    for own, expected in zip(quick.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(own, expected)


@pytest.mark.parametrize("width", [FEW - 1, FEW])
def test_evaluation_and_maps_that_do_not_fold_are_the_layers_own(width: int) -> None:
    norm = layer(width)
    x = torch.randn(1, width, FOLDS + 1, 1, dtype=torch.float64).contiguous(memory_format=LAST)
    twin = copy.deepcopy(norm)
    assert torch.equal(normalize(norm, x), twin(x))
    assert torch.equal(normalize(norm.eval(), x[:, :, :FOLDS]), twin.eval()(x[:, :, :FOLDS]))


def test_nearer_to_double_precision_than_pytorch() -> None:
    torch.manual_seed(7)
    x = (1 + 2 * torch.randn(16, 8, 64, 44)).contiguous(memory_format=LAST)
    norm = nn.BatchNorm2d(8)
    exact = nn.BatchNorm2d(8).double()(x.double())
    own, theirs = (float((y - exact).detach().abs().max()) for y in (normalize(norm, x), nn.BatchNorm2d(8)(x)))
    assert own <= theirs + 1e-6
