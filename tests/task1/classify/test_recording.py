"""Reading anybody's files: samples against libsndfile and SciPy, and a sentence for every way they can be wrong."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from task1.classify.recording import BLOCK, Recording
from task1.errors import InputError
from task1.features.audio import read_clip
from task1.features.logmel import LogMel
from tests.task1.classify.conftest import FEATURES, LENGTH, RATE, Record, noise


def read(path: Path, rate: int = RATE) -> np.ndarray:
    with Recording(path) as recording:
        return np.concatenate(list(recording.blocks(rate)))


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
def test_a_clip_of_the_right_rate_is_what_the_features_read(record: Record, subtype: str) -> None:
    path = record(subtype=subtype)
    np.testing.assert_array_equal(read(path), read_clip(path, FEATURES))


@pytest.mark.parametrize("ending", ["flac", "aiff", "w64", "caf"])
def test_other_lossless_formats_hold_the_same_samples(record: Record, ending: str) -> None:
    wave = (noise(LENGTH) * 2**15).astype(np.int16)
    np.testing.assert_array_equal(read(record(f"clip.{ending}", wave, subtype="PCM_16")), wave / np.float32(2**15))


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
def test_lossy_formats_come_close(record: Record, ending: str) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    found = read(record(f"clip.{ending}", tone))
    assert len(found) == len(tone)
    assert np.corrcoef(found, tone)[0, 1] > 0.99


@pytest.mark.parametrize("channels", [2, 3, 6])
def test_channels_are_averaged(record: Record, channels: int) -> None:
    wave = noise(LENGTH, channels)
    np.testing.assert_allclose(read(record(wave=wave, subtype="DOUBLE")), wave.mean(axis=1), atol=1e-8)


@pytest.mark.parametrize(("rate", "up", "down"), [(16000, 2, 1), (24000, 3, 1), (12000, 3, 2), (44100, 441, 80)])
def test_features_of_a_resampled_clip_are_those_of_the_clip(record: Record, rate: int, up: int, down: int) -> None:
    """SciPy makes the recording of another rate; what comes back has the log-mels of the clip it was made from."""
    low = scipy.signal.butter(10, 2800, fs=RATE, output="sos")
    clip = scipy.signal.sosfiltfilt(low, noise(LENGTH + 800))
    other = scipy.signal.resample_poly(clip, up, down, window=("kaiser", 12.0))
    back = read(record(wave=other, rate=rate, subtype="DOUBLE"))
    assert abs(len(back) - len(clip)) <= 1
    middle = slice(400, 400 + LENGTH)  # away from the ends, where filters differ
    logmel = LogMel(FEATURES)
    mine, expected = (logmel(wave[middle].astype(np.float32)) for wave in (back, clip))
    below = expected > expected.max() - 6  # bands that hold something
    assert below.mean() > 0.7
    np.testing.assert_allclose(mine[below], expected[below], atol=0.01)


def test_blocks_do_not_show_in_what_is_resampled(record: Record) -> None:
    wave = noise(3 * BLOCK + 17).astype(np.float32)
    path = record(wave=wave, rate=11025, subtype="FLOAT")
    import soxr

    np.testing.assert_array_equal(read(path), soxr.resample(wave, 11025, RATE, quality="VHQ"))


def test_long_recordings_need_no_more_memory(record: Record) -> None:
    path = record(wave=noise(600 * RATE, 2), subtype="PCM_16")  # ten minutes, 38 MB as float32
    tracemalloc.start()
    with Recording(path) as recording:
        samples = sum(len(block) for block in recording.blocks(RATE // 2))
        assert recording.seconds == 600
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert samples == 300 * RATE
    assert peak < 5_000_000


def wrong_files(record: Record) -> dict[str, tuple[bytes, str]]:
    good = record().read_bytes()
    flac, mp3 = record("x.flac").read_bytes(), record("x.mp3", noise(5 * RATE)).read_bytes()
    not_finite = noise(LENGTH)
    not_finite[777] = np.nan
    return {
        "empty.wav": (b"", "found an empty file"),
        "text.wav": (b"this is no sound at all\n" * 40, "found no sound that can be read"),
        "page.mp3": (b"<html>not found</html>" * 10, "found no sound that can be read"),
        "bare.raw": (good[44:], "found no sound that can be read"),
        "cut.wav": (good[:-501], "found 3499 of the 4000 bytes of samples"),
        "header.wav": (good[:44], "found 0 of the 4000 bytes"),
        "torn.wav": (good[:20], "found no sound that can be read"),
        "cut.flac": (flac[:len(flac) * 2 // 3], "cut|cannot be read to its end"),
        "cut.mp3": (mp3[:len(mp3) // 2], "declares, expected all; the file is cut off"),
        "none.wav": (record("n.wav", np.zeros(0)).read_bytes(), "found no samples"),
        "silent.wav": (record("s.wav", np.zeros(LENGTH)).read_bytes(), "digital silence"),
        "nan.wav": (record("f.wav", not_finite, subtype="FLOAT").read_bytes(), "NaN or infinite"),
        "slow.wav": (record("l.wav", rate=1000).read_bytes(), "found 1000 Hz, expected at least 4000 Hz"),
    }


def test_what_is_wrong_is_said(record: Record, tmp_path: Path) -> None:
    for name, (content, sentence) in wrong_files(record).items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError, match=sentence) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        Recording(tmp_path / "none.wav")


def test_a_wav_written_to_a_pipe_is_read(record: Record) -> None:
    """Writers that cannot go back leave the greatest number where the length belongs."""
    path = record()
    content = path.read_bytes()
    path.write_bytes(content.replace(b"data" + (2 * LENGTH).to_bytes(4, "little"), b"data\xff\xff\xff\xff"))
    assert len(read(path)) == LENGTH


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=st.integers(4000, 200_000), channels=st.integers(1, 8), samples=st.integers(1, 5000))
def test_any_rate_length_and_number_of_channels(record: Record, rate: int, channels: int, samples: int) -> None:
    found = read(record(wave=noise(samples, channels), rate=rate))
    assert found.dtype == np.float32
    assert abs(len(found) - samples * RATE / rate) <= 1


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 60), value=st.integers(0, 255), cut=st.integers(0, 60), ending=st.sampled_from(
    ["wav", "flac", "ogg"]))
def test_damage_ends_in_a_sentence_or_in_samples(record: Record, tmp_path: Path, position: int, value: int, cut: int,
                                                 ending: str) -> None:
    content = bytearray(record(f"clip.{ending}").read_bytes())
    content[position] = value
    path = tmp_path / f"damaged.{ending}"
    path.write_bytes(bytes(content[:len(content) - cut]))
    try:
        assert np.isfinite(read(path)).all()
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017


def test_soundfile_is_closed(record: Record) -> None:
    with Recording(record()) as recording:
        pass
    with pytest.raises(soundfile.SoundFileError, match="closed"):
        next(recording._file.blocks(blocksize=10))
