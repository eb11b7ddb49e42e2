"""Triangular mel filters: two scales (htk, slaney), with or without Slaney's area normalisation.

Built here, not taken from librosa, because importing that costs every worker process more than a second; the tests
hold the result against librosa. Filters are float64 `(mel, bin)`. Where a filter is narrower than the spacing of the
bins it is empty, in every implementation: the stored row is then the constant log(floor).
"""

import numpy as np
import numpy.typing as npt

from task1.config import FeatureSettings

Array = npt.NDArray[np.float64]

# Slaney's scale: linear below 1 kHz (15 mel), from there 27 steps a factor of 6.4
HERTZ_PER_MEL = 200.0 / 3
KNEE_HERTZ = 1000.0
KNEE_MEL = KNEE_HERTZ / HERTZ_PER_MEL
LOG_STEP = np.log(6.4) / 27


def mel_filters(settings: FeatureSettings) -> Array:
    """Weights `(mel, bin)` that turn a spectrum of n_fft // 2 + 1 bins into mel bands."""
    bins = np.fft.rfftfreq(settings.n_fft, 1 / settings.sample_rate)
    corners = _corners(settings)
    widths = np.diff(corners)
    distance = corners[:, None] - bins[None, :]
    rising = -distance[:-2] / widths[:-1, None]
    falling = distance[2:] / widths[1:, None]
    filters = np.maximum(0.0, np.minimum(rising, falling))
    if settings.mel_norm == "slaney":
        filters *= (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return filters


def _corners(settings: FeatureSettings) -> Array:
    """The n_mels + 2 corner frequencies in hertz, equally spaced on the mel scale."""
    to_mel, to_hertz = (_htk, _htk_hertz) if settings.mel_scale == "htk" else (_slaney, _slaney_hertz)
    ends = to_mel(np.array([settings.f_min, settings.f_max]))
    return to_hertz(np.linspace(ends[0], ends[1], settings.n_mels + 2))


def _htk(hertz: Array) -> Array:
    return np.asarray(2595.0 * np.log10(1.0 + hertz / 700.0))


def _htk_hertz(mel: Array) -> Array:
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


def _slaney(hertz: Array) -> Array:
    above = KNEE_MEL + np.log(np.maximum(hertz, KNEE_HERTZ) / KNEE_HERTZ) / LOG_STEP
    return np.where(hertz < KNEE_HERTZ, hertz / HERTZ_PER_MEL, above)


def _slaney_hertz(mel: Array) -> Array:
    above = KNEE_HERTZ * np.exp(LOG_STEP * (mel - KNEE_MEL))
    return np.where(mel < KNEE_MEL, mel * HERTZ_PER_MEL, above)
