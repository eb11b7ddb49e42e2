"""MobileNet V1 (Howard 2017), a baseline of ye2024."""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from task1.models.arguments import Outputs, Width
from task1.models.layers import conv_norm, pooled_head

Blocks = Annotated[tuple[tuple[Width, Width], ...], Field(min_length=1)]
"""(width, stride)"""


class MobileNetV1(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    `blocks`: width and stride of each depthwise-separable convolution; `conv_bias`: biases before normalisation, as
    the printed count of ye2024 has them.
    """

    def __init__(self, in_channels: Width, stem: Width, blocks: Blocks, conv_bias: bool, outputs: Outputs) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(in_channels, stem, 3, stride=2, bias=conv_bias)]
        width = stem
        for out_width, stride in blocks:
            layers.append(conv_norm(width, width, 3, stride, groups=width, bias=conv_bias))
            layers.append(conv_norm(width, out_width, 1, bias=conv_bias))
            width = out_width
        self.features = nn.Sequential(*layers)
        self.head = pooled_head(width, 0.0, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
