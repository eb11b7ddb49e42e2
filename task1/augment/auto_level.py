"""Auto level: the contrast stretch of image processing, applied to log-mel spectrograms."""

import torch
from torch import Tensor

from task1.config.recipe import AutoLevel


def auto_level(logmel: Tensor, settings: AutoLevel, generator: torch.Generator) -> Tensor:
    """logmel (batch, mel, frame): each clip, with `probability`, stretched so that its quantiles `low` and `high`
    become its least and its greatest value; what lies beyond is clipped there.

    The clip keeps its own range, so that it stays a log-mel spectrogram for whatever follows.
    """
    flat = logmel.flatten(1)
    low, high = (_quantile(flat, share) for share in (settings.low, settings.high))
    least, greatest = flat.min(dim=1, keepdim=True).values, flat.max(dim=1, keepdim=True).values
    stretched = least + (greatest - least) * ((flat - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
    chosen = torch.rand(len(logmel), 1, generator=generator) < settings.probability
    return torch.where(chosen.to(flat.device), stretched, flat).view_as(logmel)


def _quantile(flat: Tensor, share: float) -> Tensor:
    """The value of nearest rank; torch.quantile sorts and refuses large inputs."""
    rank = 1 + round(share * (flat.shape[1] - 1))
    return flat.kthvalue(rank, dim=1, keepdim=True).values
