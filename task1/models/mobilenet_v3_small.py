"""MobileNet V3-Small (Howard 2019), a baseline of ye2024.

As the printed counts have it: every block widens first, and the last convolution has squeeze-and-excite as well.
"""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Width
from task1.models.attention import SqueezeExcite
from task1.models.layers import Add, conv_norm, dense_head

ActivationName = Literal["relu", "hardswish"]
Blocks = Annotated[tuple[tuple[Width, Width, Width, bool, ActivationName, Width], ...], Field(min_length=1)]
"""(kernel, expanded width, width, squeeze-and-excite, activation, stride)"""
_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "hardswish": nn.Hardswish}


class _Block(nn.Module):
    """Widen, convolve each channel, weigh them, narrow; the input is added where the shape stays."""

    def __init__(
        self, in_width: int, wide: int, out_width: int, kernel: int, stride: int, reduction: int | None,
        activation: type[nn.Module],
    ) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            conv_norm(in_width, wide, 1, activation=activation),
            conv_norm(wide, wide, kernel, stride, groups=wide, activation=activation),
            nn.Identity() if reduction is None else SqueezeExcite(wide, reduction, nn.Hardsigmoid),
            conv_norm(wide, out_width, 1, activation=None),
        )
        self.add = Add() if stride == 1 and in_width == out_width else None

    def forward(self, x: Tensor) -> Tensor:
        residual = self.residual(x)
        return residual if self.add is None else self.add(x, residual)


class MobileNetV3Small(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame)."""

    def __init__(
        self,
        in_channels: Width,
        stem: Width,
        blocks: Blocks,
        reduction: Width,
        last: Width,
        hidden: Width,
        dropout: Dropout,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(in_channels, stem, 3, stride=2, activation=nn.Hardswish)]
        width = stem
        for kernel, wide, out_width, squeezed, activation, stride in blocks:
            if kernel % 2 == 0:
                raise ValueError(f"blocks: found kernel {kernel}, expected an odd one, which keeps the size")
            layers.append(_Block(
                width, wide, out_width, kernel, stride, reduction if squeezed else None, _ACTIVATIONS[activation]))
            width = out_width
        self.features = nn.Sequential(
            *layers,
            conv_norm(width, last, 1, activation=nn.Hardswish),
            SqueezeExcite(last, reduction, nn.Hardsigmoid),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head = dense_head(last, hidden, dropout, outputs, activation=nn.Hardswish)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
