"""What networks see: shapes of the four entries, order of operations, constant clips."""

import numpy as np
import pytest
import torch

from task1.config import META, Entry, InputSettings, load
from task1.features.network_input import network_input, normalise

WANG = load(Entry, META / "entries" / "wang2023.yaml").input
VALID2 = {"order": 2, "kind": "valid"}


def logmels(mel: int, frames: int, batch: int = 2) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(4).normal(-3, 2, (batch, mel, frames)).astype(np.float16))


@pytest.mark.parametrize(("entry", "stored", "shape"), [
    ("wang2023", (256, 44), (2, 256, 44)),
    ("shao2022", (256, 44), (3, 256, 72)),
    ("zhao2021", (128, 431), (3, 128, 423)),
    ("ye2024", (256, 431), (1, 256, 431)),
])
def test_shapes(entry: str, stored: tuple[int, int], shape: tuple[int, int, int]) -> None:
    recipe = load(Entry, META / "entries" / f"{entry}.yaml")
    chosen = InputSettings(**recipe.input)
    assert (recipe.features.n_mels, recipe.features.frames) == stored
    result = network_input(logmels(*stored), chosen)
    assert result.shape == (2, *shape)
    assert result.dtype == torch.float32
    assert (chosen.channels, chosen.frames(stored[1])) == (shape[0], shape[2])


def test_wang2023_by_hand() -> None:
    """Standardised log-mel; delta of it; the delta standardised again. All in numpy."""
    x = logmels(8, 20)
    result = network_input(x, InputSettings(**WANG)).numpy()
    for clip, found in zip(x.numpy().astype(np.float64), result, strict=True):
        static = (clip - clip.mean()) / clip.std(ddof=1)
        wide = np.pad(static, ((0, 0), (2, 2)), mode="edge")
        delta = (wide[:, 3:-1] - wide[:, 1:-3]) / 10 + (wide[:, 4:] - wide[:, :-4]) / 5
        np.testing.assert_allclose(found[0], static, atol=1e-5)
        np.testing.assert_allclose(found[1], (delta - delta.mean()) / delta.std(ddof=1), atol=1e-5)


def test_minmax_before_valid_deltas() -> None:
    """The whole clip sets the range, also the frames that the deltas then cut off; the deltas stay as they are."""
    x = logmels(8, 20)
    x[:, 0, 0] = 90
    result = network_input(x, InputSettings(normalise="clip_minmax", deltas=VALID2)).numpy()
    for clip, found in zip(x.numpy().astype(np.float64), result, strict=True):
        scaled = (clip - clip.min()) / (clip.max() - clip.min())
        delta = (scaled[:, 3:-1] - scaled[:, 1:-3]) / 10 + (scaled[:, 4:] - scaled[:, :-4]) / 5
        np.testing.assert_allclose(found[0], scaled[:, 4:-4], atol=1e-6)
        np.testing.assert_allclose(found[1], delta[:, 2:-2], atol=1e-6)


def test_repeating_appends_the_whole_clip() -> None:
    x = logmels(4, 6)
    result = network_input(x, InputSettings(normalise="none", repeat_time=2))
    torch.testing.assert_close(result[:, 0], torch.cat([x, x], dim=-1).float())


def test_a_clip_does_not_depend_on_its_batch() -> None:
    x = logmels(8, 20, batch=5)
    chosen = InputSettings(**WANG)
    torch.testing.assert_close(network_input(x, chosen)[3:4], network_input(x[3:4], chosen), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["clip_standard", "clip_minmax"])
@pytest.mark.parametrize("value", [0.0, -10.0, -9.999])
def test_constant_clips_become_zero(kind: str, value: float) -> None:
    x = torch.full((1, 256, 44), value)
    other = logmels(256, 44, batch=1).float()
    result = normalise(torch.cat([x, other]), kind)  # type: ignore[arg-type]
    assert result[0].abs().max() == 0
    assert result[1].std() > 0.1


@pytest.mark.parametrize("kind", ["clip_standard", "clip_minmax"])
def test_rounding_errors_are_not_blown_up(kind: str) -> None:
    x = -3 + 1e-5 * torch.rand((1, 8, 20), generator=torch.Generator().manual_seed(0))
    assert normalise(x, kind).abs().max() == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["clip_standard", "clip_minmax"])
def test_a_bad_value_is_not_hidden(kind: str) -> None:
    x = logmels(4, 6).float()
    x[0, 0, 0] = torch.nan
    result = normalise(x, kind)  # type: ignore[arg-type]
    assert result[0].isnan().any()
    assert result[1].isfinite().all()


def test_the_input_is_left_alone() -> None:
    x = logmels(8, 20).float()
    before = x.clone()
    network_input(x, InputSettings(**WANG))
    torch.testing.assert_close(x, before, rtol=0, atol=0)
