"""Building blocks of sound: dice, spectral curves, noise, envelopes, harmonic tones, bursts, rooms.

Signals are float32 arrays of `Span.samples`; spectra complex64 of `Span.bins`; curves are amplitudes on a grid of
GRID_HZ, so that shaping a spectrum is a repeat and a product; envelopes are made at CONTROL_HZ and drawn out linearly.
Everything drawn comes from a `Dice`, never from a global state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Signal = NDArray[np.float32]
Spectrum = NDArray[np.complex64]
Curve = NDArray[np.float32]
Control = NDArray[np.float64]

GRID_HZ = 10.0
CONTROL_HZ = 100
TABLE = 4096
# of a range of a property, how much of it lies between scenes, cities, locations and moments (they overlap)
SCENE_SHARE, CITY_SHARE, PLACE_SHARE, MOMENT_SHARE = 0.62, 0.2, 0.48, 0.1


@dataclass(frozen=True)
class Span:
    """Length of a moment."""

    samples: int
    rate: int

    @property
    def bins(self) -> int:
        return self.samples // 2 + 1

    @property
    def seconds(self) -> float:
        return self.samples / self.rate

    @property
    def frames(self) -> int:
        """Control points: one more than the steps between them."""
        return -(-self.samples // self.step) + 1

    @property
    def step(self) -> int:
        return self.rate // CONTROL_HZ


class Dice:
    """Four generators: the nature of a scene, a city's habits, a location's character, a moment's accidents."""

    def __init__(self, scene: Sequence[int], city: Sequence[int], place: Sequence[int], moment: Sequence[int]) -> None:
        self._scene, self._city, self._place, self.now = (_generator(key) for key in (scene, city, place, moment))

    def place(self, low: float, high: float) -> float:
        """A property of the location: pulled by its scene and its city, a little different each moment."""
        share = (SCENE_SHARE * self._scene.random() + CITY_SHARE * self._city.random()
                 + PLACE_SHARE * self._place.random() + MOMENT_SHARE * self.now.random())
        share -= (SCENE_SHARE + CITY_SHARE + PLACE_SHARE + MOMENT_SHARE - 1) / 2
        return low + (high - low) * min(max(share, 0.0), 1.0)

    def has(self, probability: float) -> bool:
        """Whether the location has a thing at all: the same at every moment."""
        return bool(self._place.random() < probability)

    def moment(self, low: float, high: float) -> float:
        return low + (high - low) * self.now.random()


def _generator(key: Sequence[int]) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(list(key)))


def curve(points: Sequence[tuple[float, float]], span: Span) -> Curve:
    """Amplitude over frequency from (hertz, decibel) points, straight in decibels per octave; flat outside."""
    hertz = np.maximum(np.arange(int(span.rate / 2 / GRID_HZ) + 1) * GRID_HZ, GRID_HZ / 2)
    knots, levels = zip(*points, strict=True)
    return amplitude(np.interp(np.log2(hertz), np.log2(knots), levels)).astype(np.float32)


def bell(centre: float, decibel: float, octaves: float) -> list[tuple[float, float]]:
    """Points of a bump (or dip) on a flat curve."""
    reach = 2.0**octaves
    return [(centre / reach, 0.0), (centre / reach**0.4, decibel * 0.8), (centre, decibel),
            (centre * reach**0.4, decibel * 0.8), (centre * reach, 0.0)]


def amplitude(decibel: Control) -> Control:
    return 10.0 ** (decibel / 20.0)


def gain(decibel: float) -> np.float32:
    return np.float32(10.0 ** (decibel / 20.0))


def on_bins(shape: Curve, span: Span) -> Curve:
    """A curve drawn out to the bins of a spectrum of the span."""
    width = -(-round(GRID_HZ * span.samples) // span.rate)
    return np.repeat(shape, width)[: span.bins]


def white(dice: np.random.Generator, span: Span) -> Spectrum:
    """Spectrum of white noise of RMS 1: uniform integers, the same on every machine."""
    parts = dice.integers(-32768, 32768, size=2 * span.bins, dtype=np.int16).astype(np.float32)
    spectrum: Spectrum = parts.view(np.complex64)
    spectrum[0] = 0
    # by Parseval the mean square of the signal is that of the bins over the samples; a bin has two parts of 32768^2 / 3
    spectrum *= np.float32(np.sqrt(span.samples * 1.5) / 32768)
    return spectrum


def noise(dice: np.random.Generator, shape: Curve, span: Span) -> Signal:
    """Noise with the curve's spectrum, of RMS 1."""
    return unit(to_signal(white(dice, span) * on_bins(shape, span), span))


def to_signal(spectrum: Spectrum, span: Span) -> Signal:
    return fft.irfft(spectrum, span.samples)


def to_spectrum(signal: Signal) -> Spectrum:
    return fft.rfft(signal)


def unit(signal: Signal) -> Signal:
    """Scaled to RMS 1."""
    level = np.sqrt(np.mean(np.square(signal)))
    return signal * (1 / max(level, np.float32(1e-9)))


def draw_out(control: Control, span: Span) -> Signal:
    """Control points joined by straight lines."""
    points = control.astype(np.float32)
    ramp = np.arange(span.step, dtype=np.float32) / np.float32(span.step)
    lines = points[:-1, None] + np.diff(points)[:, None] * ramp
    return lines.reshape(-1)[: span.samples]


def wander(dice: np.random.Generator, seconds: float, span: Span) -> Control:
    """A slow random walk between 0 and 1 that turns about every `seconds`."""
    turns = max(2, int(np.ceil(span.seconds / seconds)) + 2)
    at = (np.arange(turns) + dice.random(turns) - 0.5) * seconds
    return np.interp(np.arange(span.frames) / CONTROL_HZ, at, dice.random(turns))


def harmonic_table(levels: Sequence[float], dice: np.random.Generator) -> Signal:
    """One period of a tone with the given harmonic amplitudes, at random phases."""
    angle = 2 * np.pi * np.arange(TABLE) / TABLE
    table = sum(level * np.sin(angle * order + 2 * np.pi * dice.random())
                for order, level in enumerate(levels, start=1))
    return unit(np.asarray(table, dtype=np.float32))


def tone(hertz: Control, table: Signal, span: Span) -> Signal:
    """The table read out at a frequency that moves along the control points."""
    phase = np.cumsum(draw_out(hertz, span) * np.float32(TABLE / span.rate), dtype=np.float64)
    return table[phase.astype(np.int64) & (TABLE - 1)]


def burst(dice: np.random.Generator, seconds: float, low: float, high: float, span: Span) -> Signal:
    """A click of noise between two frequencies that dies away."""
    length = max(64, min(int(seconds * span.rate), span.samples))
    short = Span(length, span.rate)
    bins = np.fft.rfftfreq(length, 1 / span.rate)
    band = ((bins >= low) & (bins <= high)).astype(np.float32)
    decay = np.exp(-6.0 * np.arange(length) / length).astype(np.float32)
    return unit(to_signal(white(dice, short) * band, short)) * decay


def add_at(signal: Signal, piece: Signal, start: int, level: float) -> None:
    """Add a piece in place; what hangs over either end is cut off."""
    piece = piece[max(-start, 0):]
    target = signal[max(start, 0):][: len(piece)]
    target += piece[: len(target)] * np.float32(level)


def room(dice: np.random.Generator, seconds: float, share: float, shape: Curve, span: Span) -> Spectrum:
    """Transfer function of a room: the direct sound and a tail of noise that falls by 60 dB in `seconds`."""
    length = min(int(seconds * span.rate), span.samples)
    tail = dice.integers(-32768, 32768, size=length, dtype=np.int16).astype(np.float32)
    tail *= np.exp(-6.9 * np.arange(length) / length).astype(np.float32)
    tail[: span.rate // 100] = 0  # the first reflection comes after 10 ms
    tail *= np.float32(share) / max(np.sqrt(np.sum(np.square(tail))), np.float32(1e-9))
    reply: Spectrum = fft.rfft(tail, span.samples) * on_bins(shape, span)
    return reply + np.float32(1)
