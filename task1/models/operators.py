"""Lightweight operators that distillation blocks are made of; each maps (batch, channel, mel, frame) to the same size.

DSSC is DSMN's (2023); SC, OSC, SPC and the plain 3x3 convolution are DSSDN's (2024). All but the last look at time and
frequency in two depthwise convolutions side by side. With `cut`, those of DSSDN keep low and high frequencies apart.
"""

from collections.abc import Callable
from math import ceil

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from task1.models.layers import Add, Concat
from task1.models.quick import join_neighbours, plus_convolve
from task1.models.quick_norm import normalize

Operator = Callable[[int, int], nn.Module]
"""(channels in, channels out) to a module."""


class _Halves(nn.Module):
    """A convolution that does not look across the middle of the mel axis: the same weights on either half, spliced."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution
        self.splice = Concat(dim=2)

    def forward(self, x: Tensor) -> Tensor:
        middle = x.shape[2] // 2
        return self.splice(self.convolution(x[:, :, :middle]), self.convolution(x[:, :, middle:]))


class TimeFrequency(nn.Module):
    """Depthwise 3x1 and 1x3 convolutions of the same input, dilated by 2, summed.

    Training runs them as one convolution with a plus-shaped kernel: the same sums, in a third of the memory traffic.
    Evaluation runs the layers themselves, which are what is counted, quantised and exported.
    """

    def __init__(self, width: int, cut: bool) -> None:
        super().__init__()
        self.width, self.cut = width, cut
        self.time = nn.Conv2d(width, width, (1, 3), padding=(0, 2), dilation=(1, 2), groups=width, bias=False)
        mel = nn.Conv2d(width, width, (3, 1), padding=(2, 0), dilation=(2, 1), groups=width, bias=False)
        self.mel = _Halves(mel) if cut else mel
        self.add = Add()

    def forward(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        """`scale` (width, 1, 1, 1) multiplies the input's channels."""
        if not self.training or self.cut:
            return self.add(self.time(x), self.mel(x))
        assert isinstance(self.time.weight, Tensor)
        assert isinstance(self.mel.weight, Tensor)
        plus = F.pad(self.time.weight, (0, 0, 1, 1)) + F.pad(self.mel.weight, (1, 1))  # (width, 1, 3, 3)
        return plus_convolve(x, plus if scale is None else plus * scale)


class _Separable(nn.Sequential):
    """1x1 convolution, time-frequency pair, batch normalisation, ReLU."""

    def __init__(self, pointwise: nn.Module, out_width: int, cut: bool) -> None:
        super().__init__(pointwise, TimeFrequency(out_width, cut), nn.BatchNorm2d(out_width), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        pointwise, pair, norm, activation = self
        if self.training and not pair.cut and _only_scales(pointwise):
            return activation(normalize(norm, pair(x, pointwise.weight)))  # the scale joins the pair's kernel
        if self.training and _joins_neighbours(pointwise):
            assert isinstance(pointwise.weight, Tensor)
            return activation(normalize(norm, pair(join_neighbours(x, pointwise.weight))))
        return activation(normalize(norm, pair(pointwise(x))))


def _only_scales(pointwise: nn.Module) -> bool:
    return isinstance(pointwise, nn.Conv2d) and pointwise.groups == pointwise.in_channels == pointwise.out_channels


def _joins_neighbours(pointwise: nn.Module) -> bool:
    return isinstance(pointwise, nn.Conv2d) and pointwise.groups == pointwise.out_channels


def dssc(in_width: int, out_width: int) -> nn.Module:
    """Deep space separable convolution; its 1x1 convolution only scales channels or joins neighbouring ones."""
    return _Separable(nn.Conv2d(in_width, out_width, 1, groups=out_width, bias=False), out_width, cut=False)


def separable(cut: bool) -> Operator:
    """SC: a full 1x1 convolution in front."""
    return lambda in_width, out_width: _Separable(nn.Conv2d(in_width, out_width, 1, bias=False), out_width, cut)


class _OrthonormalPointwise(nn.Sequential):
    """1x1 convolution in two steps; the training loss pulls the rows of the first towards an orthonormal set."""

    def __init__(self, in_width: int, middle: int, out_width: int) -> None:
        super().__init__(nn.Conv2d(in_width, middle, 1, bias=False), nn.Conv2d(middle, out_width, 1, bias=False))

    def rows(self) -> Tensor:
        """Weights of the first step, (middle, in)."""
        first = self[0]
        assert isinstance(first, nn.Conv2d)
        return first.weight.flatten(1)


def orthonormal(share: float, cut: bool) -> Operator:
    """OSC: the 1x1 convolution in two steps through `share` of the input channels."""
    return lambda in_width, out_width: _Separable(
        _OrthonormalPointwise(in_width, ceil(share * in_width), out_width), out_width, cut)


class _SeparablePartial(nn.Module):
    """SPC: `share` of the channels is convolved, the rest passes; a 1x1 convolution mixes them."""

    def __init__(self, in_width: int, out_width: int, share: float, cut: bool) -> None:
        super().__init__()
        self.part = ceil(share * in_width)
        self.convolve = _Separable(nn.Identity(), self.part, cut)
        self.concat = Concat()
        self.mix = nn.Conv2d(in_width, out_width, 1, bias=False)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        joined = self.concat(self.convolve(x[:, :self.part]), x[:, self.part:])
        return self.activation(self.mix(joined))


def separable_partial(share: float, cut: bool) -> Operator:
    """SPC as an operator."""
    return lambda in_width, out_width: _SeparablePartial(in_width, out_width, share, cut)


def conv3x3(cut: bool) -> Operator:
    """The plain convolution that the ablation puts in the operators' place; without normalisation."""

    def make(in_width: int, out_width: int) -> nn.Module:
        convolution = nn.Conv2d(in_width, out_width, 3, padding=1)
        return nn.Sequential(_Halves(convolution) if cut else convolution, nn.ReLU())

    return make


def orthonormal_penalty(network: nn.Module) -> Tensor:
    """Sum over the network's OSC operators of ||W W' - I||, Frobenius, W the first 1x1 weights (middle, in).

    A loss term (its weight is the recipe's `orthonormal_weight`); zero for a network without OSC.
    """
    weights = [layer.rows() for layer in network.modules() if isinstance(layer, _OrthonormalPointwise)]
    if not weights:
        return next(network.parameters()).new_zeros(())
    return torch.stack([
        torch.linalg.matrix_norm(rows @ rows.T - torch.eye(len(rows), dtype=rows.dtype, device=rows.device))
        for rows in weights
    ]).sum()
