"""Mini-SegNet (shao2022): an encoder that pools, a decoder that up-samples, a dense classifier.

Widths, pooling and up-sampling factors are not printed in the report; the recipe holds the ones whose counts match.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from task1.models.arguments import Dropout, Outputs, Size, Width, Widths
from task1.models.layers import dense_head

Blocks = tuple[Widths, Widths]
Norm = Callable[[int], nn.Module]


class MixupNorm(nn.Module):
    """lambda * x + (1 - lambda) * instance-normalised x; no weights.

    lambda ~ Beta(alpha, alpha), one a training batch; its mean, a half, in evaluation.
    """

    def __init__(self, width: int, alpha: float) -> None:
        super().__init__()
        self.instance = nn.InstanceNorm2d(width)
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        # drawn on the CPU so that the same seed gives the same network on any device
        kept = float(torch.distributions.Beta(self.alpha, self.alpha).sample()) if self.training else 0.5
        return kept * x + (1 - kept) * self.instance(x)


def _convolve(in_width: int, out_width: int, kernel: Size) -> list[nn.Module]:
    """Convolution that keeps the size; for an even kernel there is one more zero after the last value than before."""
    mel, frame = kernel
    pad = [] if mel % 2 and frame % 2 else [nn.ZeroPad2d((0, 1 - frame % 2, 0, 1 - mel % 2))]
    return [*pad, nn.Conv2d(in_width, out_width, kernel, padding=((mel - 1) // 2, (frame - 1) // 2))]


def _begin_as_keras(layer: nn.Module) -> None:
    """Initial weights of the report's framework: three times PyTorch's variance, without which the signal fades in the
    layers that no batch normalisation follows."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class MiniSegNet(nn.Module):
    """Logits (batch, sum(outputs)) of (batch, in_channels, mel, frame).

    `encoder` and `decoder` hold two blocks of widths each: every encoder layer ends with maximum pooling, every decoder
    layer begins with up-sampling. The outer blocks have mixup normalisation, the inner ones batch normalisation.
    """

    def __init__(
        self,
        in_channels: Width,
        encoder: Blocks,
        decoder: Blocks,
        kernel: Size,
        pool: Size,
        upsample: Size,
        norm_alpha: Annotated[float, Field(gt=0)],
        hidden: Width,
        dropout: Dropout,
        outputs: Outputs,
    ) -> None:
        super().__init__()
        width = in_channels
        layers: list[nn.Module] = []

        outer: Norm = partial(MixupNorm, alpha=norm_alpha)
        inner: Norm = nn.BatchNorm2d
        for widths, norm in zip(encoder, (outer, inner), strict=True):
            for out_width in widths:
                layers += [*_convolve(width, out_width, kernel), norm(out_width), nn.ReLU(), nn.MaxPool2d(pool)]
                width = out_width
        scale = (float(upsample[0]), float(upsample[1]))
        for widths, norm in zip(decoder, (inner, outer), strict=True):
            for out_width in widths:
                layers += [nn.Upsample(scale_factor=scale), *_convolve(width, out_width, kernel), norm(out_width),
                           nn.ReLU()]
                width = out_width
        self.features = nn.Sequential(*layers)
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = dense_head(width, hidden, dropout, outputs)
        self.apply(_begin_as_keras)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(self.features(x)))
