"""Each augmentation: its statistics, its limits, and that it does nothing else."""

import numpy as np
import pytest
import torch

from task1.augment.auto_level import auto_level
from task1.augment.masking import FRAME, MEL, mask
from task1.augment.mixup import draw_beta, mixup
from task1.augment.pipeline import Augmenter
from task1.augment.spectrum_correction import correct, corrections, spectra
from task1.augment.translate import centre_crop, random_crop, roll, shift
from task1.config import Augmentation
from task1.config.recipe import AutoLevel, Shift, Stripes
from task1.errors import InputError


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize("alpha", [0.2, 0.4, 2.0])
def test_lambda_has_the_moments_of_beta(alpha: float, generator: torch.Generator) -> None:
    draws = np.array([draw_beta(alpha, generator) for _ in range(4000)])
    variance = 1 / (4 * (2 * alpha + 1))
    assert draws.mean() == pytest.approx(0.5, abs=4 * (variance / 4000) ** 0.5)
    assert draws.var() == pytest.approx(variance, rel=0.08)


def test_mixup_mixes_targets_as_it_mixes_clips(generator: torch.Generator) -> None:
    labels = torch.eye(10)[torch.arange(8)]
    clips = labels[:, :, None].expand(-1, -1, 5).clone()  # a clip that tells its own label
    x, y = mixup([clips, labels], 0.4, 8, generator)
    torch.testing.assert_close(x[..., 0], y)
    torch.testing.assert_close(y.sum(dim=1), torch.ones(8))
    torch.testing.assert_close(x.mean(dim=0), clips.mean(dim=0))  # a permutation keeps the sum
    shares = y.max(dim=1).values
    torch.testing.assert_close(shares[shares < 1], shares[shares < 1][0].expand((shares < 1).sum()))  # one lambda


def test_half_mixup_leaves_the_second_half(generator: torch.Generator) -> None:
    x = torch.arange(8.0)[:, None]
    mixed, = mixup([x], 2.0, 4, generator)
    assert (mixed[4:] == x[4:]).all()
    assert (mixed[:4] != x[:4]).any()
    assert mixed[:4].max() <= 3


def test_mixup_schedule() -> None:
    augmenter = Augmenter(Augmentation.model_validate({"mixup": {"alpha": 2.0, "whole_batch_until": 0.6}}))
    x, nothing = torch.arange(64.0).view(64, 1, 1), torch.zeros(64, dtype=torch.bool)
    changed = [int((augmenter.spectrograms(x, [x[:, 0]], nothing, progress, torch.Generator().manual_seed(1))[0] != x)
                   .sum()) for progress in (0.0, 0.59, 0.6, 0.99)]
    assert min(changed[:2]) > 50
    assert max(changed[2:]) <= 32


@pytest.mark.parametrize("axis", [MEL, FRAME])
def test_stripes(axis: int, generator: torch.Generator) -> None:
    x = torch.ones(6000, 2, 12, 9)
    masked = mask(x, axis, Stripes(stripes=1, max_width=3), -7.0, generator)
    assert set(masked.unique().tolist()) == {-7.0, 1.0}
    assert (masked[:, 0] == masked[:, 1]).all()
    other = FRAME if axis == MEL else MEL
    lines = masked[:, 0].movedim(axis - 1, 1)[:, :, 0] == -7  # (clip, place along the axis)
    assert (masked[:, 0].movedim(other - 1, 1) == masked[:, 0].movedim(other - 1, 1)[:, :1]).all()
    widths = torch.bincount(lines.sum(dim=1), minlength=5) / len(x)
    assert widths[4] == 0  # max_width is reached and not passed
    np.testing.assert_allclose(widths[:4], 0.25, atol=0.03)
    starts = lines.float().argmax(dim=1)[lines.sum(dim=1) == 3]
    size = x.shape[axis]
    np.testing.assert_allclose(torch.bincount(starts, minlength=size - 2) / len(starts), 1 / (size - 2), atol=0.04)


def test_two_stripes_of_each_clip_are_its_own(generator: torch.Generator) -> None:
    masked = mask(torch.ones(200, 1, 40, 5), MEL, Stripes(stripes=2, max_width=5), 0.0, generator)[:, 0, :, 0] == 0
    assert masked.sum(dim=1).max() > 5
    assert len(masked.unique(dim=0)) > 100


def test_crops(generator: torch.Generator) -> None:
    x = torch.arange(20.0).expand(3000, 2, 3, 20)
    cropped = random_crop(x, 16, generator)
    assert cropped.shape == (3000, 2, 3, 16)
    assert (cropped.diff(dim=-1) == 1).all()
    starts = torch.bincount(cropped[:, 0, 0, 0].long(), minlength=5) / 3000
    np.testing.assert_allclose(starts, 0.2, atol=0.04)
    assert centre_crop(x, 16)[0, 0, 0].tolist() == list(range(2, 18))


def test_roll_is_a_rotation(generator: torch.Generator) -> None:
    x = torch.randn(500, 4, 7)
    moved = roll(x, generator)
    kinds = torch.stack([(moved == x.roll(k, -1)).all(dim=2).all(dim=1) for k in range(7)])
    assert (kinds.sum(dim=0) == 1).all()
    np.testing.assert_allclose(kinds.float().mean(dim=1), 1 / 7, atol=0.06)


def test_shift_repeats_edges_and_keeps_its_reach(generator: torch.Generator) -> None:
    x = (torch.arange(30.0)[:, None] + 100 * torch.arange(20.0)).expand(400, 30, 20)
    moved = shift(x, Shift(time_fraction=0.1, mel_bins=3), generator)
    centre = moved[:, 15, 10]
    bins, frames = centre % 100 - 15, centre // 100 - 10
    assert (bins.min(), bins.max(), frames.min(), frames.max()) == (-3, 3, -2, 2)
    one = moved[(bins == 2) & (frames == 0)][0]  # bin k shows bin k + 2
    assert one[:, 0].tolist() == [*range(2, 30), 29.0, 29.0]
    still = shift(x, Shift(time_fraction=0.0, mel_bins=0), generator)
    assert (still == x).all()


def test_auto_level_stretches_between_quantiles(generator: torch.Generator) -> None:
    x = torch.randn(50, 20, 30) * torch.rand(50, 1, 1) - 4
    done = auto_level(x, AutoLevel(low=0.1, high=0.9, probability=1), generator)
    flat, was = done.flatten(1), x.flatten(1)
    torch.testing.assert_close(flat.min(dim=1).values, was.min(dim=1).values)
    torch.testing.assert_close(flat.max(dim=1).values, was.max(dim=1).values)
    np.testing.assert_allclose((flat == flat.min(dim=1, keepdim=True).values).float().mean(dim=1), 0.1, atol=0.01)
    np.testing.assert_allclose((flat == flat.max(dim=1, keepdim=True).values).float().mean(dim=1), 0.1, atol=0.01)
    np.testing.assert_allclose(np.quantile(was[0], 0.1), was[0].kthvalue(61).values, atol=0.05)
    never = auto_level(x, AutoLevel(low=0.1, high=0.9, probability=0), generator)
    assert (never == x).all()


def test_spectra_are_mean_powers() -> None:
    logmel = torch.randn(7, 5, 9, dtype=torch.float64).float()
    expected = np.log10(np.power(10.0, logmel.numpy().astype(np.float64)).mean(axis=-1))
    np.testing.assert_allclose(spectra(logmel, 10.0), expected, atol=1e-5)
    np.testing.assert_allclose(spectra(logmel.half(), 10.0), expected, atol=2e-3)
    np.testing.assert_allclose(spectra(logmel, float(np.e)), np.log(np.exp(logmel.numpy()).mean(axis=-1)), atol=1e-5)


NAMES = ["audio/bus-lyon-1-1-0-b.wav", "audio/bus-lyon-1-1-0-a.wav", "audio/bus-lyon-1-1-1-a.wav",
         "audio/bus-lyon-1-1-0-s1.wav", "audio/tram-lyon-1-1-0-a.wav", "audio/tram-lyon-1-1-0-c.wav",
         "audio/tram-paris-2-1-0-s2.wav"]


def test_pool_joins_parallel_recordings_by_name() -> None:
    spectrum = torch.randn(7, 4)
    rows = corrections(NAMES, spectrum, "a", 10.0, "pairwise_pool")
    torch.testing.assert_close(rows, torch.stack([spectrum[0] - spectrum[1], spectrum[3] - spectrum[1],
                                                  spectrum[5] - spectrum[4]]))


def test_reference_mean_is_one_difference_of_mean_powers() -> None:
    spectrum = torch.randn(7, 4)
    rows = corrections(NAMES, spectrum, "a", 10.0, "reference_mean")
    bus = torch.log10((10 ** spectrum[0] + 10 ** spectrum[3]) / 2) - spectrum[1]
    torch.testing.assert_close(rows, ((bus + spectrum[5] - spectrum[4]) / 2)[None])


def test_a_constant_difference_is_recovered() -> None:
    spectrum = torch.randn(3, 4)
    names = [f"bus-lyon-{i}-{i}-{device}.wav" for i in range(3) for device in ("a", "b")]
    offset = torch.tensor([1.0, -2.0, 0.5, 0.0])
    both = torch.stack([spectrum, spectrum + offset], dim=1).flatten(0, 1)
    torch.testing.assert_close(corrections(names, both, "a", 10.0, "reference_mean")[0], offset)


def test_no_parallel_recordings_is_the_users_to_know() -> None:
    with pytest.raises(InputError, match="no parallel recordings of device a"):
        corrections(NAMES[1:3], torch.zeros(2, 4), "a", 10.0, "reference_mean")


def test_correction_touches_clips_of_the_device_with_its_probability(generator: torch.Generator) -> None:
    logmel, of_device = torch.zeros(4000, 3, 2), torch.arange(4000) % 2 == 0
    rows = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    done = correct(logmel, of_device, rows, 0.5, generator)
    assert (done[~of_device] == 0).all()
    assert (done[..., 0] == done[..., 1]).all()
    share = [(done[of_device][:, 0, 0] == value).float().mean() for value in (0, 1, 4)]
    np.testing.assert_allclose(share, [0.5, 0.25, 0.25], atol=0.05)


def test_same_generator_same_batch() -> None:
    recipe = Augmentation.model_validate({
        "mixup": {"alpha": 0.4}, "masking": {"time": {"stripes": 2, "max_width": 2}}, "roll": True,
        "shift": {"time_fraction": 0.1, "mel_bins": 2}, "auto_level": {"low": 0.1, "high": 0.9, "probability": 0.5}})
    x, y = torch.randn(8, 12, 10), [torch.eye(8)]
    outcomes = []
    for seed in (1, 1, 2):
        generator = torch.Generator().manual_seed(seed)
        logmel, _ = Augmenter(recipe).spectrograms(x, y, torch.zeros(8, dtype=torch.bool), 0, generator)
        outcomes.append(Augmenter(recipe).inputs(logmel[:, None], generator))
    assert (outcomes[0] == outcomes[1]).all()
    assert (outcomes[0] != outcomes[2]).any()
