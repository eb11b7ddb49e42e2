"""One WAV file against a data set's audio format, from its first bytes and its size, or from all of it.

In: a path and the format (rate, bits, channels, samples). Out: None, or a kind of defect and a sentence about it.
Accepted is linear PCM, plain or WAVE_FORMAT_EXTENSIBLE, with further chunks before or behind the samples. Only what is
needed is read: of an ordinary file one block, however long it is.
"""

import os
import struct
from dataclasses import dataclass

from task1.config import AudioFormat

PCM, EXTENSIBLE = 1, 0xFFFE
PCM_SUBFORMAT = bytes.fromhex("0100000000001000800000aa00389b71")  # the GUID that stands for PCM, as stored
HEAD_BYTES = 512  # nearly always holds all chunks before the samples (44 bytes in TAU's own files)


class Defect(Exception):
    """A kind (see task1.corpus.verify) and what was found and expected."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


@dataclass(frozen=True, slots=True)
class WavHeader:
    """What the chunks `fmt ` and `data` declare; `coding` is 1 for both spellings of PCM."""

    coding: int
    channels: int
    sample_rate: int
    frame_bytes: int
    bits: int
    data_start: int
    data_bytes: int


def inspect(path: str, audio: AudioFormat, full: bool) -> Defect | None:
    """The first defect of a file; `full` reads every sample, else the header and the size have to do."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            size = os.fstat(descriptor).st_size
            header = read_header(descriptor, size)
            _check(header, size, audio)
            if full:
                _check_samples(descriptor, header)
        finally:
            os.close(descriptor)
    except Defect as defect:
        return defect
    except OSError as error:
        return Defect("unreadable", f"cannot be read ({error.strerror})")
    return None


def read_header(descriptor: int, size: int) -> WavHeader:
    """Walk the chunks of a file of `size` bytes up to the samples; Defect says what is wrong."""
    if size == 0:
        raise Defect("empty", "found 0 bytes")
    head = os.pread(descriptor, HEAD_BYTES, 0)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise Defect("not WAV", f"found {head[:12]!r} at its beginning, expected b'RIFF....WAVE'")
    form: tuple[int, int, int, int, int] | None = None
    position = 12
    while len(chunk := _read(descriptor, head, position, 8)) == 8:
        name, length = struct.unpack("<4sI", chunk)
        position += 8
        if name == b"data":
            if form is None:
                raise Defect("not WAV", "found samples before a fmt chunk, expected it first")
            return WavHeader(*form, data_start=position, data_bytes=length)
        if not name.isascii() or not name.decode("ascii").isprintable():
            raise Defect("not WAV", f"found {name!r} at byte {position - 8}, expected the name of a chunk")
        if name == b"fmt ":
            form = _form(_read(descriptor, head, position, min(length, 40)))
        position += length + length % 2  # chunks begin at even bytes
    raise Defect("truncated", f"found the end after {size:,} bytes before any samples")


def _read(descriptor: int, head: bytes, position: int, length: int) -> bytes:
    if position + length <= len(head):
        return head[position:position + length]
    return os.pread(descriptor, length, position)


def _form(chunk: bytes) -> tuple[int, int, int, int, int]:
    """Coding, channels, rate, bytes a frame, bits."""
    if len(chunk) < 16:
        raise Defect("not WAV", f"found a fmt chunk of {len(chunk)} bytes, expected 16 or more")
    coding, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if coding == EXTENSIBLE and chunk[24:40] == PCM_SUBFORMAT:
        coding, valid_bits = PCM, struct.unpack_from("<H", chunk, 18)[0]
        if valid_bits != bits:
            raise Defect("format", f"found {valid_bits} valid bits in {bits}, expected as many as are stored")
    return coding, channels, rate, frame_bytes, bits


def _check(header: WavHeader, size: int, audio: AudioFormat) -> None:
    for what, found, expected in (
            ("format tag", header.coding, PCM), ("Hz", header.sample_rate, audio.sample_rate),
            ("bits", header.bits, audio.bits), ("channels", header.channels, audio.channels),
            ("bytes a frame", header.frame_bytes, audio.channels * audio.bits // 8)):
        if found != expected:
            note = " (PCM)" if what == "format tag" else ""
            raise Defect("format", f"found {found} for {what}, expected {expected}{note}")
    present = size - header.data_start
    if present < header.data_bytes:
        raise Defect("truncated", f"found {present:,} bytes of samples, expected the {header.data_bytes:,} its header "
                                  "declares")
    samples = header.data_bytes / header.frame_bytes
    if samples != audio.samples:
        raise Defect("length", f"found {samples:,.10g} samples ({samples / audio.sample_rate:.6g} s), expected "
                               f"{audio.samples:,} ({audio.clip_seconds:g} s)")


def _check_samples(descriptor: int, header: WavHeader) -> None:
    content = os.pread(descriptor, header.data_bytes, header.data_start)
    if len(content) < header.data_bytes:
        raise Defect("truncated", f"found {len(content):,} bytes of samples, expected {header.data_bytes:,}")
    frame = content[:header.frame_bytes]
    if content == frame * (len(content) // len(frame)):
        value = int.from_bytes(frame, "little", signed=True)
        raise Defect("silent", f"found the value {value} in every sample, expected a recording")
