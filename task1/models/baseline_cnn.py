"""The organisers' baseline of DCASE2022 and 2023 task 1: three convolutions, two dense layers."""

from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Size, Width
from task1.models.layers import conv_norm, dense_head


class BaselineCnn(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame), which has to be of `input_size`."""

    def __init__(self, in_channels: Width, input_size: Size, widths: tuple[Width, Width, Width], kernel: Width,
                 pools: tuple[Size, Size], hidden: Width, dropout: Dropout, outputs: Outputs) -> None:
        super().__init__()
        first, second, third = widths
        mel, frames = (size // pools[0][axis] // pools[1][axis] for axis, size in enumerate(input_size))
        if not mel * frames:
            raise ValueError(f"input_size: found {list(input_size)}, of which nothing is left behind both pools")
        self.features = nn.Sequential(
            conv_norm(in_channels, first, kernel, bias=True),
            conv_norm(first, second, kernel, bias=True), nn.MaxPool2d(pools[0]), nn.Dropout(dropout),
            conv_norm(second, third, kernel, bias=True), nn.MaxPool2d(pools[1]), nn.Dropout(dropout),
            nn.Flatten(),
        )
        self.head = dense_head(third * mel * frames, hidden, dropout, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))
