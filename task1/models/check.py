"""Does a network take the input that a recipe gives it? Asked before hours are spent on it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from task1.errors import InputError


def check_shape(network: nn.Module, input_shape: Sequence[int], outputs: int | None, where: str) -> Tensor:
    """Logits of one clip of zeros, (1, outputs), or one sentence about what does not fit.

    `input_shape` is (channel, mel, frame); `outputs` what the losses need (None: any number); `where` names the block.
    """
    channels, mel, frame = input_shape
    weight = next(network.parameters(), torch.empty(0))
    clip = torch.zeros(1, channels, mel, frame, dtype=weight.dtype, device=weight.device)
    was_training = network.training
    try:
        with torch.no_grad():
            logits = network.eval()(clip)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{where}: the network cannot take an input of {channels} channels, {mel} mel bins and {frame} "
                         f"frames ({reason}); change in_channels or the layers that shrink the map, or the features"
                         ) from error
    finally:
        network.train(was_training)
    found = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
    if not isinstance(logits, Tensor) or logits.ndim != 2 or len(logits) != 1 or outputs not in (None, logits.shape[1]):
        raise InputError(f"{where}: the network returns {found} for one clip, expected logits of shape "
                         f"(1, {outputs or 'outputs'}): the scenes, then the super-classes if it has a second head")
    return logits
