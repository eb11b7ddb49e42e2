"""Operations of a training step with gradients that a CPU computes quickly: the same numbers but for the order of sums.

PyTorch's own backward passes of depthwise and grouped convolutions, of biases, of average pooling and of slices take up
to tens of times the forward pass on a CPU. Maps are (batch, channel, mel, frame), in any order of memory; results keep
it.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight

DILATION = 2
FEW = 32
"""Channels. With fewer, operations that go through a map position by position are slow."""
FEWER = 16
"""Channels, of which up to so many are reduced by a product of matrices more quickly than by a convolution."""
FOLDS = 16
"""Positions that are taken for one where channels are few."""
Size = tuple[int, int]


def flat(x: Tensor, folds: int = 1) -> Tensor:
    """A map as rows (positions / folds, channels * folds): `folds` positions after one another are one row. The same
    memory, where channels are last in it."""
    return x.permute(0, 2, 3, 1).reshape(-1, folds * x.shape[1])


def folds_of(x: Tensor, positions: int) -> int:
    """How many of a map's positions make a row that is quickly reckoned with, because channels are few; else 1."""
    few = x.shape[1] < FEW and x.is_contiguous(memory_format=torch.channels_last)
    return FOLDS if few and positions % FOLDS == 0 else 1


def _sums(x: Tensor) -> Tensor:
    """Of each clip's channels, (batch, channel)."""
    folds = folds_of(x, x.shape[2] * x.shape[3])
    if folds == 1:
        return x.sum(dim=(2, 3))
    return flat(x, folds).unflatten(0, (len(x), -1)).sum(dim=1).unflatten(1, (folds, -1)).sum(dim=1)


def applies(x: Tensor) -> bool:
    """On a CPU, where every number is as precise as it looks; elsewhere these functions do what PyTorch does."""
    return x.device.type == "cpu" and not torch.is_autocast_enabled("cpu")


def plus_convolve(x: Tensor, kernel: Tensor) -> Tensor:
    """x convolved with a plus-shaped depthwise kernel, dilated by two; the size stays.

    `kernel` (channel, 1, 3, 3) has zeros in its corners, which get no gradient.
    """
    return _Plus.apply(x, kernel) if applies(x) else _plus(x, kernel)


def join_neighbours(x: Tensor, weight: Tensor) -> Tensor:
    """1x1 convolution in groups of neighbouring channels: weight (out, in / out, 1, 1), one output channel a group.

    As a dense one with zeros between the groups: more products, but those that processors are good at.
    """
    width, share = weight.shape[:2]
    if not applies(x):
        return F.conv2d(x, weight, groups=width)
    own = torch.eye(width, dtype=weight.dtype)[:, :, None] * weight.view(1, width, share)
    return pointwise_convolve(x, own.view(width, width * share, 1, 1), None)


def pointwise(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """What a 1x1 convolution with a bias makes of x."""
    if not layer.training:
        return layer(x)
    assert layer.bias is not None
    return pointwise_convolve(x, layer.weight, layer.bias)


def pointwise_convolve(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """1x1 convolution: weight (out, in, 1, 1), bias (out) or none."""
    return _Pointwise.apply(x, weight, bias) if applies(x) else F.conv2d(x, weight, bias)


def average_pool(x: Tensor, size: Size) -> Tensor:
    """Means of windows of `size` (mel, frame) that do not overlap; what is left over at the end is dropped."""
    return _Average.apply(x, size) if applies(x) else F.avg_pool2d(x, size)


def split_mel(x: Tensor, bands: int) -> tuple[Tensor, ...]:
    """Equal bands of the mel axis, lowest first, each with memory of its own; the rest at the top is dropped."""
    if applies(x):
        return _Split.apply(x, bands)
    size = x.shape[2] // bands
    return tuple(x[:, :, band * size:(band + 1) * size] for band in range(bands))


def concat(parts: Sequence[Tensor], dim: int) -> Tensor:
    """Maps side by side along `dim`; each part's gradient has memory of its own."""
    return _Concat.apply(dim, *parts) if applies(parts[0]) else torch.cat(tuple(parts), dim)


def gate(x: Tensor, weight: Tensor) -> Tensor:
    """ECA: x * sigmoid(convolution of the channels' means with `weight` (1, 1, width)). Only where this applies."""
    return _Gate.apply(x, weight)


class _Plus(torch.autograd.Function):
    """The gradient of the input is a convolution with the kernel turned round."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor) -> Tensor:
        ctx.save_for_backward(x, kernel)
        return _plus(x, kernel)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, kernel = ctx.saved_tensors
        (given,) = gradients
        return (_plus(given, kernel.flip(2, 3)) if ctx.needs_input_grad[0] else None,
                _kernel_gradient(given, x) if ctx.needs_input_grad[1] else None)


def _plus(x: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(x, kernel, padding=DILATION, dilation=DILATION, groups=len(kernel))


def _kernel_gradient(given: Tensor, x: Tensor) -> Tensor:
    given, x = (map_.contiguous(memory_format=torch.channels_last) for map_ in (given, x))
    gradient = x.new_zeros(x.shape[1], 1, 3, 3)
    gradient[:, 0, :, 1] = _along_mel(given, x)
    gradient[:, 0, 1, ::DILATION] = _along_frames(given, x)[:, ::2]
    return gradient


def _along_mel(given: Tensor, x: Tensor) -> Tensor:
    """Gradient (channel, 3) of the taps below, in the middle and above. Two bands after one another are one long row,
    so that the next row is two bands on, and nothing is dilated: that is what is quick."""
    channels, bands, frames = x.shape[1:]
    if bands % DILATION:
        return _by_products(given.transpose(2, 3), x.transpose(2, 3))
    long = (-1, bands // DILATION, DILATION * frames, channels)
    return conv2d_weight(_seen_as(x, long), (channels, 1, 3, 1), _seen_as(given, long), padding=(1, 0),
                         groups=channels).view(channels, 3)


def _along_frames(given: Tensor, x: Tensor) -> Tensor:
    """Gradient (channel, 3) of the taps before, in the middle and behind. Two frames after one another are one of twice
    the channels, whose taps are the same."""
    channels, bands, frames = x.shape[1:]
    if frames % DILATION:
        return _by_products(given, x)
    wide = (-1, bands, frames // DILATION, DILATION * channels)
    both = conv2d_weight(_seen_as(x, wide), (DILATION * channels, 1, 1, 3), _seen_as(given, wide), padding=(0, 1),
                         groups=DILATION * channels)
    return both.view(DILATION, channels, 3).sum(dim=0)


def _seen_as(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A map with channels last in memory, the same memory as (batch, mel, frame, channel) of another `shape`."""
    return x.permute(0, 2, 3, 1).view(shape).permute(0, 3, 1, 2)


def _by_products(given: Tensor, x: Tensor) -> Tensor:
    """As `_along_frames`, for any number of them."""
    taps = [_products(given[..., DILATION:], x[..., :-DILATION]), _products(given, x),
            _products(given[..., :-DILATION], x[..., DILATION:])]
    return torch.stack(taps, dim=1)


def _products(given: Tensor, x: Tensor) -> Tensor:
    return (given * x).sum(dim=(0, 2, 3))


class _Pointwise(torch.autograd.Function):
    """The gradient of the bias is a sum of its own; made together with the others, it takes longer than they do. That
    of weights that make fewer channels of a few is a product of two matrices."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        (given,), (x, weight), needed = gradients, ctx.saved_tensors, ctx.needs_input_grad
        by_product = needed[1] and len(weight) < x.shape[1] <= FEWER
        of_x, of_weight, _ = torch.ops.aten.convolution_backward(
            given, x, weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1,
            [needed[0], needed[1] and not by_product, False])
        if by_product:
            of_weight = (flat(given).T @ flat(x)).view_as(weight)
        return of_x, of_weight, _sums(given).sum(dim=0) if needed[2] else None


class _Average(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, size: Size) -> Tensor:
        ctx.size, ctx.like = size, torch.empty_like(x, device="meta")
        return F.avg_pool2d(x, size)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (given,), (mel, frame) = gradients, ctx.size
        bands, frames = given.shape[2:]
        spread = torch.empty_like(ctx.like, device=given.device)
        windows = spread[:, :, :bands * mel, :frames * frame].unflatten(2, (bands, mel)).unflatten(4, (frames, frame))
        windows.copy_((given / (mel * frame))[:, :, :, None, :, None])
        spread[:, :, bands * mel:] = 0
        spread[:, :, :, frames * frame:] = 0
        return spread, None


class _Gate(torch.autograd.Function):
    """The gradient through the means reaches every position alike: it is added in the same pass as the product."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        means = _sums(x) / (x.shape[2] * x.shape[3])  # (batch, channel)
        gates = F.conv1d(means[:, None], weight, padding=weight.shape[2] // 2)[:, 0].sigmoid()
        ctx.save_for_backward(x, weight, means, gates)
        return x * gates[:, :, None, None]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        (given,), (x, weight, means, gates) = gradients, ctx.saved_tensors
        reach = weight.shape[2] // 2
        before = (_sums(given * x) * gates * (1 - gates))[:, None]  # of what the sigmoid sees
        of_weight = F.pad(means, (reach, reach)).unfold(1, weight.shape[2], 1)  # (batch, channel, width)
        of_means = F.conv1d(before, weight.flip(2), padding=reach)[:, 0] / (x.shape[2] * x.shape[3])
        return (torch.addcmul(of_means[:, :, None, None], given, gates[:, :, None, None]),
                (before[:, 0, :, None] * of_weight).sum(dim=(0, 1)).view_as(weight))


class _Concat(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, dim: int, *parts: Tensor) -> Tensor:
        ctx.dim, ctx.sizes, ctx.layout = dim, [part.shape[dim] for part in parts], _layout(parts[0])
        return torch.cat(parts, dim)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        parts = gradients[0].split(ctx.sizes, ctx.dim)
        return None, *(part.contiguous(memory_format=ctx.layout) for part in parts)


def _layout(x: Tensor) -> torch.memory_format:
    last = x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


class _Split(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, bands: int) -> tuple[Tensor, ...]:
        size = x.shape[2] // bands
        ctx.rest = x.shape[2] - bands * size
        return tuple(x[:, :, band * size:(band + 1) * size].contiguous(memory_format=_layout(x))
                     for band in range(bands))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        joined = torch.cat(gradients, dim=2)
        return F.pad(joined, (0, 0, 0, ctx.rest)) if ctx.rest else joined, None
