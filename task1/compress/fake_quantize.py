"""How integers are simulated in floating point, to the numbers of PyTorch's core fake-quantise operations.

Activations: uint8, one scale and zero point a tensor, from moving averages of the smallest and greatest value of a
batch. Weights: int8 from -127 to 127, symmetric, a scale an output channel, from the weights as they are. Rounding is
to the nearest, halves to even, as in ONNX; gradients pass as if nothing were rounded, and stop where a value is cut.
"""

from typing import Any

import torch
from torch import Tensor, nn

HIGHEST = 255  # uint8
HIGHEST_WEIGHT = 127  # int8 without -128, so that a negative gain may flip all signs
SMALLEST_SCALE = 1e-12
_NEW = 0.02
"""Share of the newest batch in the moving averages: they look back over about fifty batches."""


class Quantizer(nn.Module):
    """Where an activation becomes uint8; observes its range while it trains.

    With `relu` all below zero becomes zero: the lower end of the integers does what the activation does.
    """

    low: Tensor
    high: Tensor
    seen: Tensor

    def __init__(self, relu: bool = False) -> None:
        super().__init__()
        self.relu = relu
        self.observing, self.rounding = True, True
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.observing:
            self.observe(x.detach())
        if not self.rounding:
            return x.relu() if self.relu else x
        scale, zero = self.scale_and_zero()
        return round_activation(x, scale, zero)

    @torch.no_grad()
    def observe(self, x: Tensor) -> None:
        """Take a batch into account; the first one as it is."""
        if self.relu:
            low, high = self.low, x.amax().clamp(min=0)
        else:
            low, high = torch.aminmax(x)
        share = torch.where(self.seen == 0, 1.0, _NEW)
        self.low.lerp_(low, share)
        self.high.lerp_(high, share)
        self.seen.fill_(1)

    def scale_and_zero(self) -> tuple[Tensor, Tensor]:
        """Scale (float32) and zero point (int32), for a range that contains zero."""
        low, high = self.low.clamp(max=0), self.high.clamp(min=0)
        scale = ((high - low) / HIGHEST).clamp(min=SMALLEST_SCALE)
        return scale, torch.round(-low / scale).clamp(0, HIGHEST).int()


class SigmoidQuantizer(Quantizer):
    """For values from 0 to 1: steps of 1/256, nothing to observe."""

    def __init__(self) -> None:
        super().__init__()
        self.high.fill_(HIGHEST / (HIGHEST + 1))

    def observe(self, x: Tensor) -> None:
        pass


def round_activation(x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    """The values that uint8 can hold. The core operation takes one number at a time on a CPU, thirty times slower."""
    if x.device.type == "cpu":
        return _Round.apply(x, scale, int(zero))
    return torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, HIGHEST)


class _Round(torch.autograd.Function):
    """The same numbers as the core operation, by operations that work on many numbers at a time."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, zero: int) -> Tensor:
        ctx.save_for_backward(x)
        ctx.ends = ((-zero - 0.5) * float(scale), (HIGHEST - zero + 0.5) * float(scale))
        return (x * scale.reciprocal()).round_().clamp_(-zero, HIGHEST - zero).mul_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return torch.ops.aten.hardtanh_backward(gradients[0], x, *ctx.ends), None, None


def weight_scales(weight: Tensor) -> Tensor:
    """Scale of each output channel of (out, ...), so that its greatest weight becomes 127."""
    return (weight.detach().flatten(1).abs().amax(dim=1) / HIGHEST_WEIGHT).clamp(min=SMALLEST_SCALE)


def round_weight(weight: Tensor, scales: Tensor) -> Tensor:
    """The weights (out, ...) that int8 can hold, in floating point."""
    zeros = torch.zeros(len(scales), dtype=torch.int32, device=weight.device)
    return torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -HIGHEST_WEIGHT, HIGHEST_WEIGHT)
