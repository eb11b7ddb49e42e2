"""Mixup: convex combinations of clips and of their targets, one lambda a batch."""

import numpy as np
import torch
from torch import Tensor


def draw_beta(alpha: float, generator: torch.Generator) -> float:
    """One draw of Beta(alpha, alpha)."""
    # torch draws no Beta from a generator of one's own; numpy does, seeded from it
    seed = int(torch.randint(2**62, (1,), generator=generator))
    return float(np.random.default_rng(seed).beta(alpha, alpha))


def mixup(tensors: list[Tensor], alpha: float, mixed: int, generator: torch.Generator) -> list[Tensor]:
    """The first `mixed` clips of each tensor (clip, ...) combined among themselves, alike in all; the rest stay.

    x_i <- lambda * x_i + (1 - lambda) * x_p(i) with one lambda ~ Beta(alpha, alpha) and a random permutation p.
    """
    share = draw_beta(alpha, generator)
    order = torch.randperm(mixed, generator=generator)
    return [torch.cat([share * x[:mixed] + (1 - share) * x[:mixed][order.to(x.device)], x[mixed:]]) for x in tensors]
