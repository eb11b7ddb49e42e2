"""What the devices make of a moment: microphone and case, noise of their own, level control, clipping.

`a` is nearly clean; `b`, `c`, `d` are phones; `s1`-`s10` are simulated ones: each an equaliser curve, a short impulse
response and a compressor. The manifests keep `s4`-`s6` out of training, `d` and `s7`-`s10` out of development.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

from task1.corpus.synthetic.signals import (
    Control,
    Signal,
    Span,
    Spectrum,
    amplitude,
    bell,
    curve,
    draw_out,
    gain,
    on_bins,
    to_signal,
    white,
)

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Device:
    """`equaliser`: (hertz, decibel) points; `bells`: (hertz, decibel, octaves); `reflections`: level of the case's
    short echoes; `noise_db`: own noise against full scale; `gain_db`: sensitivity; `ratio`: of the compressor above
    `threshold_db`; `seed` of the impulse response."""

    equaliser: Points
    bells: tuple[tuple[float, float, float], ...] = ()
    reflections: float = 0.0
    noise_db: float = -90.0
    gain_db: float = 0.0
    ratio: float = 1.0
    threshold_db: float = -30.0
    seed: int = 0


FLAT: Points = ((30, -1), (80, 0), (15000, 0), (21000, -5))

DEVICES: dict[str, Device] = {
    "a": Device(FLAT, noise_db=-87),
    "b": Device(((30, -22), (120, -5), (300, 0), (7000, 1), (16000, -9), (21000, -30)),
                ((2800, 4, 0.6),), 0.25, -69, 3, 1.6, -32, 1),
    "c": Device(((30, -14), (90, -3), (400, 0), (9000, -3), (17000, -12), (21000, -24)),
                ((1400, -3, 0.7), (5200, 5, 0.5)), 0.3, -72, -3, 1.3, -30, 2),
    "d": Device(((30, -24), (150, -5), (400, 0), (6000, 2), (13000, -6), (20000, -28)),
                ((900, 3, 0.5), (3500, -3, 0.5)), 0.25, -70, 2, 1.7, -32, 3),
    "s1": Device(((30, -12), (150, 0), (4000, 2), (14000, -6), (21000, -20)),
                 ((700, 3, 0.6),), 0.3, -75, 1, 1.5, -30, 4),
    "s2": Device(((30, -20), (200, -3), (1000, 0), (8000, -2), (18000, -14)),
                 ((2000, 5, 0.5),), 0.35, -73, 2, 1.8, -32, 5),
    "s3": Device(((30, -6), (100, 1), (1500, 0), (6000, -5), (18000, -18)),
                 ((450, -4, 0.6),), 0.35, -73, -1, 1.4, -28, 6),
    "s4": Device(((30, -16), (200, -2), (800, 0), (3500, 2), (9000, -1), (18000, -10)),
                 ((1300, 2, 0.5), (4200, -3, 0.4)), 0.22, -75, 1, 1.7, -30, 7),
    "s5": Device(((30, -9), (120, 0), (600, 0), (3000, -1), (8000, -3), (18000, -15)),
                 ((900, -3, 0.5),), 0.22, -75, -1, 1.4, -30, 8),
    "s6": Device(((30, -22), (160, -3), (700, 1), (2500, -2), (7000, 4), (13000, -8), (20000, -24)),
                 ((320, 5, 0.4), (2100, -6, 0.5)), 0.4, -69, 4, 2.2, -34, 9),
    "s7": Device(((30, -16), (140, -3), (1200, 1), (5000, -3), (15000, -9), (20000, -18)),
                 ((600, -4, 0.5),), 0.25, -73, 2, 1.7, -32, 10),
    "s8": Device(((30, -18), (200, -2), (2000, -1), (6000, 3), (15000, -6), (20000, -18)),
                 ((420, 3, 0.4),), 0.25, -73, 2, 1.8, -32, 11),
    "s9": Device(((30, -8), (90, 1), (900, -1), (4000, -3), (16000, -12), (20000, -20)),
                 ((1800, 2, 0.4),), 0.2, -74, 0, 1.5, -30, 12),
    "s10": Device(((30, -16), (200, -2), (1600, 1), (6000, -2), (12000, -6), (20000, -18)),
                  ((3000, -2, 0.5),), 0.18, -74, 1, 1.6, -31, 13),
}

IMPULSE_SECONDS = 0.006
ATTACK, RELEASE = 0.5, 0.02  # share of the way to a louder or softer level in one control step
IMPULSE, HISS = 3000, 3001  # keys of the dice of a device


def record(spectrum: Spectrum, device: str, key: tuple[int, ...], span: Span) -> Signal:
    """The moment as the device stores it, between -1 and 1; `key` seeds its own noise."""
    made = DEVICES[device]
    dice = np.random.default_rng(np.random.SeedSequence([HISS, made.seed, *key]))
    heard = spectrum * _response(device, span)
    heard += white(dice, span) * on_bins(_hiss(device, span), span)
    signal = to_signal(heard, span)
    if made.ratio > 1:
        signal *= draw_out(_level_control(signal, made, span), span)
    return _clip(signal)


@lru_cache(maxsize=32)
def _response(device: str, span: Span) -> Spectrum:
    """Equaliser times impulse response: the direct sound and a few milliseconds of the case's reflections."""
    made = DEVICES[device]
    shape = curve(made.equaliser, span) * gain(made.gain_db)
    for centre, decibel, octaves in made.bells:
        shape = shape * curve(bell(centre, decibel, octaves), span)
    length = round(IMPULSE_SECONDS * span.rate)
    dice = np.random.default_rng(np.random.SeedSequence([IMPULSE, made.seed]))
    impulse = dice.integers(-32768, 32768, length).astype(np.float32) * np.exp(-5 * np.arange(length) / length)
    impulse *= made.reflections / np.sqrt(np.sum(np.square(impulse)))
    impulse[0] += 1
    reply: Spectrum = fft.rfft(impulse.astype(np.float32), span.samples) * on_bins(shape, span)
    return reply


def _hiss(device: str, span: Span) -> Signal:
    """The preamplifier's noise, a little louder below."""
    return curve([(50, 6), (500, 0), (20000, 0)], span) * gain(DEVICES[device].noise_db)


def _level_control(signal: Signal, made: Device, span: Span) -> Control:
    """Gain over the control points: loud passages are turned down, with a fast attack and a slow release."""
    steps = span.frames - 1
    padded = np.zeros(steps * span.step, np.float32)
    padded[: span.samples] = signal
    levels = 10 * np.log10(np.mean(np.square(padded.reshape(steps, -1)), axis=1, dtype=np.float64) + 1e-9)
    followed = np.empty(steps + 1)
    state = float(np.mean(levels))
    for index, level in enumerate(levels.tolist()):
        state += (level - state) * (ATTACK if level > state else RELEASE)
        followed[index] = state
    followed[-1] = state
    return amplitude(np.maximum(followed - made.threshold_db, 0) * (1 / made.ratio - 1))


def _clip(signal: Signal) -> Signal:
    """Soft limiter: straight at low level, never beyond 1."""
    return signal / np.sqrt(1 + np.square(signal))
