"""pix2pix (Isola 2017) for log-mel spectrograms (shao2022): a U-Net that turns one device's recording into another's,
and a discriminator that judges patches of (source, candidate) pairs.

Both take (batch, channel, mel, frame); the generator pads and crops to what its depth needs.
"""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from task1.models.arguments import Dropout, Width, Widths
from task1.models.layers import Concat

_SLOPE = 0.2
"""Of the leaky rectifier where the map shrinks, here and in the original."""


def _shrink(in_width: int, out_width: int, norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(in_width, out_width, 4, 2, 1, bias=not norm)]
    if norm:
        layers.append(nn.BatchNorm2d(out_width))
    return nn.Sequential(*layers, nn.LeakyReLU(_SLOPE))


def _grow(in_width: int, out_width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(in_width, out_width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(out_width),
        nn.Dropout(dropout),
        nn.ReLU(),
    )


class UNetGenerator(nn.Module):
    """(batch, in_channels, mel, frame) to (batch, out_channels, mel, frame), on the scale that it was trained on.

    Each of `widths` is a halving of mel and frames; `dropout`, in the inner half of the decoder, is the noise. The last
    layer is linear, since log-mel values have no bounds.
    """

    def __init__(self, in_channels: Width, out_channels: Width, widths: Widths, dropout: Dropout) -> None:
        super().__init__()
        # the first and the innermost map are not normalised: raw input, and too few positions
        last = len(widths) - 1
        self.down = nn.ModuleList(
            _shrink(narrow, wide, norm=0 < depth < last)
            for depth, (narrow, wide) in enumerate(pairwise((in_channels, *widths)))
        )
        inward = list(reversed(widths))
        self.up = nn.ModuleList(
            _grow(wide if depth == 0 else 2 * wide, narrow, dropout if depth < last / 2 else 0.0)
            for depth, (wide, narrow) in enumerate(pairwise(inward))
        )
        self.join = Concat()
        joined = widths[0] if len(widths) == 1 else 2 * widths[0]
        self.last = nn.ConvTranspose2d(joined, out_channels, 4, 2, 1)
        self.step = 2 ** len(widths)

    def forward(self, x: Tensor) -> Tensor:
        mel, frame = x.shape[2:]
        padded = F.pad(x, (0, -frame % self.step, 0, -mel % self.step), mode="replicate")
        skips: list[Tensor] = []
        for shrink in self.down:
            padded = shrink(padded)
            skips.append(padded)
        inner = skips.pop()
        for grow in self.up:
            inner = self.join(grow(inner), skips.pop())
        return self.last(inner)[:, :, :mel, :frame]


class PatchDiscriminator(nn.Module):
    """Logit a patch, (batch, 1, mel', frame'), of (batch, in_channels, mel, frame): source and candidate as channels.

    Each of `widths` but the last halves mel and frames.
    """

    def __init__(self, in_channels: Width, widths: Widths) -> None:
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"widths: found {list(widths)}, expected at least two")
        *halving, last = widths
        self.layers = nn.Sequential(
            *[_shrink(narrow, wide, norm=depth > 0) for depth, (narrow, wide) in
              enumerate(pairwise((in_channels, *halving)))],
            nn.Conv2d(halving[-1], last, 3, 1, 1, bias=False),
            nn.BatchNorm2d(last),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(last, 1, 3, 1, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
