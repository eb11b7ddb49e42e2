"""Pruning within a training: once the recipe's epochs are over, what would ship is pruned and fine-tuned.

The weights that the training ended with (best epoch or mean of epochs) lose what task1/compress/prune.py takes, the
optimizer begins anew, and `fine_tune_epochs` more epochs follow. Their learning rates are those of the last so many
epochs of the schedule once more ("learning rate rewinding"); more than there are stretch the whole schedule.
"""

import copy

from torch import Tensor, nn
from torch.fx import GraphModule

from task1.compress.fake_quantize import Quantizer
from task1.compress.prune import Masks, Widths, prune, shrink
from task1.compress.quantize import original, prepare_qat
from task1.config import ModelRecipe
from task1.config.recipe import Pruning
from task1.features.network_input import network_input
from task1.training.data import Clips

RANGED = 32
"""Clips that sizes and the first ranges of activations are taken from; training moves the ranges on."""


def first_clips(clips: Clips, recipe: ModelRecipe) -> Tensor:
    """A few clips as the network sees them, (clip, channel, mel, frame)."""
    x = network_input(clips.logmel[:RANGED].float(), recipe.input)
    return x[..., :recipe.augmentation.crop_frames]


def epochs_in_all(recipe: ModelRecipe) -> int:
    """With those of fine-tuning."""
    pruning = recipe.compression.pruning
    return recipe.training.epochs + (pruning.fine_tune_epochs if pruning else 0)


def schedule_time(recipe: ModelRecipe, time: float) -> float:
    """The time (epochs over and the share of the running one) that learning rate and augmentation go by."""
    epochs, pruning = recipe.training.epochs, recipe.compression.pruning
    if pruning is None or time < epochs:
        return time
    again = min(pruning.fine_tune_epochs, epochs)
    return epochs - again + (time - epochs) * again / pruning.fine_tune_epochs


def prune_trained(network: nn.Module, settings: Pruning, example: Tensor) -> tuple[nn.Module, Masks, Widths]:
    """The pruned network, which may be another object, with masks to be kept up or widths to be remembered."""
    if settings.kind == "magnitude":
        return network, *prune(network, settings, example)
    float_network = copy.deepcopy(original(network))
    masks, widths = prune(float_network, settings, example)
    return _like(network, float_network, example), masks, widths


def narrow(network: nn.Module, widths: Widths, example: Tensor) -> nn.Module:
    """A network as `prune_trained` made it before, to load a checkpoint into; the network itself without widths."""
    if not widths:
        return network
    float_network = copy.deepcopy(original(network))
    shrink(float_network, widths)
    return _like(network, float_network, example)


def _like(network: nn.Module, float_network: nn.Module, example: Tensor) -> nn.Module:
    """`float_network` as what simulates integers where `network` does, with its ranges of activations."""
    if not isinstance(network, GraphModule):
        return float_network
    prepared = prepare_qat(float_network, example)
    ranges = {f"{name}.": layer for name, layer in network.named_modules() if isinstance(layer, Quantizer)}
    state = {name: tensor for name, tensor in network.state_dict().items() if name.startswith(tuple(ranges))}
    prepared.load_state_dict({**prepared.state_dict(), **state})
    return prepared
