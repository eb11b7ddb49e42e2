"""Log-mel against librosa, against a stored tensor, and on the real clips."""

from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from task1.config import META, Entry, FeatureSettings, InputSettings, load, names
from task1.features.audio import read_clip
from task1.features.logmel import FRAMES_PER_BLOCK, LogMel, stored
from task1.features.mel import mel_filters
from task1.features.network_input import network_input

ENTRIES = {name: load(Entry, META / "entries" / f"{name}.yaml").features for name in names("entries")}


def librosa_logmel(wave: np.ndarray, chosen: FeatureSettings) -> np.ndarray:
    mel = librosa.feature.melspectrogram(
        y=wave.astype(np.float64), sr=chosen.sample_rate, n_fft=chosen.n_fft, hop_length=chosen.hop_length,
        win_length=chosen.win_length, window="hann", center=chosen.center, pad_mode=chosen.pad_mode,
        power=chosen.power, n_mels=chosen.n_mels, fmin=chosen.f_min, fmax=chosen.f_max,
        htk=chosen.mel_scale == "htk", norm=None if chosen.mel_norm == "none" else "slaney", dtype=np.float64)
    log = np.log10 if chosen.log.base == "10" else np.log
    return log(mel + chosen.log.floor) if chosen.log.mode == "add" else log(np.maximum(mel, chosen.log.floor))


@st.composite
def feature_settings(draw: st.DrawFn) -> FeatureSettings:
    n_fft = draw(st.sampled_from([64, 200, 255, 512]))
    rate = draw(st.sampled_from([8000, 22050]))
    f_min = draw(st.sampled_from([0, 50, 1500]))
    return FeatureSettings(
        sample_rate=rate, clip_seconds=draw(st.sampled_from([0.1, 0.37])), n_fft=n_fft,
        win_length=draw(st.integers(n_fft // 2, n_fft)), hop_length=draw(st.integers(8, 300)),
        center=draw(st.booleans()), pad_mode=draw(st.sampled_from(["reflect", "constant"])),
        power=draw(st.sampled_from([1, 2])), n_mels=draw(st.integers(1, 60)), f_min=f_min,
        f_max=draw(st.sampled_from([3000, rate / 2])), mel_scale=draw(st.sampled_from(["htk", "slaney"])),
        mel_norm=draw(st.sampled_from(["slaney", "none"])),
        log={"base": draw(st.sampled_from(["10", "e"])), "floor": draw(st.sampled_from([1e-10, 1e-3])),
             "mode": draw(st.sampled_from(["add", "max"]))})


@pytest.mark.filterwarnings("ignore:Empty filters")
@settings(max_examples=60, deadline=None)
@given(feature_settings())
def test_equals_librosa_whatever_the_settings(chosen: FeatureSettings) -> None:
    logmel = LogMel(chosen, np.float64)
    for wave in np.random.default_rng(3).normal(0, 0.1, (2, chosen.samples)):
        computed = logmel(wave)
        assert computed.shape == (chosen.n_mels, chosen.frames)
        np.testing.assert_allclose(computed, librosa_logmel(wave, chosen), atol=1e-9)


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize("entry", ENTRIES)
def test_equals_librosa_for_every_entry(entry: str) -> None:
    chosen = ENTRIES[entry]
    wave = np.random.default_rng(5).normal(0, 0.05, chosen.samples)
    expected = librosa_logmel(wave, chosen)
    np.testing.assert_allclose(LogMel(chosen, np.float64)(wave), expected, atol=1e-9)
    np.testing.assert_allclose(LogMel(chosen)(wave), expected, atol=2e-4)


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize("entry", ["wang2023", "shao2022"])
def test_real_clips(reference: Path, entry: str) -> None:
    chosen = ENTRIES[entry]
    paths = sorted((reference / "clips").glob("*.wav"))
    assert len(paths) == 7
    exact, logmel = LogMel(chosen, np.float64), LogMel(chosen)
    # band-limited recordings: their emptiest bands lie 120 dB below the loudest, where float32 has few digits left;
    # still no further away than rounding to float16 moves such values (16 to 32)
    for path in paths:
        wave = read_clip(path, chosen)
        expected = librosa_logmel(wave, chosen)
        np.testing.assert_allclose(exact(wave), expected, atol=1e-9)
        np.testing.assert_allclose(logmel(wave), expected, atol=2**-7)


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize("entry", ENTRIES)
def test_filters_equal_librosa(entry: str) -> None:
    chosen = ENTRIES[entry]
    expected = librosa.filters.mel(
        sr=chosen.sample_rate, n_fft=chosen.n_fft, n_mels=chosen.n_mels, fmin=chosen.f_min, fmax=chosen.f_max,
        htk=chosen.mel_scale == "htk", norm=None if chosen.mel_norm == "none" else "slaney", dtype=np.float64)
    np.testing.assert_allclose(mel_filters(chosen), expected, atol=1e-13)


def test_a_clip_is_the_same_bits_whatever_came_before(small: FeatureSettings) -> None:
    chosen = small.model_copy(update={"hop_length": 8})
    assert chosen.frames > FRAMES_PER_BLOCK  # more than one block
    waves = np.random.default_rng(1).normal(0, 0.1, (5, chosen.samples)).astype(np.float32)
    logmel = LogMel(chosen)
    for wave in waves:
        np.testing.assert_array_equal(logmel(wave), LogMel(chosen)(wave))


def test_the_caller_keeps_its_threads(small: FeatureSettings) -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        LogMel(small)(np.ones(small.samples, np.float32))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore:overflow")
def test_stored_is_rounded_as_numpy_rounds() -> None:
    values = np.random.default_rng(2).normal(0, 10, 100_000).astype(np.float32)
    values[:6] = 0, -0.0, 65519, 65520, -1e9, 2**-25 * 3  # up to the greatest, beyond it, and a subnormal one
    found = stored(values)
    assert found.dtype == np.float16
    np.testing.assert_array_equal(found, values.astype(np.float16))


def test_the_input_is_left_alone(small: FeatureSettings) -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, small.samples).astype(np.float32)
    before = wave.copy()
    LogMel(small)(wave)
    np.testing.assert_array_equal(wave, before)


def test_wrong_length_is_refused(small: FeatureSettings) -> None:
    for shape in [(1999,), (1, 2000)]:
        with pytest.raises(ValueError, match="2000"):
            LogMel(small)(np.zeros(shape, np.float32))


def test_clips_shorter_than_a_transform_are_refused(small: FeatureSettings) -> None:
    with pytest.raises(ValidationError, match="at least n_fft"):
        FeatureSettings(**{**small.model_dump(), "clip_seconds": 0.01})


def formula_wave(samples: int) -> np.ndarray:
    """A chirp, a hum and a reproducible rattle; no random numbers, so it can be made anywhere."""
    n = np.arange(samples)
    t = n / 8000
    rattle = (n * 7919 % 1009) / 1009 - 0.5
    return 0.3 * np.sin(2 * np.pi * (200 * t + 5000 * t**2)) + 0.05 * np.sin(100 * np.pi * t) + 0.01 * rattle


@pytest.mark.parametrize("variant", ["htk_add_10", "slaney_max_e"])
def test_golden(variant: str) -> None:
    """The stored tensors are librosa 0.11's (float64, then float16) for `formula_wave`; they pin the definition."""
    log = {"base": variant.rsplit("_", 1)[1], "floor": 1e-10, "mode": variant.split("_")[1]}
    chosen = FeatureSettings(
        sample_rate=8000, clip_seconds=0.25, n_fft=512, win_length=400, hop_length=128, n_mels=32, f_min=20, f_max=4000,
        mel_scale=variant.split("_")[0], mel_norm="slaney", log=log)
    with np.load(Path(__file__).parent / "golden.npz") as golden:
        expected = golden[variant].astype(np.float64)
    computed = LogMel(chosen)(formula_wave(chosen.samples))
    assert computed.shape == expected.shape == (32, 16)
    np.testing.assert_allclose(computed, expected, rtol=2**-11, atol=1e-3)


def test_golden_network_input() -> None:
    """Pinned from the stored log-mel on; made by the formulas in test_network_input.py."""
    wang = load(Entry, META / "entries" / "wang2023.yaml")
    with np.load(Path(__file__).parent / "golden.npz") as golden:
        logmel, expected = golden["htk_add_10"], golden["network_input"]
    computed = network_input(torch.from_numpy(logmel)[None], InputSettings(**wang.input))[0].numpy()
    np.testing.assert_allclose(computed, expected.astype(np.float32), rtol=2**-10, atol=2e-4)
