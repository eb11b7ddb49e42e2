"""Layers that compute as integers would: convolution with its normalisation folded, dense layer, all the rest.

In training the weights are rounded and the normalisation works on the batch. That is the same as folding it first: an
output channel has a scale of its own, so a factor for the whole channel changes the scale and no integer. In evaluation
the normalisation is folded with its running statistics and the bias is rounded to whole products of input and weight
scales: what is exported. Maps are (batch, channel, mel, frame).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from task1.compress.fake_quantize import Quantizer, round_weight, weight_scales
from task1.models.quick import Size, average_pool, join_neighbours, plus_convolve, pointwise_convolve
from task1.models.quick_norm import normalize

_BIAS_ROOM = 2.0**30
"""Greatest bias in steps; channels whose weights are next to nothing beside their bias get coarser steps for it."""


@dataclass(frozen=True)
class Geometry:
    """Of a convolution; `pads` as in ONNX: before each axis, then behind each axis."""

    stride: tuple[int, ...]
    pads: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


class Kernel(nn.Module):
    """Weights (out, in / groups, ...) and bias of a convolution, as a function of a network's own layers."""

    geometry: Geometry
    joins_neighbours = False
    is_pointwise = False

    def forward(self) -> tuple[Tensor, Tensor | None]:
        raise NotImplementedError


class ConvKernel(Kernel):
    """A convolution, with the zeros that a layer in front of it adds (left, right, top, bottom)."""

    def __init__(self, conv: nn.Conv1d | nn.Conv2d, zeros: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.conv = conv
        own = tuple(int(size) for size in conv.padding)
        before, behind = (zeros[2::-2], zeros[3::-2]) if zeros else ((0,) * len(own), (0,) * len(own))
        pads = tuple(a + b for a, b in zip((*own, *own), (*before, *behind), strict=True))
        self.geometry = Geometry(conv.stride, pads, conv.dilation, conv.groups)
        single = self.geometry.stride == conv.kernel_size == (1, 1) and not any(pads)
        self.joins_neighbours = single and conv.bias is None and conv.groups == conv.out_channels < conv.in_channels
        self.is_pointwise = single and conv.bias is not None and conv.groups == 1

    def forward(self) -> tuple[Tensor, Tensor | None]:
        return self.conv.weight, self.conv.bias


class PlusKernel(Kernel):
    """A time-frequency pair, and the scaling of channels in front of it, as one plus-shaped depthwise kernel."""

    def __init__(self, time: nn.Conv2d, mel: nn.Conv2d, scale: nn.Conv2d | None) -> None:
        super().__init__()
        self.time, self.mel, self.scale = time, mel, scale
        reach = (int(mel.padding[0]), int(time.padding[1]))
        self.geometry = Geometry((1, 1), (*reach, *reach), (mel.dilation[0], time.dilation[1]), time.groups)

    def forward(self) -> tuple[Tensor, None]:
        plus = F.pad(self.time.weight, (0, 0, 1, 1)) + F.pad(self.mel.weight, (1, 1))
        return plus if self.scale is None else plus * self.scale.weight, None


class UnitKernel(Kernel):
    """Every channel as it is: what carries a normalisation that follows no convolution."""

    ones: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("ones", torch.ones(width, 1, 1, 1), persistent=False)
        self.geometry = Geometry((1, 1), (0, 0, 0, 0), (1, 1), width)

    def forward(self) -> tuple[Tensor, None]:
        return self.ones, None


@dataclass(frozen=True)
class Folded:
    """What ships of a layer: weights on the grid of `scales`, bias in whole steps of input scale times `scales`."""

    weight: Tensor
    scales: Tensor
    bias: Tensor
    steps: Tensor

    def integer_weight(self) -> Tensor:
        shape = (-1, *[1] * (self.weight.dim() - 1))
        return torch.round(self.weight / self.scales.view(shape)).to(torch.int8)

    def integer_bias(self) -> Tensor:
        return torch.round(self.bias / self.steps).to(torch.int32)


class _Weighted(nn.Module):
    """A layer with weights; `source` is where its input became integers (kept apart: it belongs to another layer)."""

    def __init__(self, source: Quantizer, out: Quantizer | None) -> None:
        super().__init__()
        self.source, self.out, self.rounding = (source,), out, True

    def _finish(self, y: Tensor) -> Tensor:
        return y if self.out is None else self.out(y)

    def _fold(self, weight: Tensor, bias: Tensor | None, rounding: bool) -> Folded:
        """Double precision, since all the rest is compared with integers."""
        weight = weight.double()
        bias = weight.new_zeros(len(weight)) if bias is None else bias.double()
        in_scale = self.source[0].scale_and_zero()[0].double()
        scales = torch.maximum(weight_scales(weight), bias.abs() / (in_scale * _BIAS_ROOM)).float()
        steps = in_scale.float() * scales
        if not rounding:
            return Folded(weight.float(), scales, bias.float(), steps)
        bias = torch.round(bias / steps.double()) * steps
        return Folded(round_weight(weight.float(), scales), scales, bias.float(), steps)


class IntegerConv(_Weighted):
    """Convolution, folded normalisation, activation, rounding."""

    def __init__(self, kernel: Kernel, norm: nn.BatchNorm2d | None, source: Quantizer, out: Quantizer) -> None:
        super().__init__(source, out)
        self.kernel, self.norm = kernel, norm

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            folded = self.folded()
            return self._finish(self._convolve(x, folded.weight, folded.bias))
        weight, bias = self.kernel()
        if self.rounding:
            weight = round_weight(weight, weight_scales(weight))
        y = self._convolve(x, weight, bias)
        return self._finish(y if self.norm is None else normalize(self.norm, y))

    @torch.no_grad()
    def folded(self) -> Folded:
        """Weights and bias with the normalisation's running statistics in them."""
        weight, bias = self.kernel()
        if self.norm is not None:
            gain, shift = _affine(self.norm)
            bias = shift if bias is None else shift + gain * bias
            weight = weight.double() * gain.view(-1, *[1] * (weight.dim() - 1))
        return self._fold(weight, bias, self.rounding)

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        own = self.kernel.geometry
        if self.training and isinstance(self.kernel, PlusKernel):
            return plus_convolve(x, weight)
        if self.training and self.kernel.joins_neighbours:
            return join_neighbours(x, weight)
        if self.training and self.kernel.is_pointwise:
            assert bias is not None
            return pointwise_convolve(x, weight, bias)
        half = len(own.pads) // 2
        before, behind = own.pads[:half], own.pads[half:]
        padding = tuple(min(pair) for pair in zip(before, behind, strict=True))
        if before != behind:
            x = F.pad(x, [pads[axis] - padding[axis] for axis in reversed(range(half)) for pads in (before, behind)])
        convolve: Callable[..., Tensor] = F.conv1d if half == 1 else F.conv2d
        return convolve(x, weight, bias, own.stride, padding, own.dilation, own.groups)


class IntegerLinear(_Weighted):
    """Dense layer, activation, rounding; the last of a network gives its sums as they are."""

    def __init__(self, linear: nn.Linear, source: Quantizer, out: Quantizer | None) -> None:
        super().__init__(source, out)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            folded = self.folded()
            return self._finish(F.linear(x, folded.weight, folded.bias))
        weight = self.linear.weight
        if self.rounding:
            weight = round_weight(weight, weight_scales(weight))
        return self._finish(F.linear(x, weight, self.linear.bias))

    @torch.no_grad()
    def folded(self) -> Folded:
        return self._fold(self.linear.weight, self.linear.bias, self.rounding)


class Rounded(nn.Module):
    """An operation without weights and the rounding of its result."""

    def __init__(self, operation: nn.Module, out: Quantizer) -> None:
        super().__init__()
        self.operation, self.out = operation, out
        self.windows = _windows(operation)

    def forward(self, *inputs: Tensor) -> Tensor:
        if self.training and self.windows is not None:
            return self.out(average_pool(inputs[0], self.windows))
        return self.out(self.operation(*inputs))


def _windows(operation: nn.Module) -> Size | None:
    """Of an average pooling whose windows neither overlap nor reach over the edges."""
    if not isinstance(operation, nn.AvgPool2d) or operation.padding not in (0, (0, 0)) or operation.ceil_mode:
        return None
    size, stride = ((two, two) if isinstance(two, int) else two for two in (operation.kernel_size, operation.stride))
    return size if size == stride else None


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Gain and shift of each channel in evaluation, in double precision."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = (norm.running_var.double() + norm.eps).rsqrt()
    if norm.affine:
        gain = gain * norm.weight.double()
    shift = -gain * norm.running_mean.double()
    return gain, shift + norm.bias.double() if norm.affine else shift
