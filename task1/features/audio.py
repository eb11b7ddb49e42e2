"""A recording as float32 samples in [-1, 1), or one sentence that says why it cannot be used.

WAV only: PCM of 16 or 24 bits (TAU is 24) and floating point of 32 or 64 bits. Usable means: whole, mono, the expected
rate and length, finite, not silent. Samples are bytes / 2^(bits - 1), exactly what libsndfile gives.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from task1.errors import InputError

Samples = npt.NDArray[np.float32]

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
SUPPORTED = {(PCM, 16), (PCM, 24), (FLOAT, 32), (FLOAT, 64)}


class Expected(Protocol):
    """What a data set or a feature definition says about its clips."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def samples(self) -> int: ...


@dataclass(frozen=True)
class WavHeader:
    """The chunks `fmt ` and `data`, as they are declared."""

    coding: int
    channels: int
    sample_rate: int
    bits: int
    data_start: int
    data_bytes: int


def read_clip(path: Path, expected: Expected) -> Samples:
    """The samples of a mono clip of the expected rate and length."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a recording") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        header = read_wav_header(content)
        _check(header, len(content), expected)
        samples = _decode(content, header, expected.samples)
        if header.coding == FLOAT and not np.isfinite(samples).all():
            raise ValueError("found NaN or infinite samples, expected finite ones")
        if not samples[:len(samples) // 64].any() and not samples.any():  # most recordings need not be searched
            raise ValueError("found digital silence (every sample is 0), expected a recording")
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    return samples


def read_wav_header(content: bytes | mmap.mmap) -> WavHeader:
    """Walk the RIFF chunks up to `data`; ValueError says what is wrong."""
    if len(content) < 12 or content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise ValueError(f"found {len(content)} bytes that begin with {content[:4]!r}, expected a RIFF/WAVE file")
    form: tuple[int, int, int, int] | None = None
    position = 12
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        position += 8
        if name == b"data":
            if form is None:
                raise ValueError("found a data chunk before any fmt chunk, expected fmt first")
            return WavHeader(*form, data_start=position, data_bytes=size)
        if name == b"fmt ":
            form = _form(content[position:position + size])
        position += size + size % 2  # chunks begin at even bytes
    raise ValueError("found the end of the file before a data chunk, expected samples (is the file cut off?)")


def _form(chunk: bytes) -> tuple[int, int, int, int]:
    """Coding, channels, rate, bits of a fmt chunk."""
    if len(chunk) < 16:
        raise ValueError(f"found a fmt chunk of {len(chunk)} bytes, expected 16 or more")
    coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if coding == EXTENSIBLE and len(chunk) >= 26:
        coding = struct.unpack_from("<H", chunk, 24)[0]  # first field of the sub-format's GUID
    return coding, channels, rate, bits


def _check(header: WavHeader, length: int, expected: Expected) -> None:
    if (header.coding, header.bits) not in SUPPORTED:
        raise ValueError(f"found coding {header.coding} with {header.bits} bits, "
                         "expected PCM (1) of 16 or 24 bits or float (3) of 32 or 64")
    if header.channels != 1:
        raise ValueError(f"found {header.channels} channels, expected 1 (mono)")
    if header.sample_rate != expected.sample_rate:
        raise ValueError(f"found {header.sample_rate} Hz, expected {expected.sample_rate} Hz")
    present = length - header.data_start
    if present < header.data_bytes:
        raise ValueError(f"found {present} of the {header.data_bytes} bytes of samples that its header declares, "
                         "expected all; the file is cut off, fetch it again")
    samples, rest = divmod(header.data_bytes, header.bits // 8)
    if samples != expected.samples or rest:
        raise ValueError(f"found {samples} samples ({samples / header.sample_rate:.6g} s), expected {expected.samples} "
                         f"({expected.samples / expected.sample_rate:.6g} s)")


def _decode(content: bytes, header: WavHeader, samples: int) -> Samples:
    start = header.data_start
    if header.coding == FLOAT:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, which is refused
            return np.frombuffer(content, f"<f{header.bits // 8}", samples, start).astype(np.float32)
    if header.bits == 16:
        whole, step = np.frombuffer(content, "<i2", samples, start), 2.0**-15
    else:  # 24 bits: 4-byte words that begin one byte early, so the sample fills the upper three; the lowest is cleared
        whole, step = np.ndarray((samples,), "<i4", content, start - 1, (3,)) & np.int32(-256), 2.0**-31
    decoded = whole.astype(np.float32)
    decoded *= np.float32(step)
    return decoded
