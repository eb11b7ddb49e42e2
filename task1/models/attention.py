"""Attention that scales a feature map: ECA (Wang 2020), squeeze-and-excite (Hu 2018), CBAM (Woo 2018).

Input and output: (batch, channel, mel, frame).
"""

import torch
from torch import Tensor, nn

from task1.models.layers import Add, Concat, Multiply
from task1.models.quick import applies, gate


class ECA(nn.Module):
    """Efficient channel attention: a channel's gate depends on its average and those of its two neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.neighbours = nn.Conv1d(1, 1, 3, padding=1, bias=False)
        self.gate = nn.Sigmoid()
        self.scale = Multiply()

    def forward(self, x: Tensor) -> Tensor:
        if self.training and applies(x):
            return gate(x, self.neighbours.weight)
        means = self.pool(x).squeeze(3).transpose(1, 2)  # (batch, 1, channel)
        gates = self.gate(self.neighbours(means)).transpose(1, 2).unsqueeze(3)
        return self.scale(x, gates)


def _bottleneck(width: int, reduction: int, bias: bool) -> nn.Sequential:
    hidden = max(1, width // reduction)
    return nn.Sequential(nn.Conv2d(width, hidden, 1, bias=bias), nn.ReLU(), nn.Conv2d(hidden, width, 1, bias=bias))


class SqueezeExcite(nn.Module):
    """Gates from the channels' averages through a bottleneck of width / reduction."""

    def __init__(self, width: int, reduction: int, gate: type[nn.Module] = nn.Sigmoid) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.excite = _bottleneck(width, reduction, bias=True)
        self.gate = gate()
        self.scale = Multiply()

    def forward(self, x: Tensor) -> Tensor:
        return self.scale(x, self.gate(self.excite(self.pool(x))))


class _SpatialGate(nn.Module):
    """Gates a position from the mean and the maximum of its channels."""

    def __init__(self) -> None:
        super().__init__()
        self.concat = Concat()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.gate = nn.Sigmoid()
        self.scale = Multiply()

    def forward(self, x: Tensor) -> Tensor:
        summary = self.concat(torch.mean(x, dim=1, keepdim=True), torch.amax(x, dim=1, keepdim=True))
        return self.scale(x, self.gate(self.conv(summary)))


class CBAM(nn.Module):
    """Channel gates from averages and maxima through one shared bottleneck, then gates of positions."""

    def __init__(self, width: int, reduction: int) -> None:
        super().__init__()
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.maximum = nn.AdaptiveMaxPool2d(1)
        self.excite = _bottleneck(width, reduction, bias=False)
        self.add = Add()
        self.gate = nn.Sigmoid()
        self.scale = Multiply()
        self.positions = _SpatialGate()

    def forward(self, x: Tensor) -> Tensor:
        gates = self.gate(self.add(self.excite(self.mean(x)), self.excite(self.maximum(x))))
        return self.positions(self.scale(x, gates))
