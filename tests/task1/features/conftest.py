"""Made recordings and small settings for the feature tests."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from task1.config import FeatureSettings
from task1.features import parts

SMALL: dict[str, Any] = {
    "sample_rate": 8000, "clip_seconds": 0.25, "n_fft": 256, "win_length": 256, "hop_length": 128, "n_mels": 16,
    "f_min": 0, "f_max": 4000, "mel_scale": "htk", "mel_norm": "slaney", "log": {"base": "10", "floor": 1e-10},
}


@pytest.fixture
def small() -> FeatureSettings:
    return FeatureSettings(**SMALL)


def _wav_bytes(samples: np.ndarray, rate: int = 8000, bits: int = 24, channels: int = 1, before: bytes = b"") -> bytes:
    """A WAV file of whole-number samples, with the chunks `before` between fmt and data."""
    width = bits // 8
    body = samples.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * width * channels, width * channels, bits)
    data = struct.pack("<4sI", b"data", len(body)) + body
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form + before + data), b"WAVE") + form + before + data


@pytest.fixture(scope="session")
def wav_bytes() -> Callable[..., bytes]:
    return _wav_bytes


@pytest.fixture
def recordings(tmp_path: Path, small: FeatureSettings) -> Callable[[int], tuple[Path, pd.DataFrame]]:
    """Make a data set of n clips: its root folder and its index."""

    def make(clips: int) -> tuple[Path, pd.DataFrame]:
        root = tmp_path / "corpus"
        (root / "audio").mkdir(parents=True)
        noise = np.random.default_rng(7)
        names = [f"audio/park-lyon-{number}-a.wav" for number in range(clips)]
        for name in names:
            samples = noise.normal(0, 2**18, small.samples).astype(np.int32)
            (root / name).write_bytes(_wav_bytes(samples))
        return root, pd.DataFrame({"filename": names})

    return make


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the clips that are read, as they are read."""
    read: list[str] = []
    original = parts.read_clip

    def note(path: Path, settings: FeatureSettings) -> object:
        read.append(path.name)
        return original(path, settings)

    monkeypatch.setattr(parts, "read_clip", note)
    return read
