"""Noise in stripes and the mask that would remove it: its statistics, that it stays aligned, the head and its loss."""

import copy
import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.nn import functional as F

from task1.augment.noise_mask import HEAD, MaskHead, NoiseReduction, add_noise, last_map
from task1.augment.pipeline import Augmenter
from task1.compress.quantize import prepare_qat, simulate
from task1.config import ModelRecipe, resolve
from task1.config.recipe import NoiseMask
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.models import build

E = math.e
SEGNET = {"class": "segnet", "in_channels": 1, "encoder": [[4], [4, 4]], "decoder": [[4, 4], [4, 4, 4, 6]],
          "kernel": [2, 3], "pool": [4, 3], "upsample": [2, 1], "norm_alpha": 0.3, "hidden": 8, "dropout": 0.3,
          "outputs": [10]}


def settings(snr: tuple[float, float] = (0.0, 0.0), weight: float = 1.0, time: int = 3, mel: int = 4) -> NoiseMask:
    return NoiseMask.model_validate({"time": {"stripes": 1, "max_width": time}, "mel": {"stripes": 2, "max_width": mel},
                                     "snr_db": snr, "weight": weight})


def recipe(noise: NoiseMask, seen: dict[str, object] | None = None, **augmentation: object) -> ModelRecipe:
    """A recipe with noise masks; `seen`: its input block."""
    content = resolve("shao2022", "tiny").models["student1"].model_dump(mode="json")
    return ModelRecipe.model_validate({
        **content, "network": {"class": "segnet"}, "input": seen or {"normalise": "none"},
        "augmentation": {"noise_mask": noise.model_dump(mode="json"), **augmentation}})


def everywhere(snr: tuple[float, float]) -> NoiseMask:
    """So many stripes that no cell is left out."""
    return NoiseMask.model_validate({"mel": {"stripes": 400, "max_width": 8}, "snr_db": snr, "weight": 1.0})


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize("base", [10.0, E])
def test_the_mask_removes_the_noise(base: float, generator: torch.Generator) -> None:
    clean = torch.randn(50, 16, 20)
    noisy, kept = add_noise(clean, settings(), base, generator)
    touched = kept < 1
    assert (noisy[~touched] == clean[~touched]).all()
    assert (noisy[touched] > clean[touched]).all()
    assert kept.min() > 0
    torch.testing.assert_close(noisy + kept.log() / math.log(base), clean, atol=1e-4, rtol=1e-4)
    power = torch.pow(base, clean.double()) / torch.pow(base, noisy.double())
    torch.testing.assert_close(kept.double(), power, atol=1e-5, rtol=1e-4)


def test_noise_lies_in_stripes(generator: torch.Generator) -> None:
    touched = add_noise(torch.randn(4000, 16, 20), settings(mel=4, time=3), E, generator)[1] < 1
    bands, frames = touched.all(dim=2), touched.all(dim=1)  # (clip, mel), (clip, frame)
    assert (touched == (bands[:, :, None] | frames[:, None, :])).all()
    assert frames.sum(dim=1).max() == 3
    assert bands.sum(dim=1).max() == 8
    np.testing.assert_allclose(torch.bincount(frames.sum(dim=1), minlength=4) / 4000, 0.25, atol=0.03)
    none = (bands.sum(dim=1) == 0).float().mean()
    assert none == pytest.approx(1 / 25, abs=0.015)  # both of two stripes of width 0


@pytest.mark.parametrize("base", [10.0, E])
@pytest.mark.parametrize("snr", [-6.0, 0.0, 9.0])
def test_power_of_the_noise(base: float, snr: float, generator: torch.Generator) -> None:
    """Exponential around the mean power of the clip's band, less the ratio: mean 1, variance 1, median ln 2."""
    clean = torch.randn(300, 8, 50) + torch.linspace(-3, 3, 8)[:, None]
    noisy, kept = add_noise(clean, everywhere((snr, snr)), base, generator)
    assert (kept < 1).float().mean() > 0.99
    power = torch.pow(base, noisy.double()) - torch.pow(base, clean.double())
    relative = power / torch.pow(base, clean.double()).mean(dim=2, keepdim=True) * 10 ** (snr / 10)
    for band in range(8):
        assert relative[:, band].mean() == pytest.approx(1, abs=0.05)
    assert relative.var() == pytest.approx(1, abs=0.05)
    assert relative.median() == pytest.approx(math.log(2), abs=0.02)


def test_the_ratio_is_even_in_decibels_and_one_a_clip(generator: torch.Generator) -> None:
    clean = torch.zeros(2000, 8, 50)
    noisy, _ = add_noise(clean, everywhere((-4.0, 8.0)), E, generator)
    ratio = -10 * (noisy.double().exp() - 1).mean(dim=(1, 2)).log10()
    assert ratio.mean() == pytest.approx(2, abs=0.3)
    assert ratio.std() == pytest.approx(12 / 12**0.5, abs=0.2)
    assert -5 < ratio.min() < -3.5
    assert 7.5 < ratio.max() < 9


def test_the_same_generator_gives_the_same_noise() -> None:
    x = torch.randn(4, 16, 20)
    first, same, other = (add_noise(x, settings(), E, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2))
    assert (first == same).all()
    assert (first != other).any()


@pytest.mark.parametrize("fill", [0.0, 1.0, -2.5, 7.0])
@pytest.mark.parametrize("kind", ["valid", "padded"])
def test_the_mask_follows_the_input(kind: str, fill: float, generator: torch.Generator) -> None:
    """Masks that are the log-mel itself have to stand where it stands in the network's input, or be NaN."""
    chosen = {"normalise": "none", "repeat_time": 2, "deltas": {"order": 2, "kind": kind}}
    masking = {"fill": fill, "time": {"stripes": 1, "max_width": 2}, "mel": {"stripes": 2, "max_width": 4}}
    made = recipe(settings(), chosen, crop_frames=12, masking=masking)
    noise, logmel = NoiseReduction(made, E), torch.rand(40, 16, 20)
    x = network_input(logmel, made.input)
    x, kept = noise.apart(Augmenter(made.augmentation).inputs(noise.beside(x, logmel), generator))
    assert x.shape == (40, 3, 16, 12)
    assert kept.shape == (40, 1, 16, 12)
    hidden = (x == fill).all(dim=1, keepdim=True)
    assert 0.05 < hidden.float().mean() < 0.6
    assert (kept.isnan() == hidden).all()
    torch.testing.assert_close(kept[~hidden], x[:, :1][~hidden], atol=1e-5, rtol=1e-5)


def test_inputs_are_those_of_the_noisy_clip() -> None:
    made = recipe(settings(), {"normalise": "clip_standard", "deltas": {"order": 1, "kind": "padded"}})
    logmel = torch.randn(4, 16, 20)
    x, kept = NoiseReduction(made, 10.0).inputs(logmel, Augmenter(made.augmentation), torch.Generator().manual_seed(1))
    noisy, share = add_noise(logmel, settings(), 10.0, torch.Generator().manual_seed(1))
    torch.testing.assert_close(x, network_input(noisy, made.input))
    torch.testing.assert_close(kept[:, 0], share, atol=1e-6, rtol=0)


def test_positions_of_the_head_are_those_of_pixel_shuffle() -> None:
    head, x = MaskHead(5, (4, 3), (8, 6)), torch.randn(2, 5, 4, 3)
    torch.testing.assert_close(head(x), F.pixel_shuffle(head.conv(x), 2))
    uneven = MaskHead(5, (4, 3), (10, 3))(x)  # three cells a position, the last two cut off
    assert uneven.shape == (2, 1, 10, 3)
    tall = MaskHead(5, (8, 1), (8, 6))  # one position a band: its channels are the frames
    y = torch.randn(2, 5, 8, 1)
    torch.testing.assert_close(tall(y)[:, 0], tall.conv(y)[..., 0].transpose(1, 2))


def attached(network: nn.Module, x: torch.Tensor, weight: float = 1.0) -> NoiseReduction:
    noise = NoiseReduction(recipe(settings(weight=weight)), E)
    assert not noise.attached
    noise.attach(network, x)
    return noise


def test_loss_is_the_cross_entropy_of_the_cells_that_are_told() -> None:
    torch.manual_seed(0)
    network, x = build(SEGNET), torch.randn(3, 1, 64, 27)
    noise = attached(network, x, weight=0.3)
    kept = torch.rand(3, 1, 64, 27)
    kept[:, :, 5:9] = torch.nan
    network.train()(x)
    layer, _ = last_map(network, x)
    maps: list[torch.Tensor] = []
    layer.register_forward_hook(lambda *told: maps.append(told[2]))
    torch.manual_seed(4)
    network(x)
    assert noise.head is not None
    p = noise.head(maps[0]).double().sigmoid()
    cells = -(kept.double() * p.log() + (1 - kept.double()) * (1 - p).log())
    assert float(noise.loss(kept).detach()) == pytest.approx(0.3 * float(cells.nanmean().detach()), rel=1e-5)


def test_the_network_that_ships_is_the_published_one() -> None:
    torch.manual_seed(0)
    network, x = build(SEGNET), torch.randn(2, 1, 64, 27)
    before, names = copy.deepcopy(network).eval()(x), list(network.state_dict())
    noise = attached(network, x)
    assert set(network.state_dict()) - set(names) == {f"{HEAD}weight", f"{HEAD}bias"}
    torch.testing.assert_close(network.eval()(x), before)
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict({**kept, f"{HEAD}bias": torch.full_like(kept[f"{HEAD}bias"], 7.0)})  # as resuming does
    assert noise.head is not None
    assert (noise.head.conv.bias == 7).all()
    noise.detach(kept, {})
    assert list(kept) == list(network.state_dict()) == names
    torch.testing.assert_close(network(x), before)
    assert all(not layer._forward_hooks for layer in network.modules())
    noise.detach()  # twice does no harm


def test_the_example_leaves_no_trace() -> None:
    network, x = build(SEGNET).train(), torch.randn(2, 1, 64, 27)
    state = {name: value.clone() for name, value in network.state_dict().items()}
    _, found = last_map(network, x)
    assert found.shape == (2, 6, 64, 1)  # behind the decoder, before the pooling
    assert all(layer.training for layer in network.modules())
    assert all((state[name] == value).all() for name, value in network.state_dict().items())


def test_quantised_networks_learn_it_too() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 1, 64, 27)
    network = prepare_qat(build(SEGNET), x)
    names = list(network.state_dict())
    noise = attached(network, x)
    simulate(network, True)
    network.train()
    logits = network(x)
    (logits.square().mean() + noise.loss(torch.rand(4, 1, 64, 27))).backward()
    heads = [parameter for name, parameter in network.named_parameters() if name.startswith(HEAD)]
    assert len(heads) == 2
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in heads)
    noise.detach()
    assert list(network.state_dict()) == names
    assert copy.deepcopy(network).eval()(x).shape == (4, 10)


def test_a_mask_is_learned(generator: torch.Generator) -> None:
    """Noise of -10 dB in bands of silent clips is plain to see; the constant mask is what the loss has to beat."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    logmel = 0.1 * torch.randn(16, 16, 12)
    made = recipe(settings((-10.0, -10.0), mel=6))
    noise, augmenter = NoiseReduction(made, E), Augmenter(made.augmentation)
    noise.attach(network, logmel[:2, None])
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    losses = []
    for _ in range(60):
        x, kept = noise.inputs(logmel, augmenter, generator)
        network.train()(x)
        loss = noise.loss(kept)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    mean = float(kept.mean())
    constant = -(mean * math.log(mean) + (1 - mean) * math.log(1 - mean))
    assert losses[-1] < 0.6 * constant


def test_evaluation_keeps_no_map() -> None:
    network, x = build(SEGNET), torch.randn(2, 1, 64, 27)
    noise = attached(network, x)
    network.eval()(x)
    with pytest.raises(AssertionError, match="not run in training mode"):
        noise.loss(torch.rand(2, 1, 64, 27))


def test_a_network_without_a_map() -> None:
    with pytest.raises(InputError, match="noise_mask: Sequential has no map"):
        last_map(nn.Sequential(nn.Flatten(), nn.Linear(6, 10)), torch.randn(2, 1, 2, 3))


def test_the_variant_of_shao2022() -> None:
    run = resolve("shao2022", "full", ["variant=noise_reduction"])
    chosen = run.models["student1"].augmentation.noise_mask
    assert chosen is not None
    assert (chosen.mel, chosen.time) == (run.models["student1"].augmentation.masking.mel,  # type: ignore[union-attr]
                                         run.models["student1"].augmentation.masking.time)  # type: ignore[union-attr]
    assert resolve("shao2022", "full").models["student1"].augmentation.noise_mask is None


@pytest.mark.parametrize(("content", "told"), [
    ({"snr_db": [0, 1], "weight": 1.0}, "stripes of time, of mel or of both"),
    ({"mel": {"stripes": 1, "max_width": 2}, "snr_db": [3, 1], "weight": 1.0}, "lowest, highest"),
    ({"mel": {"stripes": 1, "max_width": 2}, "snr_db": [0, 1], "weight": 0}, "weight"),
])
def test_recipes_that_are_refused(content: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        NoiseMask.model_validate(content)
