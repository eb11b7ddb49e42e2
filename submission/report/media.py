"""Pictures and sounds as data URIs: log-mels as PNG with a palette, samples as 16-bit WAV."""

import base64
import io
import struct
import wave
import zlib
from functools import cache

import numpy as np
import numpy.typing as npt
import soxr
from matplotlib import colormaps

RATE = 22050
"""Of the sounds: half of TAU's, so that a page with all of them stays small."""
COLOURS = 256


@cache
def palette() -> bytes:
    """Red, green, blue of 256 colours from dark to bright, readable with any colour vision and in grey."""
    colours = colormaps["magma"](np.arange(COLOURS))[:, :3]
    return bytes(np.round(255 * colours).astype(np.uint8))


def picture(levels: npt.NDArray[np.floating], low: float, high: float) -> str:
    """Levels `(mel, frame)` as an image, low frequencies at the bottom, `low` to `high` over the palette."""
    share = np.clip((levels[::-1] - low) / max(high - low, 1e-9), 0, 1)
    pixels = np.round(share * (COLOURS - 1)).astype(np.uint8)
    height, width = pixels.shape
    lines = b"".join(b"\0" + bytes(row) for row in pixels)
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)), (b"PLTE", palette()),
              (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks)
    return _uri("image/png", content)


def sound(samples: npt.NDArray[np.floating], rate: int, gain: float) -> str:
    """Mono samples in [-1, 1) times `gain`, at RATE and 16 bits."""
    resampled = soxr.resample(np.asarray(samples, np.float64), rate, RATE)
    pcm = np.clip(np.round(resampled * gain * 32767), -32768, 32767).astype("<i2")
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm.tobytes())
    return _uri("audio/wav", stream.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
