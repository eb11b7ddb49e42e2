"""Does a network take the input that a recipe gives it? Asked before hours are spent on it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from task1.errors import InputError


def check_shape(network: nn.Module, input_shape: Sequence[int], outputs: int, where: str) -> None:
    """One sentence if a clip of `input_shape` (channel, mel, frame) does not become `outputs` logits.

    `where` names the block of the recipe.
    """
    channels, mel, frame = input_shape
    weight = next(network.parameters(), torch.empty(0))
    clip = torch.zeros(1, channels, mel, frame, dtype=weight.dtype, device=weight.device)
    was_training = network.training
    try:
        with torch.no_grad():
            logits = network.eval()(clip)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{where}: the network cannot take {channels} channels, {mel} mel bins and {frame} frames "
                         f"({reason}); change in_channels, the layers that shrink the map, or the features") from error
    finally:
        network.train(was_training)
    found = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
    if found != (1, outputs):
        raise InputError(f"{where}: the network returns {found} for one clip, expected logits of shape (1, {outputs}): "
                         "the scenes, then the super-classes if the recipe has a second head")
