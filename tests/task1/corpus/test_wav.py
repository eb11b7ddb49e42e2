import io
import os
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from task1.config import AudioFormat
from task1.corpus.wav import WavHeader, inspect, read_header

AUDIO = AudioFormat(sample_rate=1000, bits=24, channels=1, clip_seconds=0.1)
PCM_24 = struct.pack("<HHIIHH", 1, 1, 1000, 3000, 3, 24)
GUID = bytes.fromhex("0100000000001000800000aa00389b71")
SAMPLES = bytes(range(1, 101)) * 3


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff(*chunks: bytes) -> bytes:
    return chunk(b"RIFF", b"WAVE" + b"".join(chunks))


GOOD = riff(chunk(b"fmt ", PCM_24), chunk(b"data", SAMPLES))


def look(folder: Path, content: bytes, full: bool = False, audio: AudioFormat = AUDIO) -> tuple[str, str] | None:
    path = folder / "x.wav"
    path.write_bytes(content)
    defect = inspect(str(path), audio, full)
    return (defect.kind, defect.detail) if defect else None


def encoded(subtype: str = "PCM_24", form: str = "WAV", channels: int = 1, rate: int = 1000,
            length: int = 100) -> bytes:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (length, channels))
    stream = io.BytesIO()
    soundfile.write(stream, noise, rate, subtype=subtype, format=form)
    return stream.getvalue()


def test_the_standard_library_writes_what_is_accepted(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "x.wav"), "wb") as stream:
        stream.setparams((1, 3, 1000, 100, "NONE", ""))
        stream.writeframes(SAMPLES)
    assert inspect(str(tmp_path / "x.wav"), AUDIO, True) is None


@pytest.mark.parametrize("content", [
    GOOD,
    encoded(),
    encoded(form="WAVEX"),
    riff(chunk(b"fmt ", PCM_24 + struct.pack("<H", 0)), chunk(b"data", SAMPLES)),
    riff(chunk(b"bext", b"x" * 603), chunk(b"fmt ", PCM_24), chunk(b"LIST", b"y" * 5001), chunk(b"data", SAMPLES)),
    riff(chunk(b"fmt ", PCM_24), chunk(b"data", SAMPLES), chunk(b"LIST", b"INFO")),
    GOOD[:4] + struct.pack("<I", 0) + GOOD[8:],
], ids=["plain", "libsndfile", "extensible", "fmt of 18 bytes", "chunks before", "chunk behind", "streamed"])
def test_accepted(tmp_path: Path, content: bytes) -> None:
    assert look(tmp_path, content) is None
    assert look(tmp_path, content, full=True) is None


@pytest.mark.parametrize(("content", "kind", "told"), [
    (b"", "empty", "found 0 bytes"),
    (b"RIFF", "not WAV", "found b'RIFF' at its beginning"),
    (b"ID3\x04" + b"\0" * 400, "not WAV", "found b'ID3"),
    (encoded(form="FLAC"), "not WAV", "found b'fLaC"),
    (riff(chunk(b"data", SAMPLES)), "not WAV", "samples before a fmt chunk"),
    (riff(chunk(b"fmt ", PCM_24[:14]), chunk(b"data", SAMPLES)), "not WAV", "fmt chunk of 14 bytes"),
    (riff(b"\0" * 64), "not WAV", r"found b'\x00\x00\x00\x00' at byte 12"),
    (encoded("FLOAT"), "format", "found 3 for format tag, expected 1 (PCM)"),
    (encoded("FLOAT", "WAVEX"), "format", "found 65534 for format tag"),
    (encoded("ULAW"), "format", "found 7 for format tag"),
    (encoded("PCM_16"), "format", "found 16 for bits, expected 24"),
    (encoded("PCM_32", "WAVEX"), "format", "found 32 for bits, expected 24"),
    (encoded(channels=2), "format", "found 2 for channels, expected 1"),
    (encoded(rate=48000), "format", "found 48000 for Hz, expected 1000"),
    (riff(chunk(b"fmt ", PCM_24[:12] + b"\4\0" + PCM_24[14:]), chunk(b"data", SAMPLES)), "format", "bytes a frame"),
    (riff(chunk(b"fmt ", struct.pack("<H", 0xFFFE) + PCM_24[2:] + struct.pack("<HHI", 22, 20, 4) + GUID),
          chunk(b"data", SAMPLES)), "format", "found 20 valid bits in 24"),
    (GOOD[:-1], "truncated", "found 299 bytes of samples, expected the 300"),
    (GOOD[:40], "truncated", "found the end after 40 bytes"),
    (encoded(length=1000), "length", "found 1,000 samples (1 s), expected 100 (0.1 s)"),
    (encoded(length=99), "length", "found 99 samples"),
    (riff(chunk(b"fmt ", PCM_24), chunk(b"data", SAMPLES + b"\0")), "length", "found 100.3333333 samples"),
])
def test_refused(tmp_path: Path, content: bytes, kind: str, told: str) -> None:
    for full in (False, True):
        found = look(tmp_path, content, full)
        assert found is not None
        assert found[0] == kind
        assert told in found[1]


@pytest.mark.parametrize("sample", [b"\0\0\0", b"\xff\xff\xff", b"\x01\x02\x03"])
def test_silence_is_found_by_reading_all(tmp_path: Path, sample: bytes) -> None:
    content = riff(chunk(b"fmt ", PCM_24), chunk(b"data", sample * 100))
    assert look(tmp_path, content) is None
    value = int.from_bytes(sample, "little", signed=True)
    assert look(tmp_path, content, full=True) == ("silent", f"found the value {value} in every sample, expected a "
                                                            "recording")
    almost = content[:-1] + bytes([content[-1] ^ 1])
    assert look(tmp_path, almost, full=True) is None


def test_sixteen_bits_where_the_manifest_says_so(tmp_path: Path) -> None:
    assert look(tmp_path, encoded("PCM_16"), full=True, audio=AUDIO.model_copy(update={"bits": 16})) is None


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.wav", tmp_path):
        defect = inspect(str(path), AUDIO, False)
        assert defect is not None
        assert defect.kind == "unreadable"


def test_header_of_a_plain_file(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(GOOD)
    descriptor = os.open(tmp_path / "x.wav", os.O_RDONLY)
    try:
        assert read_header(descriptor, len(GOOD)) == WavHeader(1, 1, 1000, 3, 24, 44, 300)
    finally:
        os.close(descriptor)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4), st.integers(0, len(GOOD)))
def test_damage_never_raises_and_what_passes_can_be_decoded(tmp_path: Path, changes: list[tuple[int, int]],
                                                            length: int) -> None:
    content = bytearray(GOOD)
    for position, value in changes:
        content[position] = value
    for damaged in (bytes(content), bytes(content[:length])):
        if look(tmp_path, damaged, full=True) is None:
            size = struct.pack("<I", len(damaged) - 8)  # the one field that is not looked at
            samples, rate = soundfile.read(io.BytesIO(damaged[:4] + size + damaged[8:]), dtype="int32")
            assert (samples.shape, rate) == ((100,), 1000)


def test_real_clips(reference: Path) -> None:
    clips = sorted((reference / "clips").glob("*.wav"))
    assert len(clips) == 7
    real = AudioFormat(sample_rate=44100, bits=24, channels=1, clip_seconds=1)
    assert [inspect(str(clip), real, True) for clip in clips] == [None] * 7
    assert inspect(str(clips[0]), real.model_copy(update={"clip_seconds": 10.0}), False) is not None
