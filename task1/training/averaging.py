"""Mean of the weights at chosen epochs (a network of the same size as one of them)."""

import torch

from task1.config.recipe import Averaging
from task1.training.checkpoint import Tensors


def weight_of(averaging: Averaging | None, epoch: int, epochs: int) -> float:
    """What the weights after `epoch` epochs count in the mean; 0: not at all."""
    if averaging is None:
        return 0.0
    chosen = [*averaging.epochs, *range(epochs - (averaging.last or 0) + 1, epochs + 1)]
    if epoch not in chosen:
        return 0.0
    return averaging.weights[chosen.index(epoch)] if averaging.weights else 1.0


def accumulate(total: Tensors, state: Tensors, weight: float) -> Tensors:
    """Running sums: `total` + weight * state in float64; counters (whole numbers) take the last state's value."""
    summed = {}
    for name, tensor in state.items():
        if tensor.is_floating_point():
            before = total.get(name, torch.zeros((), dtype=torch.float64, device=tensor.device))
            summed[name] = before.to(tensor.device) + weight * tensor.double()
        else:
            summed[name] = tensor.clone()
    return summed


def mean(total: Tensors, weight: float, like: Tensors) -> Tensors:
    """The sums divided by the sum of weights, in the types of `like`."""
    return {name: (tensor / weight).to(like[name].dtype) if tensor.is_floating_point() else tensor
            for name, tensor in total.items()}
