"""An epoch as the published program runs it: a DataLoader, every clip augmented by itself, two backward passes.

The same mathematics as task1/training/loop.py for recipes like wang2023's: spectrum correction, mixup of a batch with
one share, each clip normalised, its deltas normalised, masks; two cross-entropies, combined by PCGrad; SGD.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.utils.data import DataLoader, Dataset

from task1.config import Augmentation, ModelRecipe, taxonomy

MEL, FRAME = 1, 2


class Span(NamedTuple):
    """A stripe to be masked: along which axis of (channel, mel, frame), from where, how wide."""

    axis: int
    start: int
    width: int


class PlainClips(Dataset[tuple[Tensor, int]]):
    """Log-mels in memory, float16; clips of the reference device are corrected when they are drawn."""

    def __init__(self, logmel: np.ndarray, scenes: Sequence[int], reference: Sequence[bool], correction: Tensor,
                 probability: float) -> None:
        self.logmel, self.scenes, self.reference = logmel, scenes, reference
        self.correction, self.probability = correction, probability

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, item: int) -> tuple[Tensor, int]:
        clip = torch.from_numpy(self.logmel[item].astype(np.float32))
        if self.reference[item] and float(torch.rand(())) < self.probability:
            clip = clip + self.correction[:, None]
        return clip, self.scenes[item]


def epoch(network: nn.Module, clips: PlainClips, recipe: ModelRecipe) -> float:
    """Train one epoch; the mean loss."""
    settings, augmentation = recipe.training, recipe.augmentation
    optimizer = SGD(network.parameters(), settings.optimizer.lr, momentum=settings.optimizer.momentum)
    network.train()
    told = 0.0
    for logmel, scenes in DataLoader(clips, settings.batch_size, shuffle=True):
        assert augmentation.mixup
        share = float(np.random.default_rng().beta(augmentation.mixup.alpha, augmentation.mixup.alpha))
        mixed, targets = mixup(logmel, scenes, share, torch.randperm(len(logmel)))
        x = torch.stack([look(clip, masks(augmentation, clip)) for clip in mixed])
        told += step(network, optimizer, x, targets) * len(logmel)
    return told / len(clips)


def mixup(logmel: Tensor, scenes: Tensor, share: float, order: Tensor) -> tuple[Tensor, Tensor]:
    """Clips (batch, mel, frame) and their one-hot scenes, each mixed with another of the batch."""
    targets = F.one_hot(scenes, len(taxonomy().scenes)).float()
    return share * logmel + (1 - share) * logmel[order], share * targets + (1 - share) * targets[order]


def look(logmel: Tensor, masked: Sequence[Span]) -> Tensor:
    """What the network sees (channel, mel, frame) of one clip (mel, frame)."""
    static = _standard(logmel)
    edges = F.pad(static[None], (2, 2), mode="replicate")[0]
    frames = static.shape[1]
    delta = torch.zeros_like(static)
    for reach in (1, 2):
        delta += reach * (edges[:, 2 + reach:2 + reach + frames] - edges[:, 2 - reach:2 - reach + frames]) / 10
    x = torch.stack([static, _standard(delta)])
    for span in masked:
        x.narrow(span.axis, span.start, span.width).zero_()
    return x


def masks(recipe: Augmentation, clip: Tensor) -> list[Span]:
    """Stripes drawn for a clip (mel, frame): width from 0 to the greatest, any place where it fits."""
    drawn, masking = [], recipe.masking
    for axis, stripes in ((FRAME, masking and masking.time), (MEL, masking and masking.mel)):
        for _ in range(stripes.stripes if stripes else 0):
            assert stripes
            width, size = int(torch.randint(stripes.max_width + 1, ())), clip.shape[axis - 1]
            drawn.append(Span(axis, int(torch.randint(size - width + 1, ())), width))
    return drawn


def step(network: nn.Module, optimizer: SGD, x: Tensor, targets: Tensor) -> float:
    """Forward, a backward pass a task, projection, update; the sum of both losses before it."""
    scenes = len(taxonomy().scenes)
    of_super = torch.zeros(scenes, len(taxonomy().super_classes), dtype=targets.dtype)
    of_super[torch.arange(scenes), torch.tensor(taxonomy().parents)] = 1
    logits = network(x)
    losses = [_cross_entropy(logits[:, :scenes], targets), _cross_entropy(logits[:, scenes:], targets @ of_super)]
    gradients = []
    for loss in losses:
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        gradients.append(torch.cat([
            (torch.zeros_like(own) if own.grad is None else own.grad).flatten() for own in network.parameters()]))
    update, start = pcgrad(*gradients), 0
    for parameter in network.parameters():
        parameter.grad = update[start:start + parameter.numel()].view_as(parameter).clone()
        start += parameter.numel()
    optimizer.step()
    return sum(loss.item() for loss in losses)


def pcgrad(first: Tensor, second: Tensor) -> Tensor:
    """Sum of two gradients; where they conflict over what both tasks use, each is first projected off the other."""
    shared = (first != 0) & (second != 0)
    product = (first[shared] * second[shared]).sum()
    if product >= 0:
        return first + second
    of_first, of_second = first * shared, second * shared
    return (first - product / of_second.square().sum() * of_second
            + second - product / of_first.square().sum() * of_first)


def _standard(x: Tensor) -> Tensor:
    return (x - x.mean()) / x.std()


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits, targets)
