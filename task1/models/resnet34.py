"""ResNet-34 (He 2016), a baseline of ye2024."""

from torch import Tensor, nn

from task1.models.arguments import Outputs, Width, Widths, need_same_length
from task1.models.layers import Add, conv_norm, pooled_head


class _BasicBlock(nn.Module):
    """Two 3x3 convolutions and the input added, through a 1x1 convolution where the shape changes."""

    def __init__(self, in_width: int, out_width: int, stride: int) -> None:
        super().__init__()
        same = stride == 1 and in_width == out_width
        self.residual = nn.Sequential(
            conv_norm(in_width, out_width, 3, stride), conv_norm(out_width, out_width, 3, activation=None))
        self.shortcut = nn.Identity() if same else conv_norm(in_width, out_width, 1, stride, activation=None)
        self.add = Add()
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.add(self.residual(x), self.shortcut(x)))


class ResNet34(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame); a stage is `depth` blocks of one width."""

    def __init__(self, in_channels: Width, stem: Width, widths: Widths, depths: Widths, outputs: Outputs) -> None:
        super().__init__()
        need_same_length("depths", depths, "widths", widths)
        blocks: list[nn.Module] = []
        width = stem
        for stage, (out_width, depth) in enumerate(zip(widths, depths, strict=True)):
            for block in range(depth):
                blocks.append(_BasicBlock(width, out_width, stride=2 if stage > 0 and block == 0 else 1))
                width = out_width
        self.features = nn.Sequential(conv_norm(in_channels, stem, 7, stride=2), nn.MaxPool2d(3, 2, 1), *blocks)
        self.head = pooled_head(width, 0.0, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
