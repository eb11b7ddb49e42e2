"""Log-mels as programs of this field compute them: librosa, one clip after the other, float32."""

from pathlib import Path
from typing import Any, Literal

import librosa
import numpy as np
import numpy.typing as npt

from task1.config import FeatureSettings

Array = npt.NDArray[np.floating]


def logmel(path: Path, settings: FeatureSettings) -> Array:
    """Read a recording; its log-mel (mel, frame)."""
    wave, _ = librosa.load(path, sr=None)
    mel = librosa.feature.melspectrogram(
        y=wave, sr=settings.sample_rate, power=settings.power, n_mels=settings.n_mels, fmin=settings.f_min,
        fmax=settings.f_max, htk=settings.mel_scale == "htk", norm=_norm(settings), **_frames(settings))
    return _log(mel, settings)


class KeptFilters:
    """The same by those who know that librosa makes the mel filters anew for every clip: they are made once."""

    def __init__(self, settings: FeatureSettings) -> None:
        self.settings = settings
        self.filters = librosa.filters.mel(
            sr=settings.sample_rate, n_fft=settings.n_fft, n_mels=settings.n_mels, fmin=settings.f_min,
            fmax=settings.f_max, htk=settings.mel_scale == "htk", norm=_norm(settings))

    def logmel(self, path: Path) -> Array:
        wave, _ = librosa.load(path, sr=None)
        power = np.abs(librosa.stft(wave, **_frames(self.settings))) ** self.settings.power
        return _log(self.filters @ power, self.settings)


def _frames(settings: FeatureSettings) -> dict[str, Any]:
    return {"n_fft": settings.n_fft, "hop_length": settings.hop_length, "win_length": settings.win_length,
            "window": "hann", "center": settings.center, "pad_mode": settings.pad_mode}


def _norm(settings: FeatureSettings) -> Literal["slaney"] | None:
    return "slaney" if settings.mel_norm == "slaney" else None


def _log(mel: Array, settings: FeatureSettings) -> Array:
    log = np.log10 if settings.log.base == "10" else np.log
    floor = settings.log.floor
    return np.asarray(log(mel + floor) if settings.log.mode == "add" else log(np.maximum(mel, floor)), np.float32)
