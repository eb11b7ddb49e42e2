"""CP-Mobile (Schmid et al., DCASE 2023) in the form of the 2024 baseline: inverted residual blocks, no normalisation of
responses."""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from task1.models.arguments import Outputs, Size, Width
from task1.models.layers import Add, conv_norm

Strides = Annotated[tuple[Annotated[tuple[Size, ...], Field(min_length=1)], ...], Field(min_length=1)]
"""A list a stage, in it a (mel, frame) stride a block."""
_DIVISOR = 8


def _round_width(width: float) -> int:
    """Nearest multiple of eight that is not more than a tenth below."""
    rounded = max(_DIVISOR, int(width + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return rounded if rounded >= 0.9 * width else rounded + _DIVISOR


class _Block(nn.Module):
    """Widen, convolve each channel, narrow; the input (pooled where the block strides) is added if the width stays."""

    def __init__(self, in_width: int, out_width: int, expansion_rate: float, stride: Size) -> None:
        super().__init__()
        wide = _round_width(in_width * expansion_rate)
        self.residual = nn.Sequential(
            conv_norm(in_width, wide, 1),
            conv_norm(wide, wide, 3, stride, groups=wide),
            conv_norm(wide, out_width, 1, activation=None),
        )
        self.shortcut = nn.Identity() if stride == (1, 1) else nn.AvgPool2d(3, stride, 1)
        self.add = Add() if in_width == out_width else None
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        residual = self.residual(x)
        return self.activation(residual if self.add is None else self.add(residual, self.shortcut(x)))


class CPMobile(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    Stage n has base_channels * channels_multiplier ** n channels, rounded, for n = 0, 1, ...
    """

    def __init__(
        self,
        in_channels: Width,
        base_channels: Width,
        channels_multiplier: Annotated[float, Field(gt=0)],
        expansion_rate: Annotated[float, Field(ge=1)],
        strides: Strides,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        width = _round_width(base_channels)
        layers: list[nn.Module] = [conv_norm(in_channels, width // 4, 3, 2), conv_norm(width // 4, width, 3, 2)]
        for stage, blocks in enumerate(strides):
            out_width = _round_width(base_channels * channels_multiplier ** stage)
            for stride in blocks:
                layers.append(_Block(width, out_width, expansion_rate, stride))
                width = out_width
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            conv_norm(width, sum(outputs), 1, activation=None), nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
