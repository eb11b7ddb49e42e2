"""Stored log-mel `(batch, mel, frame)` in, what a network sees `(batch, channel, mel, frame)` out.

Order: normalise -> deltas (the log-mel cut alike where they are `valid`) -> normalise each delta -> stack -> repeat in
time. All of it is batched, on whatever device the tensor is; float16 becomes float32 first.
"""

import torch
from torch import Tensor

from task1.config import InputSettings
from task1.config.recipe import Normalisation
from task1.features.deltas import with_deltas

SMALLEST_SPREAD = 1e-3
"""A clip that varies less is constant at the resolution of the store (float16); it becomes zeros, not noise."""


def network_input(logmel: Tensor, settings: InputSettings) -> Tensor:
    """Network input of a batch of stored log-mels."""
    if logmel.dtype == torch.float16:
        logmel = logmel.float()
    channels = [normalise(logmel, settings.normalise)]
    if settings.deltas is not None:
        static, *deltas = with_deltas(channels[0], settings.deltas)
        channels = [static, *(normalise(delta, settings.deltas.normalise) for delta in deltas)]
    stacked = torch.stack(channels, dim=1)  # (batch, channel, mel, frame)
    return stacked.repeat(1, 1, 1, settings.repeat_time) if settings.repeat_time > 1 else stacked


def normalise(x: Tensor, kind: Normalisation) -> Tensor:
    """Each clip of `(batch, mel, frame)` by its own statistics over mel and frame.

    `clip_standard`: mean 0, unbiased standard deviation 1. `clip_minmax`: from 0 to 1.
    """
    if kind == "none":
        return x
    if kind == "clip_standard":
        spread, centre = torch.std_mean(x, dim=(-2, -1), keepdim=True)
    else:
        centre, highest = x.amin((-2, -1), keepdim=True), x.amax((-2, -1), keepdim=True)
        spread = highest - centre
    return torch.where(spread <= SMALLEST_SPREAD, 0.0, (x - centre) / spread)
