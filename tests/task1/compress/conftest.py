"""Networks that entries ship, as if trained: statistics of normalisation that are not those of a fresh layer."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from torch import Tensor, nn

from task1.complexity_tables import input_shape
from task1.config import resolve
from task1.models import build

Shape = tuple[int, int, int]
Shipped = Callable[[str, str, str | None], tuple[nn.Module, Shape]]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small operations on a busy machine wait longer for their threads than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def shipped() -> Shipped:
    """(entry, model, variant) -> the network in evaluation mode and the shape of a clip."""

    def make(entry: str, model: str, variant: str | None = None) -> tuple[nn.Module, Shape]:
        run = resolve(entry, "full", [f"variant={variant}"] if variant else [])
        torch.manual_seed(1)
        network = build(run.models[model].network)
        shape = input_shape(run, model)
        settle(network, clips(4, shape))
        return network, shape

    return make


def clips(count: int, shape: Sequence[int]) -> Tensor:
    """Random clips (batch, channel, mel, frame) that differ in spectrum, as scenes do, not in noise alone."""
    channel, mel, frame = shape
    colour = torch.randn(count, channel, mel // 16 + 1, 1).repeat_interleave(16, dim=2)[:, :, :mel]
    return colour + 0.5 * torch.randn(count, channel, mel, frame)


@torch.no_grad()
def settle(network: nn.Module, x: Tensor) -> nn.Module:
    """Random gains, and statistics of normalisation that belong to the network's own maps, so that no signal fades."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
        if norm.affine:
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
    network.train()(x)
    for norm in norms:
        norm.momentum = 0.1
    return network.eval()
