"""Operators, blocks, attention and normalisation against closed forms."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from task1.errors import InputError
from task1.models import build
from task1.models.attention import CBAM, ECA, SqueezeExcite
from task1.models.check import check_shape
from task1.models.distillation import ConcentratingCutBlock, SummedCutBlock, WholeBlock
from task1.models.layers import SplitMel
from task1.models.operators import (
    Operator,
    conv3x3,
    dssc,
    orthonormal,
    orthonormal_penalty,
    separable,
    separable_partial,
)
from task1.models.segnet import MixupNorm


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(2, 8, 12, 10)


def test_eca_gates_depend_on_neighbours_alone(x: torch.Tensor) -> None:
    attention = ECA().eval()
    weights = attention.neighbours.weight.flatten()
    means = nn.functional.pad(x.mean((2, 3)), (1, 1))
    gates = torch.sigmoid(sum(weights[tap] * means[:, tap:tap + 8] for tap in range(3)))
    torch.testing.assert_close(attention(x), x * gates[:, :, None, None])


def test_squeeze_excite_is_one_gate_a_channel(x: torch.Tensor) -> None:
    ratio = SqueezeExcite(8, 4)(x) / x
    torch.testing.assert_close(ratio, ratio[:, :, :1, :1].expand_as(ratio))
    assert ((ratio > 0) & (ratio < 1)).all()


def test_cbam_gates_are_a_product_of_channel_and_position(x: torch.Tensor) -> None:
    gates = (CBAM(8, 4)(x) / x).double()
    # a product of two vectors: every 2x2 minor of the (channel, position) matrix vanishes
    table = gates.flatten(2)
    torch.testing.assert_close(table[:, :1, :1] * table, table[:, :, :1] * table[:, :1], rtol=1e-4, atol=1e-6)
    assert ((gates > 0) & (gates < 1)).all()


def test_split_mel_gives_equal_bands_lowest_first() -> None:
    ramp = torch.arange(7.0)[None, None, :, None]
    low, middle, high = SplitMel(3)(ramp)
    assert [band.flatten().tolist() for band in (low, middle, high)] == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("operator", [
    dssc, separable(False), separable(True), orthonormal(0.25, False), orthonormal(0.25, True),
    separable_partial(0.25, False), separable_partial(0.25, True), conv3x3(False), conv3x3(True)])
def test_operators_keep_the_size(operator: Operator, x: torch.Tensor) -> None:
    odd = x[:, :, :11]
    assert operator(8, 4)(odd).shape == (2, 4, 11, 10)
    assert (operator(8, 4)(x) >= 0).all()


@pytest.mark.parametrize("make", [
    separable, lambda cut: orthonormal(0.25, cut), lambda cut: separable_partial(0.25, cut), conv3x3])
def test_the_cut_stops_operators_from_looking_across_the_middle(
    make: Callable[[bool], Operator], x: torch.Tensor
) -> None:
    changed = x.clone()
    changed[:, :, 6:] += 1
    for cut in (True, False):
        operator = make(cut)(8, 8).eval()
        same = torch.equal(operator(x)[:, :, :6], operator(changed)[:, :, :6])
        assert same is cut


@pytest.mark.parametrize(("block", "size"), [
    (WholeBlock, (6, 5)), (SummedCutBlock, (6, 5)), (ConcentratingCutBlock, (6, 5))])
def test_blocks_halve_both_axes(block: type[nn.Module], size: tuple[int, int], x: torch.Tensor) -> None:
    assert block(8, 6, dssc)(x).shape == (2, 6, *size)
    assert block(8, 6, dssc)(x[:, :, :11, :9]).shape == (2, 6, 5, 4)


def test_orthonormal_penalty(spec: Callable[..., dict[str, Any]]) -> None:
    network = build(spec("dssdn_small"))
    pairs = [(layer[0].weight.flatten(1)) for layer in network.modules() if type(layer).__name__ ==
             "_OrthonormalPointwise"]
    assert len(pairs) == 15  # three operators in each of five blocks
    expected = sum(((rows @ rows.T - torch.eye(len(rows))) ** 2).sum().sqrt() for rows in pairs)
    penalty = orthonormal_penalty(network)
    torch.testing.assert_close(penalty, expected)
    penalty.backward()
    assert all(layer[0].weight.grad.any() for layer in network.modules()
               if type(layer).__name__ == "_OrthonormalPointwise")
    with torch.no_grad():
        for layer in network.modules():
            if type(layer).__name__ == "_OrthonormalPointwise":
                nn.init.orthogonal_(layer[0].weight)
    assert float(orthonormal_penalty(network).detach()) < 1e-4


def test_no_penalty_without_orthonormal_operators(spec: Callable[..., dict[str, Any]]) -> None:
    assert float(orthonormal_penalty(build(spec("dsmn_model1")))) == 0


def test_mixup_norm_mixes_the_map_and_its_normalised_self(x: torch.Tensor) -> None:
    norm = MixupNorm(8, 0.3)
    normal = (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(norm.eval()(x), 0.5 * x + 0.5 * normal)
    kept = [((norm.train()(x) - normal) / (x - normal)).median() for _ in range(200)]  # one lambda a batch
    assert min(kept) >= -1e-3
    assert max(kept) <= 1 + 1e-3
    assert abs(float(torch.stack(kept).mean()) - 0.5) < 0.1
    assert float(torch.stack(kept).std()) > 0.3  # Beta(0.3, 0.3): sqrt(1 / 6.4) = 0.395
    assert list(norm.parameters()) == []


def test_even_kernels_keep_the_size_and_pad_after(spec: Callable[..., dict[str, Any]]) -> None:
    layers = build(spec("segnet_student1")).features
    impulse = torch.zeros(1, 3, 8, 6)
    impulse[0, 0, 0, 0] = 1
    pad, convolution = layers[0], layers[1]
    response = convolution(pad(impulse)) - convolution(pad(torch.zeros_like(impulse)))
    assert response.shape == (1, 48, 8, 6)
    # output row r sees input rows r and r + 1, so the first input row reaches the first output row alone
    assert response[:, :, 0].any()
    assert not response[:, :, 1:].any()


@pytest.mark.parametrize(("shape", "outputs", "told"), [
    ((1, 256, 44), 13, "cannot take 1 channels, 256 mel bins and 44 frames"),
    ((2, 16, 44), 13, "cannot take 2 channels, 16 mel bins and 44 frames"),
    ((2, 256, 44), 10, "returns (1, 13) for one clip, expected logits of shape (1, 10)"),
])
def test_check_shape(
    spec: Callable[..., dict[str, Any]], shape: tuple[int, int, int], outputs: int, told: str
) -> None:
    network = build(spec("dsmn_model1")).train()
    check_shape(network, (2, 256, 44), 13, "models.model1.network")
    with pytest.raises(InputError) as caught:
        check_shape(network, shape, outputs, "models.model1.network")
    assert told in str(caught.value)
    assert network.training


def test_check_shape_of_an_own_network_that_returns_no_logits() -> None:
    with pytest.raises(InputError, match=r"returns \(1, 1, 4, 4\) for one clip"):
        check_shape(nn.Identity(), (1, 4, 4), 10, "network")
