"""Targets and losses of the ten-scene and three-super-class heads.

A network's logits are (batch, scenes) or (batch, scenes + super-classes), scenes first.
"""

import torch
from torch import Tensor
from torch.nn import functional

from task1.config import taxonomy


def scene_targets(scenes: Tensor) -> Tensor:
    """Index of the scene (clip,) -> one-hot (clip, scene)."""
    return functional.one_hot(scenes, len(taxonomy().scenes)).float()


def super_targets(targets: Tensor) -> Tensor:
    """Distribution over scenes (clip, scene) -> over super-classes (clip, super-class): the sums of their scenes."""
    membership = functional.one_hot(torch.tensor(taxonomy().parents, device=targets.device)).to(targets.dtype)
    return targets @ membership


def split_heads(logits: Tensor) -> tuple[Tensor, Tensor | None]:
    """Logits of the scenes and, where the network has that head, of the super-classes."""
    scenes = len(taxonomy().scenes)
    return logits[:, :scenes], logits[:, scenes:] if logits.shape[1] > scenes else None


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean over clips of -sum_c target_c * log softmax(logits)_c."""
    return -(targets * logits.log_softmax(dim=1)).sum(dim=1).mean()


def head_losses(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor | None]:
    """Cross-entropies of both heads against one distribution over scenes (clip, scene)."""
    scenes, supers = split_heads(logits)
    super_loss = None if supers is None else soft_cross_entropy(supers, super_targets(targets))
    return soft_cross_entropy(scenes, targets), super_loss
