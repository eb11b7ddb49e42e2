"""Movements of a spectrogram along its axes: crop, roll, shift; each clip by a draw of its own."""

import torch
from torch import Tensor

from task1.config.recipe import Shift


def random_crop(x: Tensor, frames: int, generator: torch.Generator) -> Tensor:
    """x (batch, channel, mel, frame) cut to `frames` frames, the start uniform over all places."""
    starts = torch.randint(x.shape[-1] - frames + 1, (len(x), 1), generator=generator)
    return _take_frames(x, starts + torch.arange(frames))


def centre_crop(x: Tensor, frames: int) -> Tensor:
    """The middle `frames` frames: what a network trained on crops sees of a clip to be classified."""
    start = (x.shape[-1] - frames) // 2
    return x[..., start:start + frames]


def roll(logmel: Tensor, generator: torch.Generator) -> Tensor:
    """logmel (batch, mel, frame) rotated in time by a uniform number of frames."""
    frames = logmel.shape[-1]
    moves = torch.randint(frames, (len(logmel), 1), generator=generator)
    return _take_frames(logmel, (torch.arange(frames) - moves) % frames)


def shift(logmel: Tensor, settings: Shift, generator: torch.Generator) -> Tensor:
    """logmel (batch, mel, frame) moved by uniform whole steps within +-time_fraction and +-mel_bins; edges repeated."""
    count, bins, frames = logmel.shape
    reach = int(settings.time_fraction * frames)
    moves = torch.randint(-reach, reach + 1, (count, 1), generator=generator)
    steps = torch.randint(-settings.mel_bins, settings.mel_bins + 1, (count, 1), generator=generator)
    moved = _take_frames(logmel, (torch.arange(frames) - moves).clamp(0, frames - 1))
    rows = (torch.arange(bins) - steps).clamp(0, bins - 1).to(logmel.device)
    return moved.gather(1, rows[:, :, None].expand(-1, -1, frames))


def _take_frames(x: Tensor, places: Tensor) -> Tensor:
    """The frames `places` (batch, n) of x (batch, ..., frame)."""
    shape = (len(x), *(1,) * (x.ndim - 2), places.shape[1])
    return x.gather(-1, places.to(x.device).view(shape).expand(*x.shape[:-1], -1))
