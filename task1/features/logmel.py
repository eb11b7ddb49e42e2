"""Waves `(clips, samples)` in, log-mel spectrograms `(clips, mel, frame)` out.

The definition is librosa's: frames centred with padding, a periodic Hann window centred in n_fft, |rfft|^power, mel
filters, logarithm. A clip's values do not depend on what else is in the batch, down to the last bit: clips are
computed one after the other, in blocks of frames that fit the processor's cache.
"""

import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.sparse
from numpy.lib.stride_tricks import sliding_window_view

from task1.config import FeatureSettings
from task1.features.mel import mel_filters

FRAMES_PER_BLOCK = 64
"""A block's frames, spectra and powers take 2.5 MB at n_fft 4096; smaller blocks cost more calls than they save."""


class LogMel:
    """Computes one set of feature settings, in float32 (what is stored) or float64 (to compare with)."""

    def __init__(self, settings: FeatureSettings, dtype: npt.DTypeLike = np.float32) -> None:
        self.settings = settings
        self.dtype = np.dtype(dtype)
        self._window = _window(settings).astype(self.dtype)
        self._filters = scipy.sparse.csr_matrix(mel_filters(settings).astype(self.dtype))

    def __call__(self, waves: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Log-mel `(clips, mel, frame)` of waves `(clips, samples)`."""
        settings = self.settings
        if waves.ndim != 2 or waves.shape[1] != settings.samples:
            raise ValueError(f"waves of shape (clips, {settings.samples}) expected, not {waves.shape}")
        result = np.empty((len(waves), settings.n_mels, settings.frames), self.dtype)
        for wave, mel in zip(waves, result, strict=True):
            self._mel(wave.astype(self.dtype, copy=False), mel)
        self._log(result)
        return result

    def _mel(self, wave: npt.NDArray[np.floating], mel: npt.NDArray[np.floating]) -> None:
        """Fill `mel` (mel, frame) from one clip."""
        settings = self.settings
        if settings.center:
            wave = np.pad(wave, settings.n_fft // 2, mode=settings.pad_mode)
        frames = sliding_window_view(wave, settings.n_fft)[:: settings.hop_length]  # (frame, n_fft), no copy
        for start in range(0, len(frames), FRAMES_PER_BLOCK):
            block = slice(start, start + FRAMES_PER_BLOCK)
            spectrum = scipy.fft.rfft(frames[block] * self._window, axis=1, overwrite_x=True)
            power = spectrum.real**2 + spectrum.imag**2  # (frame, bin)
            if settings.power == 1:
                np.sqrt(power, out=power)
            mel[:, block] = self._filters @ power.T

    def _log(self, mel: npt.NDArray[np.floating]) -> None:
        """Take the logarithm in place."""
        log = self.settings.log
        floor = np.asarray(log.floor, self.dtype)
        if log.mode == "add":
            mel += floor
        else:
            np.maximum(mel, floor, out=mel)
        (np.log10 if log.base == "10" else np.log)(mel, out=mel)


def _window(settings: FeatureSettings) -> npt.NDArray[np.float64]:
    """Periodic Hann window of win_length, centred in n_fft zeros."""
    window = np.zeros(settings.n_fft)
    start = (settings.n_fft - settings.win_length) // 2
    phase = 2 * np.pi * np.arange(settings.win_length) / settings.win_length
    window[start:start + settings.win_length] = 0.5 - 0.5 * np.cos(phase)
    return window
