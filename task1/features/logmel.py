"""A wave `(samples,)` in, its log-mel spectrogram `(mel, frame)` out.

The definition is librosa's: frames centred with padding, a periodic Hann window centred in n_fft, |rfft|^power, mel
filters, logarithm. A clip is computed by itself, in blocks of frames that fit the processor's cache, on one thread
(processes share work), so its values do not depend on other clips, down to the last bit.

PyTorch is here for its Fourier transform, which takes two thirds of the time of SciPy's, and for rounding to float16.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import scipy.sparse
import torch
from torch import Tensor

from task1.config import FeatureSettings
from task1.features.mel import mel_filters

FRAMES_PER_BLOCK = 216
"""A block's frames, spectra and powers take 4.4 MB at n_fft 2048; smaller blocks cost more calls than they save."""


class LogMel:
    """Computes one set of feature settings, in float32 (what is stored) or float64 (to compare with).

    It keeps the memory of a clip from one to the next, so threads need an object each.
    """

    def __init__(self, settings: FeatureSettings, dtype: npt.DTypeLike = np.float32) -> None:
        self.settings = settings
        self.dtype = np.dtype(dtype)
        self._window = torch.from_numpy(_window(settings).astype(self.dtype))
        self._edge = settings.n_fft // 2 if settings.center else 0
        self._padded = torch.zeros(settings.samples + 2 * self._edge, dtype=self._window.dtype)
        self._filters = scipy.sparse.csr_matrix(mel_filters(settings).astype(self.dtype))

    def __call__(self, wave: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Log-mel `(mel, frame)` of a wave `(samples,)`."""
        settings = self.settings
        if wave.shape != (settings.samples,):
            raise ValueError(f"a wave of shape ({settings.samples},) expected, not {wave.shape}")
        mel = np.empty((settings.n_mels, settings.frames), self.dtype)
        with _one_thread():
            self._pad(torch.from_numpy(wave))
            self._mel(mel)
        self._log(mel)
        return mel

    def _pad(self, wave: Tensor) -> None:
        """Put a clip where it is computed from; beyond its ends stands its reflection, or stay zeros."""
        edge, samples = self._edge, len(wave)
        self._padded[edge:edge + samples] = wave
        if edge and self.settings.pad_mode == "reflect":
            self._padded[:edge] = wave[1:edge + 1].flip(0)
            self._padded[edge + samples:] = wave[samples - edge - 1:samples - 1].flip(0)

    def _mel(self, mel: npt.NDArray[np.floating]) -> None:
        """Fill `mel` (mel, frame) from the clip."""
        settings = self.settings
        frames = self._padded.unfold(0, settings.n_fft, settings.hop_length)  # (frame, n_fft), no copy
        for start in range(0, settings.frames, FRAMES_PER_BLOCK):
            block = slice(start, start + FRAMES_PER_BLOCK)
            power = _power(torch.fft.rfft(frames[block] * self._window))
            if settings.power == 1:
                power.sqrt_()
            mel[:, block] = self._filters @ power.numpy()

    def _log(self, mel: npt.NDArray[np.floating]) -> None:
        """Take the logarithm in place."""
        log = self.settings.log
        floor = np.asarray(log.floor, self.dtype)
        if log.mode == "add":
            mel += floor
        else:
            np.maximum(mel, floor, out=mel)
        (np.log10 if log.base == "10" else np.log)(mel, out=mel)


def stored(logmel: npt.NDArray[np.floating]) -> npt.NDArray[np.float16]:
    """What the feature store keeps of log-mels; a value too large for float16 becomes infinite."""
    with _one_thread():
        return torch.from_numpy(logmel).half().numpy()


def _power(spectrum: Tensor) -> Tensor:
    """|spectrum (frame, bin)|^2 as (bin, frame), the order that the filters are applied in; overwrites its input."""
    squares = torch.view_as_real(spectrum).square_()
    power = torch.empty(spectrum.shape[::-1], dtype=squares.dtype)
    torch.add(squares[..., 0], squares[..., 1], out=power.T)
    return power


@contextmanager
def _one_thread() -> Iterator[None]:
    """Blocks are too small to share: threads would wait for each other, and for other processes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _window(settings: FeatureSettings) -> npt.NDArray[np.float64]:
    """Periodic Hann window of win_length, centred in n_fft zeros."""
    window = np.zeros(settings.n_fft)
    start = (settings.n_fft - settings.win_length) // 2
    phase = 2 * np.pi * np.arange(settings.win_length) / settings.win_length
    window[start:start + settings.win_length] = 0.5 - 0.5 * np.cos(phase)
    return window
