"""The augmentations of a recipe, in one fixed order, on whole batches on the training device.

On log-mel spectrograms: spectrum correction (it needs to know a clip's device, so it comes before clips are mixed),
auto level, shift, roll, mixup. On the network's input: crop, masking.
"""

import torch
from torch import Tensor

from task1.augment.auto_level import auto_level
from task1.augment.masking import FRAME, MEL, mask
from task1.augment.mixup import mixup
from task1.augment.spectrum_correction import correct
from task1.augment.translate import random_crop, roll, shift
from task1.config import Augmentation


class Augmenter:
    """What a recipe's augmentation block asks for; `corrections` are the rows of its spectrum correction."""

    def __init__(self, recipe: Augmentation, corrections: Tensor | None = None) -> None:
        self.recipe = recipe
        self.corrections = corrections

    def spectrograms(self, logmel: Tensor, targets: list[Tensor], of_device: Tensor, progress: float,
                     generator: torch.Generator) -> tuple[Tensor, list[Tensor]]:
        """logmel (batch, mel, frame) and its targets (batch, class); `progress`: the share of epochs that is over."""
        recipe = self.recipe
        if recipe.spectrum_correction and self.corrections is not None:
            probability = recipe.spectrum_correction.probability
            logmel = correct(logmel, of_device, self.corrections, probability, generator)
        if recipe.auto_level:
            logmel = auto_level(logmel, recipe.auto_level, generator)
        if recipe.shift:
            logmel = shift(logmel, recipe.shift, generator)
        if recipe.roll:
            logmel = roll(logmel, generator)
        if recipe.mixup:
            whole = progress < recipe.mixup.whole_batch_until
            mixed = len(logmel) if whole else len(logmel) // 2
            logmel, *targets = mixup([logmel, *targets], recipe.mixup.alpha, mixed, generator)
        return logmel, targets

    def inputs(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """x (batch, channel, mel, frame) as the network shall see it."""
        recipe = self.recipe
        if recipe.crop_frames:
            x = random_crop(x, recipe.crop_frames, generator)
        if recipe.masking:
            for axis, stripes in ((FRAME, recipe.masking.time), (MEL, recipe.masking.mel)):
                if stripes:
                    x = mask(x, axis, stripes, recipe.masking.fill, generator)
        return x
