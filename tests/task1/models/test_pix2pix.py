"""Generator and discriminator of pix2pix."""

import pytest
import torch
from torch import nn

from task1.errors import InputError
from task1.models import build

GENERATOR = {"class": "pix2pix_generator", "in_channels": 1, "out_channels": 1, "widths": [4, 8, 8, 8], "dropout": 0.5}
DISCRIMINATOR = {"class": "pix2pix_discriminator", "in_channels": 2, "widths": [4, 8, 8]}


@pytest.mark.parametrize("size", [(256, 44), (64, 44), (128, 431), (37, 5), (16, 16)])
def test_a_spectrogram_becomes_one_of_the_same_size(size: tuple[int, int]) -> None:
    x = torch.randn(2, 1, *size)
    assert build(GENERATOR)(x).shape == x.shape


def test_other_channels_out_than_in() -> None:
    x = torch.randn(2, 3, 40, 20)
    assert build({**GENERATOR, "in_channels": 3, "out_channels": 1})(x).shape == (2, 1, 40, 20)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_every_parameter_of_the_generator_learns(depth: int) -> None:
    network = build({**GENERATOR, "widths": [4] * depth})
    network(torch.randn(2, 1, 64, 44)).square().mean().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()] == []
    assert all(p.grad.any() for p in network.parameters() if p.ndim > 1 and p.grad is not None)


def test_the_discriminator_judges_patches() -> None:
    network = build(DISCRIMINATOR)
    logits = network(torch.randn(2, 2, 64, 44))
    assert logits.shape == (2, 1, 16, 11)
    logits.square().mean().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters() if p.ndim > 1)


def test_a_patch_sees_its_surroundings_alone() -> None:
    network = build(DISCRIMINATOR).eval()
    x = torch.randn(1, 2, 64, 64)
    changed = x.clone()
    changed[..., 60:] += 1
    difference = (network(x) - network(changed)).abs()[0, 0]
    assert difference[:, :9].max() == 0
    assert difference[:, -1].max() > 0


def test_noise_in_training_none_in_evaluation() -> None:
    network, x = build(GENERATOR), torch.randn(2, 1, 32, 32)
    assert not torch.equal(network.train()(x), network.train()(x))
    assert torch.equal(network.eval()(x), network.eval()(x))


def test_the_generator_learns_a_device_response() -> None:
    """Target: the source with a slope over mel added, as a device's frequency response would."""
    network = build({**GENERATOR, "dropout": 0.0})
    source = torch.randn(8, 1, 16, 16)
    target = source + torch.linspace(-2, 2, 16)[:, None]
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        loss = nn.functional.l1_loss(network(source), target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_a_discriminator_of_one_layer_is_refused() -> None:
    with pytest.raises(InputError, match="expected at least two"):
        build({**DISCRIMINATOR, "widths": [4]})
