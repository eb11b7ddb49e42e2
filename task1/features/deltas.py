"""Regression deltas over five frames: delta(t) = (x[t+1] - x[t-1]) / 10 + (x[t+2] - x[t-2]) / 5.

The slope of the least-squares line through frames t-2 .. t+2. On tensors whose last axis is the frame, as
`(batch, mel, frame)`. `padded` repeats the edge frames and keeps the length; `valid` loses two frames a side.
"""

import torch
from torch import Tensor
from torch.nn import functional

from task1.config import DeltaSettings

REACH = 2  # frames to either side: a window of five


def padded_delta(x: Tensor) -> Tensor:
    """Delta of `(batch, mel, frame)`, same shape: the first and last frame stand for what lies beyond them."""
    return valid_delta(functional.pad(x, (REACH, REACH), mode="replicate"))


def valid_delta(x: Tensor) -> Tensor:
    """Delta of `(batch, mel, frame)` where the whole window lies inside: four frames fewer."""
    frames = x.shape[-1]
    if frames <= 2 * REACH:
        raise ValueError(f"at least {2 * REACH + 1} frames expected, not {frames}")
    return (x[..., 3:frames - 1] - x[..., 1:frames - 3]) / 10 + (x[..., 4:] - x[..., :frames - 4]) / 5


def with_deltas(x: Tensor, settings: DeltaSettings) -> list[Tensor]:
    """`x` and its deltas of order 1 .. settings.order, each `(batch, mel, frame)`, all cut to the same frames."""
    delta = padded_delta if settings.kind == "padded" else valid_delta
    channels = [x]
    for _ in range(settings.order):
        channels.append(delta(channels[-1]))
    frames = channels[-1].shape[-1]
    return [_middle(channel, frames) for channel in channels]


def _middle(x: Tensor, frames: int) -> Tensor:
    start = (x.shape[-1] - frames) // 2
    return torch.narrow(x, -1, start, frames)
