"""Random numbers of an epoch as a function of (seed, epoch), so that a resumed training draws what it would have."""

import numpy as np
import torch


def seed_epoch(seed: int, epoch: int) -> torch.Generator:
    """The generator of an epoch's batches and augmentations; torch's own (dropout) is seeded as well."""
    first, second = np.random.SeedSequence([seed, epoch]).generate_state(2, np.uint64).tolist()
    torch.manual_seed(first)
    return torch.Generator().manual_seed(second)
