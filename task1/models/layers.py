"""Small layers that several networks share.

Sums, concatenations and products are modules so that quantisation finds each place where an activation arises.
Shapes are (batch, channel, mel, frame) unless said otherwise.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from task1.models.arguments import Size
from task1.models.quick import concat, split_mel


class Add(nn.Module):
    """Sum of tensors of one shape."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = first + other
        return first


class Concat(nn.Module):
    """Tensors side by side along `dim` (1 channels, 2 mel)."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *parts: Tensor) -> Tensor:
        return concat(parts, self.dim) if self.training else torch.cat(parts, dim=self.dim)


class Multiply(nn.Module):
    """Product of a map and its gate, broadcast."""

    def forward(self, x: Tensor, gate: Tensor) -> Tensor:
        return x * gate


class SplitMel(nn.Module):
    """Equal bands of the mel axis, lowest first; bins that do not divide are dropped at the top, as pooling does."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.bands = bands

    def forward(self, x: Tensor) -> Sequence[Tensor]:
        if self.training:
            return split_mel(x, self.bands)
        size = x.shape[2] // self.bands
        return [x[:, :, band * size:(band + 1) * size] for band in range(self.bands)]


class PooledScales(nn.Module):
    """Global averages of several feature maps, joined: (batch, sum of channels)."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.concat = Concat()

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        if self.training:  # a sum's gradient is no map in memory, and leaves the order of that which it is added to
            return self.concat(*[scale.sum(dim=(2, 3)) / scale.shape[2:].numel() for scale in maps])
        return self.concat(*[self.flatten(self.pool(scale)) for scale in maps])


class MapHeads(nn.Module):
    """A classifier a task on every position of the map, averaged at the end: logits (batch, sum(outputs)).

    Normalisation before and after the 1x1 convolution has no weights of its own.
    """

    def __init__(self, width: int, outputs: Sequence[int]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(width, affine=False),
                nn.Conv2d(width, classes, 1, bias=False),
                nn.BatchNorm2d(classes, affine=False),
                nn.AdaptiveAvgPool2d(1),
                nn.Flatten(),
            )
            for classes in outputs
        )
        self.concat = Concat()

    def forward(self, x: Tensor) -> Tensor:
        return self.concat(*[head(x) for head in self.heads])


def conv_norm(
    in_width: int,
    out_width: int,
    kernel: int,
    stride: int | Size = 1,
    groups: int = 1,
    bias: bool = False,
    activation: type[nn.Module] | None = nn.ReLU,
) -> nn.Sequential:
    """Convolution that keeps the size (before its stride), batch normalisation, activation."""
    layers: list[nn.Module] = [
        nn.Conv2d(in_width, out_width, kernel, stride, kernel // 2, groups=groups, bias=bias),
        nn.BatchNorm2d(out_width),
    ]
    if activation is not None:
        layers.append(activation())
    return nn.Sequential(*layers)


def dense_head(
    in_width: int, hidden: int, dropout: float, outputs: Sequence[int], activation: type[nn.Module] = nn.ReLU
) -> nn.Sequential:
    """Two dense layers: (batch, in_width) to logits (batch, sum(outputs))."""
    return nn.Sequential(
        nn.Linear(in_width, hidden), activation(), nn.Dropout(dropout), nn.Linear(hidden, sum(outputs))
    )


def pooled_head(width: int, dropout: float, outputs: Sequence[int]) -> nn.Sequential:
    """Global average, dropout, one dense layer: (batch, width, mel, frame) to logits (batch, sum(outputs))."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(width, sum(outputs)))
