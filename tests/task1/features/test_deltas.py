"""Deltas against the closed form, explicit sums, scipy and librosa."""

import librosa
import numpy as np
import pytest
import torch
from scipy.signal import savgol_filter

from task1.config import DeltaSettings
from task1.features.deltas import padded_delta, valid_delta, with_deltas

X = torch.from_numpy(np.random.default_rng(2).normal(size=(3, 6, 44)))  # (batch, mel, frame)


def by_hand(x: np.ndarray) -> np.ndarray:
    """The formula, frame by frame, with the edge frames repeated."""
    frames = x.shape[-1]
    result = np.empty_like(x)
    for t in range(frames):
        at = [x[..., min(max(t + k, 0), frames - 1)] for k in range(-2, 3)]
        result[..., t] = (at[3] - at[1]) / 10 + (at[4] - at[0]) / 5
    return result


def test_padded_is_the_formula() -> None:
    np.testing.assert_allclose(padded_delta(X).numpy(), by_hand(X.numpy()), atol=1e-14)


def test_valid_is_the_inside_of_padded() -> None:
    torch.testing.assert_close(valid_delta(X), padded_delta(X)[..., 2:-2], rtol=0, atol=1e-15)


def test_librosa_and_scipy_agree() -> None:
    np.testing.assert_allclose(padded_delta(X).numpy(), librosa.feature.delta(X.numpy(), width=5, mode="nearest"),
                               atol=1e-13)
    fitted = savgol_filter(X.numpy(), 5, polyorder=1, deriv=1)[..., 2:-2]
    np.testing.assert_allclose(valid_delta(X).numpy(), fitted, atol=1e-13)


def test_slope_of_a_line_is_its_slope() -> None:
    line = (3.0 * torch.arange(9.0) - 1).expand(1, 2, 9)
    torch.testing.assert_close(valid_delta(line), torch.full((1, 2, 5), 3.0))


@pytest.mark.parametrize(("frames", "left"), [(431, 423), (44, 36)])
def test_valid_loses_eight_frames_at_order_two(frames: int, left: int) -> None:
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(2, 4, frames)))
    static, delta, delta2 = with_deltas(x, DeltaSettings(order=2, kind="valid"))
    assert static.shape == delta.shape == delta2.shape == (2, 4, left)
    torch.testing.assert_close(static, x[..., 4:-4], rtol=0, atol=0)
    torch.testing.assert_close(delta, valid_delta(x)[..., 2:-2], rtol=0, atol=0)
    torch.testing.assert_close(delta2, valid_delta(valid_delta(x)), rtol=0, atol=0)


def test_padded_order_two_is_the_delta_of_the_delta() -> None:
    channels = with_deltas(X, DeltaSettings(order=2, kind="padded"))
    assert [channel.shape for channel in channels] == [X.shape] * 3
    np.testing.assert_allclose(channels[2].numpy(), by_hand(by_hand(X.numpy())), atol=1e-14)


def test_order_one_has_two_channels() -> None:
    assert len(with_deltas(X, DeltaSettings(order=1, kind="padded"))) == 2


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 5 frames"):
        valid_delta(X[..., :4])
