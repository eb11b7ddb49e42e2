"""Anybody's recording, of any length, as mono samples at the rate a model was made for.

Input: a file that libsndfile reads (WAV, FLAC, Ogg, MP3, AIFF, ...), any rate, any number of channels. Output: blocks
of float32 samples, read and resampled (soxr, 28 bits) as they are asked for, so that hours of sound need no more memory
than seconds. Channels are averaged. At the model's own rate samples pass as they are, the same as the feature store's.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
import soxr

from task1.errors import InputError
from task1.features.audio import Samples, read_wav_header

BLOCK = 2**16
LOWEST_RATE = 4000
"""Hertz; below, next to nothing of what tells scenes apart is left."""
MISSING_SECONDS = 0.1
"""MP3 files without a header of their own tell their length to a frame or two; more is a file that was cut off."""
UNTOLD_BYTES = 0x7FFF0000
"""What a WAV writer that cannot go back declares for samples without end."""


class Recording:
    """A file, open for reading once; a context manager. InputError says in one sentence what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _refuse_cut_wav(path)
        try:
            self._file = soundfile.SoundFile(path)
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            raise InputError(f"{path}: found no sound that can be read ({_reason(error)}), expected WAV, FLAC, Ogg, "
                             "MP3 or AIFF; convert it to one of these") from None
        self.sample_rate, self.channels = int(self._file.samplerate), int(self._file.channels)
        self._done = 0
        if self.sample_rate < LOWEST_RATE:
            self._file.close()
            raise InputError(f"{path}: found {self.sample_rate} Hz, expected at least {LOWEST_RATE} Hz")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._file.close()

    @property
    def seconds(self) -> float:
        """What has been read so far."""
        return self._done / self.sample_rate

    def blocks(self, sample_rate: int) -> Iterator[Samples]:
        """All samples, mono, at this rate, one block after the other."""
        if sample_rate == self.sample_rate:
            yield from self._mono()
            return
        try:
            stream = soxr.ResampleStream(self.sample_rate, sample_rate, 1, dtype="float32", quality="VHQ")
            for block in self._mono():
                yield stream.resample_chunk(block)
            yield stream.resample_chunk(np.empty(0, np.float32), last=True)
        except (RuntimeError, ValueError) as error:
            raise InputError(f"{self.path}: {self.sample_rate} Hz cannot be resampled to {sample_rate} Hz "
                             f"({_reason(error)}); convert it to {sample_rate} Hz") from None

    def _mono(self) -> Iterator[Samples]:
        """Samples as they were recorded, channels averaged, checked as far as they are read."""
        sound = False
        while len(block := self._read()):
            self._done += len(block)
            mono = block[:, 0] if self.channels == 1 else block.mean(axis=1, dtype=np.float64).astype(np.float32)
            if not np.isfinite(mono).all():
                raise InputError(f"{self.path}: found NaN or infinite samples, expected finite ones")
            sound = sound or bool(mono.any())
            yield mono
        if not self._done:
            raise InputError(f"{self.path}: found no samples, expected a recording")
        if (self._file.frames - self._done) / self.sample_rate > MISSING_SECONDS:
            raise InputError(f"{self.path}: found {self._done} of the {self._file.frames} samples that its header "
                             "declares, expected all; the file is cut off, fetch it again")
        if not sound:
            raise InputError(f"{self.path}: found digital silence (every sample is 0), expected a recording")

    def _read(self) -> Samples:
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                return self._file.read(BLOCK, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise InputError(f"{self.path}: cannot be read to its end ({_reason(error)}); fetch or convert it "
                             "again") from None


def _refuse_cut_wav(path: Path) -> None:
    """libsndfile takes a WAV that was cut off for a shorter one."""
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise InputError(f"{path}: found an empty file, expected a recording")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                header = read_wav_header(content)
                present = len(content) - header.data_start
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a recording") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:
        return  # another format, or a header that libsndfile will find fault with
    if present < header.data_bytes < UNTOLD_BYTES:
        raise InputError(f"{path}: found {present} of the {header.data_bytes} bytes of samples that its header "
                         "declares, expected all; the file is cut off, fetch it again")


def _reason(error: Exception) -> str:
    text = str(getattr(error, "error_string", error)) or type(error).__name__
    return text.splitlines()[0].rstrip(".")
