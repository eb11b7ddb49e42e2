"""MobileNet V2 (Sandler 2018), a baseline of ye2024."""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Width
from task1.models.layers import Add, conv_norm, pooled_head

Stages = Annotated[tuple[tuple[Width, Width, Width, Width], ...], Field(min_length=1)]
"""(expansion, width, repeats, stride of the first)"""


class _InvertedResidual(nn.Module):
    """Widen, convolve each channel, narrow without activation; the input is added where the shape stays."""

    def __init__(self, in_width: int, out_width: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = expansion * in_width
        widen = [conv_norm(in_width, wide, 1, activation=nn.ReLU6)] if expansion > 1 else []
        self.residual = nn.Sequential(
            *widen,
            conv_norm(wide, wide, 3, stride, groups=wide, activation=nn.ReLU6),
            conv_norm(wide, out_width, 1, activation=None),
        )
        self.add = Add() if stride == 1 and in_width == out_width else None

    def forward(self, x: Tensor) -> Tensor:
        residual = self.residual(x)
        return residual if self.add is None else self.add(x, residual)


class MobileNetV2(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame)."""

    def __init__(
        self, in_channels: Width, stem: Width, stages: Stages, last: Width, dropout: Dropout, outputs: Outputs
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(in_channels, stem, 3, stride=2, activation=nn.ReLU6)]
        width = stem
        for expansion, out_width, repeats, stride in stages:
            for repeat in range(repeats):
                layers.append(_InvertedResidual(width, out_width, expansion, stride if repeat == 0 else 1))
                width = out_width
        self.features = nn.Sequential(*layers, conv_norm(width, last, 1, activation=nn.ReLU6))
        self.head = pooled_head(last, dropout, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
