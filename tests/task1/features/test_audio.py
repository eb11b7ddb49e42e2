"""Reading recordings: exact samples, and one sentence for every way a file can be wrong."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from task1.config import FeatureSettings
from task1.errors import InputError
from task1.features.audio import read_clip, read_wav_header

RAMP = np.linspace(-(2**23), 2**23 - 1, 2000).astype(np.int32)
WavBytes = Callable[..., bytes]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_samples_are_those_of_libsndfile(tmp_path: Path, small: FeatureSettings, subtype: str, container: str) -> None:
    path = tmp_path / "clip.wav"
    wave = np.random.default_rng(0).uniform(-1, 1, small.samples)
    wave[:2] = -1.0, 1 - 2**-23  # the ends of the range
    soundfile.write(path, wave, small.sample_rate, subtype=subtype, format=container)
    expected, _ = soundfile.read(path, dtype="float32")
    found = read_clip(path, small)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_real_clips(reference: Path, small: FeatureSettings) -> None:
    tau = small.model_copy(update={"sample_rate": 44100, "clip_seconds": 1.0})
    for path in sorted((reference / "clips").glob("*.wav")):
        np.testing.assert_array_equal(read_clip(path, tau), soundfile.read(path, dtype="float32")[0])


@pytest.mark.parametrize("bits", [16, 24])
def test_other_chunks_are_walked_over(tmp_path: Path, small: FeatureSettings, wav_bytes: WavBytes, bits: int) -> None:
    path = tmp_path / "clip.wav"
    odd = b"LIST" + struct.pack("<I", 5) + b"abcde\0"  # an odd chunk is followed by a byte of padding
    samples = RAMP >> (24 - bits)
    path.write_bytes(wav_bytes(samples, bits=bits, before=odd) + b"id3 trailing")
    np.testing.assert_array_equal(read_clip(path, small), (samples / 2.0 ** (bits - 1)).astype(np.float32))


def test_what_is_wrong_is_said(tmp_path: Path, small: FeatureSettings, wav_bytes: WavBytes) -> None:
    good = wav_bytes(RAMP)
    wrong = {
        "stereo": (wav_bytes(RAMP, channels=2), "found 2 channels, expected 1"),
        "rate": (wav_bytes(RAMP, rate=44100), "found 44100 Hz, expected 8000 Hz"),
        "short": (wav_bytes(RAMP[:-1]), "found 1999 samples .0.249875 s., expected 2000 .0.25 s."),
        "silent": (wav_bytes(RAMP * 0), "digital silence"),
        "cut off": (good[:-7], "found 5993 of the 6000 bytes of samples"),
        "cut in header": (good[:40], "before a data chunk"),
        "text": (b"<html>not found</html>", "begin with b'<htm', expected a RIFF/WAVE file"),
        "empty": (b"", "found 0 bytes"),
        "coding": (good.replace(b"\x01\x00\x01\x00", b"\x06\x00\x01\x00", 1), "found coding 6 with 24 bits"),
        "no fmt": (good[:12] + good[36:], "before any fmt"),
    }
    for name, (content, sentence) in wrong.items():
        path = tmp_path / f"{name}.wav"
        path.write_bytes(content)
        with pytest.raises(InputError, match=sentence) as caught:
            read_clip(path, small)
        assert str(caught.value).startswith(f"{path}: found ")
        assert "expected" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_float_files_must_be_finite(tmp_path: Path, small: FeatureSettings, value: float) -> None:
    path = tmp_path / "clip.wav"
    wave = np.full(small.samples, 0.1)
    wave[77] = value
    soundfile.write(path, wave, small.sample_rate, subtype="DOUBLE")
    with pytest.raises(InputError, match="NaN or infinite"):
        read_clip(path, small)


def test_no_file(tmp_path: Path, small: FeatureSettings) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_clip(tmp_path / "none.wav", small)
    with pytest.raises(InputError, match="cannot be read"):
        read_clip(tmp_path, small)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 43), value=st.integers(0, 255), cut=st.integers(0, 60))
def test_damaged_headers_end_in_a_sentence_or_in_samples(
        tmp_path: Path, small: FeatureSettings, wav_bytes: WavBytes, position: int, value: int, cut: int) -> None:
    content = bytearray(wav_bytes(RAMP))
    content[position] = value
    path = tmp_path / "clip.wav"
    path.write_bytes(bytes(content[:len(content) - cut]))
    try:
        assert read_clip(path, small).shape == (small.samples,)
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017


@given(st.binary(max_size=80))
def test_any_bytes_after_the_riff_header(body: bytes) -> None:
    try:
        header = read_wav_header(b"RIFF\0\0\0\0WAVE" + body)
    except ValueError as error:
        assert "expected" in str(error)  # noqa: PT017
    else:
        assert header.data_start <= 12 + len(body)
