"""Pruning: weights set to zero one by one (`magnitude`), or whole channels taken out of a network (`structured`).

magnitude   Of every convolution and dense layer the same share of weights, those of the smallest magnitude, becomes
            zero and stays so. Biases and normalisation are left alone. Layer by layer, since normalisation behind a
            convolution makes the size of its weights mean nothing beside those of another layer.
structured  Of every set of channels that may go, the same share, those of the smallest filters: the sum, over the
            layers that make a channel, of the Euclidean norm of its filter beside the mean norm of that layer. Smaller
            layers are left, so parameters, bytes and MACs fall. `Widths` says how wide each is; it is all that
            `shrink` needs to make a fresh network of the recipe the same.
"""

from collections.abc import Mapping
from math import floor
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from task1.compress.channels import STAYS, Channels, Numbers, follow, unvisited
from task1.config.recipe import Pruning
from task1.errors import InputError
from task1.models.operators import TimeFrequency

Masks = dict[str, Tensor]
"""Name of a parameter -> True where its weights stay."""
Widths = dict[str, tuple[int, int]]
"""Name of a layer -> its channels in and out."""
_WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Linear)


def prune(network: nn.Module, settings: Pruning, example: Tensor) -> tuple[Masks, Widths]:
    """As a recipe asks, in place; masks to be kept up, or widths to be remembered. `example`: clips, for their size."""
    if settings.kind == "structured":
        return {}, prune_channels(network, example, settings.share)
    masks = magnitude_masks(network, settings.share)
    apply_masks(network, masks)
    return masks, {}


def magnitude_masks(network: nn.Module, share: float) -> Masks:
    """What stays when the smallest `share` of each layer's weights goes; of equal ones the first go."""
    return {f"{name}.weight": _without_smallest(layer.weight.detach().abs(), share)
            for name, layer in network.named_modules() if isinstance(layer, _WEIGHTED)}


def _without_smallest(sizes: Tensor, share: float) -> Tensor:
    keep = torch.ones(sizes.numel(), dtype=torch.bool, device=sizes.device)
    keep[sizes.flatten().argsort(stable=True)[:floor(share * sizes.numel())]] = False
    return keep.view(sizes.shape)


@torch.no_grad()
def apply_masks(network: nn.Module, masks: Masks) -> None:
    """Zero where the masks say so: after each step of the optimizer, whose momentum would move the weights on."""
    parameters = dict(network.named_parameters())
    for name, keep in masks.items():
        parameters[name].masked_fill_(~keep, 0.0)


def prune_channels(network: nn.Module, example: Tensor, share: float) -> Widths:
    """Take the least channels out of `network`, in place; `example` (batch, channel, mel, frame) gives sizes.

    Gives the widths of all layers that became narrower.
    """
    modes = {module: module.training for module in network.modules()}
    channels = follow(network.eval(), example)
    for module, mode in modes.items():
        module.training = mode
    aside = list(unvisited(network, channels))
    if aside:
        raise InputError(f"{type(network).__name__}: channels cannot be taken out, since {', '.join(aside[:3])} are "
                         "not on the way from clips to logits; set compression.pruning.kind to magnitude")
    gone = _least(network, channels, share)
    if not len(gone):
        raise InputError(f"{type(network).__name__}: there are no channels of which a share of {share:g} could be "
                         "taken out; set compression.pruning.kind to magnitude, or a larger share")
    rows = {name: _kept(channels, numbers, gone) for name, numbers in channels.rows.items()}
    columns = {name: _kept(channels, numbers, gone) for name, numbers in channels.columns.items()}
    state = {name: _cut(name, tensor, rows, columns) for name, tensor in network.state_dict().items()}
    widths = _widths(network, rows, columns)
    shrink(network, widths)
    network.load_state_dict(state)
    return widths


@torch.no_grad()
def shrink(network: nn.Module, widths: Widths) -> None:
    """Make layers as narrow as `widths` says, in place; what their tensors then hold is to be loaded."""
    layers = dict(network.named_modules())
    absent = sorted(set(widths) - set(layers))
    if absent:
        raise InputError(f"the network has no layer {', '.join(absent[:3])}, which was pruned; train it again")
    for name, (width_in, width_out) in widths.items():
        layer = layers[name]
        if isinstance(layer, nn.Conv1d | nn.Conv2d):
            layer.groups = 1 if layer.groups == 1 else width_out
            layer.in_channels, layer.out_channels = width_in, width_out
            _narrow(layer, width_out, width_in // layer.groups)
        elif isinstance(layer, nn.Linear):
            layer.in_features, layer.out_features = width_in, width_out
            _narrow(layer, width_out, width_in)
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.InstanceNorm2d):
            layer.num_features = width_out
            _narrow(layer, width_out)
        elif isinstance(layer, TimeFrequency):
            layer.width = width_out


def widths_of(facts: Mapping[str, Any]) -> Widths:
    """What facts from a JSON file say under `widths`; where nothing is said, nothing has been taken out."""
    return {name: (int(before), int(after)) for name, (before, after) in facts.get("widths", {}).items()}


def _narrow(layer: nn.Module, rows: int, columns: int | None = None) -> None:
    """The first `rows` along the first axis of the layer's tensors, and `columns` of its weight."""
    for name, parameter in list(layer.named_parameters(recurse=False)):
        part = parameter[:rows] if columns is None or parameter.dim() == 1 else parameter[:rows, :columns]
        layer.register_parameter(name, nn.Parameter(part.clone()))
    for name, buffer in list(layer.named_buffers(recurse=False)):
        if buffer.dim():
            layer.register_buffer(name, buffer[:rows].clone())


def _least(network: nn.Module, channels: Channels, share: float) -> Numbers:
    """The numbers of the channels that go: `share` of each set of channels that some layer makes together."""
    joined = channels.joined
    sizes: dict[int, float] = {}
    for name, layer in network.named_modules():
        if name in channels.rows and isinstance(layer, _WEIGHTED):
            norms = layer.weight.detach().double().flatten(1).norm(dim=1)
            relative = (norms / norms.mean().clamp(min=torch.finfo(norms.dtype).tiny)).tolist()
            for root, size in zip(joined.roots(channels.rows[name]).tolist(), relative, strict=True):
                sizes[root] = sizes.get(root, 0.0) + size
    gone: list[int] = []
    for together in _sets([set(joined.roots(numbers).tolist()) for numbers in channels.made]):
        candidates = sorted(together - {STAYS}, key=lambda root: (sizes[root], root))
        gone += candidates[:floor(share * len(candidates))]
    return np.array(sorted(gone), np.int64)


def _sets(maps: list[set[int]]) -> list[set[int]]:
    """Maps that have a channel in common are one set."""
    done: list[set[int]] = []
    for numbers in maps:
        touching = [other for other in done if (other & numbers) - {STAYS}]
        done = [other for other in done if other not in touching] + [numbers.union(*touching)]
    return done


def _kept(channels: Channels, numbers: Numbers, gone: Numbers) -> Tensor:
    return torch.from_numpy(~np.isin(channels.joined.roots(numbers), gone))


def _cut(name: str, tensor: Tensor, rows: dict[str, Tensor], columns: dict[str, Tensor]) -> Tensor:
    layer, _, kind = name.rpartition(".")
    if layer in rows and tensor.dim():
        tensor = tensor[rows[layer].to(tensor.device)]
    if layer in columns and kind == "weight":
        tensor = tensor[:, columns[layer].to(tensor.device)]
    return tensor


def _widths(network: nn.Module, rows: dict[str, Tensor], columns: dict[str, Tensor]) -> Widths:
    """Of the layers that lose a channel in or out."""
    widths: Widths = {}
    for name, keep in rows.items():
        layer, out = network.get_submodule(name), int(keep.sum())
        if isinstance(layer, _WEIGHTED) and name in columns:
            before = int(columns[name].sum())
        elif isinstance(layer, nn.Conv1d | nn.Conv2d):
            before = out * layer.in_channels // layer.groups
        else:
            before = out
        if not (keep.all() and columns.get(name, keep).all()):
            widths[name] = (before, out)
    return widths
