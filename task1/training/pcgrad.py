"""Gradient surgery for two tasks (Yu et al., "Gradient Surgery for Multi-Task Learning", 2020).

Where g_i . g_j < 0, each gradient loses its component along the other one, both taken as they were at first:
    g_i <- g_i - (g_i . g_j) / |g_j|^2 * g_j
and the update is the sum g_1 + g_2. With two tasks the paper's random order of projections changes nothing, so there is
none. Products and norms are over the parameters that both losses depend on; rows of a head that serve one task keep the
gradient of their own loss untouched.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Parameter


def pcgrad_backward(losses: tuple[Tensor, Tensor], parameters: Sequence[Parameter]) -> None:
    """Set the `grad` of every parameter to the combined gradient of two losses from one forward pass."""
    first = torch.autograd.grad(losses[0], parameters, retain_graph=True, allow_unused=True)
    second = torch.autograd.grad(losses[1], parameters, allow_unused=True)
    combined = combine(_flat(first, parameters), _flat(second, parameters))
    position = 0
    for parameter in parameters:
        parameter.grad = combined[position:position + parameter.numel()].view(parameter.shape)
        position += parameter.numel()


def combine(first: Tensor, second: Tensor) -> Tensor:
    """The sum of two flat gradients after projection of each against the other."""
    shared = (first != 0) & (second != 0)  # a gradient of exactly 0 is a parameter that the loss does not reach
    ours, theirs = first * shared, second * shared
    product = torch.dot(ours, theirs).clamp(max=0)  # no conflict, no projection
    smallest = torch.finfo(first.dtype).tiny
    onto_theirs = product / torch.dot(theirs, theirs).clamp(min=smallest)
    onto_ours = product / torch.dot(ours, ours).clamp(min=smallest)
    return first + second - onto_theirs * theirs - onto_ours * ours


def _flat(gradients: Sequence[Tensor | None], parameters: Sequence[Parameter]) -> Tensor:
    return torch.cat([(torch.zeros_like(parameter) if gradient is None else gradient).reshape(-1)
                      for gradient, parameter in zip(gradients, parameters, strict=True)])
