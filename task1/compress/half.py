"""float16 weights: half the bytes, converted once after training; computing stays in float32.

Input and output are state dictionaries. Integer tensors (counters) pass as they are.
"""

import torch
from torch import Tensor

from task1.errors import InputError


def to_half(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every floating tensor in float16; a value beyond float16's range is refused by name, not turned into infinity."""
    halved = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    lost = [name for name, tensor in halved.items() if tensor.is_floating_point() and not torch.isfinite(tensor).all()
            and torch.isfinite(tensors[name]).all()]
    if lost:
        largest = max(tensors[name].abs().max().item() for name in lost)
        raise InputError(f"{', '.join(lost[:3])}: values up to {largest:.3g} do not fit into float16 (65,504); set "
                         "compression.weights=float32, or train with a smaller training.optimizer.lr")
    return halved
