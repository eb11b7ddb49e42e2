"""Mobnet with one frequency branch (zhao2021): inverted residual blocks, a classifier a task on every position.

After Hu et al. (DCASE 2020 task 1b), whose network has two branches and wider layers.
"""


from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Width, Widths
from task1.models.layers import Add, MapHeads, conv_norm


class _InvertedResidual(nn.Module):
    """Widen, convolve each channel, narrow without activation; the input is added unless the block shrinks the map."""

    def __init__(self, in_width: int, out_width: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = expansion * in_width
        self.residual = nn.Sequential(
            conv_norm(in_width, wide, 1, bias=True),
            conv_norm(wide, wide, 3, stride, groups=wide, bias=True),
            conv_norm(wide, out_width, 1, bias=True, activation=None),
        )
        self.add = Add() if stride == 1 else None

    def forward(self, x: Tensor) -> Tensor:
        residual = self.residual(x)
        return residual if self.add is None else self.add(x, residual)


class Mobnet(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    Each of `groups` is a width of `repeats` blocks, the first of which halves mel and frames, as the first layer does.
    """

    def __init__(
        self,
        in_channels: Width,
        first: Width,
        groups: Widths,
        repeats: Width,
        expansion: Width,
        last: Width,
        shared: Width,
        dropout: Dropout,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        width = first
        for group in groups:
            for repeat in range(repeats):
                blocks.append(_InvertedResidual(width, group, expansion, stride=2 if repeat == 0 else 1))
                width = group
        self.features = nn.Sequential(
            conv_norm(in_channels, first, 3, stride=2, bias=True),
            *blocks,
            conv_norm(width, last, 1, bias=True),
        )
        self.shared = nn.Sequential(
            nn.BatchNorm2d(last, affine=False), nn.ReLU(), nn.Conv2d(last, shared, 1, bias=False), nn.Dropout(dropout)
        )
        self.heads = MapHeads(shared, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.heads(self.shared(self.features(x)))
