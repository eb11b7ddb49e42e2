"""SpecAugment without warping: stripes of time and of mel are overwritten, drawn for each clip alone."""

import torch
from torch import Tensor

from task1.config.recipe import Stripes

MEL, FRAME = 2, 3


def mask(x: Tensor, axis: int, stripes: Stripes, fill: float, generator: torch.Generator) -> Tensor:
    """x (batch, channel, mel, frame) with `stripes` masks along `axis` (MEL or FRAME), the same in all channels.

    Widths are uniform over 0..max_width inclusive, starts uniform over the places where the stripe fits.
    """
    size, shape = x.shape[axis], (len(x), stripes.stripes, 1)
    width = torch.randint(min(stripes.max_width, size) + 1, shape, generator=generator)
    start = (torch.rand(shape, generator=generator) * (size - width + 1)).long()
    place = torch.arange(size)
    masked = ((place >= start) & (place < start + width)).any(dim=1)  # (batch, size)
    view = (len(x), 1, size, 1) if axis == MEL else (len(x), 1, 1, size)
    return x.masked_fill(masked.view(view).to(x.device), fill)
