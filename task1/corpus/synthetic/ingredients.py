"""What is heard in a city: random processes, each a function of its dice and the span, none of them a recording.

`STEADY` things are curves (amplitude over frequency): they all go into one bed of noise. `MOVING` things are signals
of RMS about 1 while they sound; how loud they are in a scene stands in `scenes.py`.
"""

from collections.abc import Callable

import numpy as np

from task1.corpus.synthetic.signals import (
    CONTROL_HZ,
    Control,
    Curve,
    Dice,
    Signal,
    Span,
    add_at,
    bell,
    burst,
    curve,
    draw_out,
    harmonic_table,
    noise,
    tone,
    unit,
    wander,
)

SPEECH = [(60, -30), (120, -6), (500, 0), (1000, -5), (2000, -11), (4000, -17), (8000, -26), (16000, -40)]


def rumble(dice: Dice, span: Span) -> Curve:
    """Far traffic: low noise that falls with frequency."""
    corner, slope = dice.place(60, 220), dice.place(4.5, 9.0)
    return curve([(20, -12), (corner, 0), (corner * 64, -6 * slope), (20000, -6 * slope - 15)], span)


def hall(dice: Dice, span: Span) -> Curve:
    """The sound of a large room: a broad hump of many far things."""
    centre, slope = dice.place(160, 600), dice.place(4.0, 8.0)
    return curve([(25, -25), (centre / 4, -6), (centre, 0), (centre * 32, -5 * slope), (20000, -5 * slope - 10)], span)


def ventilation(dice: Dice, span: Span) -> Curve:
    """Hiss of air with a resonance of the duct."""
    centre = dice.place(250, 2500)
    tilt = dice.place(-4.5, -1.5)
    shape = curve([(40, -18), (200, -3), (centre, 0), (centre * 8, 3 * tilt), (20000, 6 * tilt)], span)
    return shape * curve(bell(centre * 0.7, dice.place(3, 10), 0.5), span)


def wind(dice: Dice, span: Span) -> Curve:
    """Leaves and grass: high, soft noise."""
    low, high = dice.place(900, 2500), dice.place(4000, 9000)
    return curve([(100, -30), (low, -6), (high, 0), (20000, -10)], span)


def water(dice: Dice, span: Span) -> Curve:
    """A fountain."""
    centre = dice.place(900, 4500)
    return curve([(100, -28), (centre / 3, -7), (centre, 0), (centre * 4, -6), (20000, -20)], span)


def body(dice: Dice, span: Span) -> Curve:
    """What rolls under a vehicle: low noise with a resonance of the floor."""
    corner = dice.place(45, 130)
    shape = curve([(20, -8), (corner, 0), (corner * 8, -dice.place(16, 28)), (corner * 64, -48), (20000, -66)], span)
    return shape * curve(bell(dice.place(250, 900), dice.place(3, 10), 0.7), span)


def passing(dice: Dice, span: Span) -> Signal:
    """Vehicles that pass by: tyre noise that swells and fades."""
    shape = curve([(30, -14), (90, -2), (dice.place(500, 1300), 0), (3500, -13), (18000, -36)], span)
    at = np.arange(span.frames) / CONTROL_HZ
    envelope = np.full(span.frames, 0.08)
    for _ in range(1 + dice.now.poisson(dice.place(0.1, 0.7) * span.seconds)):
        middle, width = dice.moment(-0.5, span.seconds + 0.5), dice.moment(0.5, 1.6)
        envelope += dice.moment(0.4, 1.6) / (1 + ((at - middle) / width) ** 4)
    return noise(dice.now, shape, span) * draw_out(envelope, span)


def gusts(dice: Dice, span: Span) -> Signal:
    """Wind in the microphone: very low noise in gusts."""
    shape = curve([(20, 0), (dice.place(40, 110), -3), (400, -34), (20000, -90)], span)
    return noise(dice.now, shape, span) * draw_out(wander(dice.now, dice.place(0.4, 1.5), span) ** 2, span) * 2


def engine(dice: Dice, span: Span) -> Signal:
    """A combustion engine: firing harmonics that drift with the load."""
    idle = dice.place(22, 38)
    load = wander(dice.now, dice.moment(2, 5), span) ** 2 * dice.place(0.1, 1.0)
    decay = dice.place(0.72, 0.9)
    levels = [decay**order * (0.3 + dice.now.random()) for order in range(28)]
    return tone(idle * (1 + load), harmonic_table(levels, dice.now), span) * draw_out(0.6 + load, span)


def motor(dice: Dice, span: Span) -> Signal:
    """Rail: an inverter's whine that follows the speed, and wheels that roll the louder the faster."""
    speed = _speed(dice, span)
    whine = tone(dice.place(260, 900) * (0.15 + speed), harmonic_table(
        [1.0, dice.place(0.2, 0.9), dice.place(0.05, 0.6), 0.1, dice.place(0.0, 0.3)], dice.now), span)
    shape = curve([(40, -10), (200, -2), (dice.place(350, 1100), 0), (4000, -18), (18000, -45)], span)
    rolling = noise(dice.now, shape, span) * draw_out(0.15 + speed, span)
    return rolling + whine * (draw_out(0.2 + speed, span) * np.float32(dice.place(0.1, 0.7)))


def _speed(dice: Dice, span: Span) -> Control:
    """Between 0 and 1: off from a stop, at cruise, or braking."""
    start, end = sorted((dice.moment(0, 1), dice.moment(0.2, 1)), reverse=dice.now.random() < 0.5)
    return np.linspace(start, end, span.frames) + 0.1 * wander(dice.now, 2.0, span)


def joints(dice: Dice, span: Span) -> Signal:
    """Clacks of rail joints or a rattling floor, in pairs."""
    signal = np.zeros(span.samples, np.float32)
    period, low = dice.place(0.6, 2.2), dice.place(60, 250)
    knock = burst(dice.now, dice.place(0.08, 0.2), low, low * dice.place(4, 14), span)
    time = dice.moment(0, period)
    while time < span.seconds:
        for delay in (0.0, period * 0.16):
            add_at(signal, knock, int((time + delay) * span.rate), dice.moment(2.0, 6.0))
        time += period * dice.moment(0.9, 1.1)
    return signal


def squeal(dice: Dice, span: Span) -> Signal:
    """Brakes or wheels in a curve: a high, wavering tone."""
    high = dice.place(1800, 5200) * (1 + 0.03 * wander(dice.now, 0.15, span))
    envelope = np.maximum(wander(dice.now, 1.2, span) - 0.45, 0) * 3
    return tone(high, harmonic_table([1.0, 0.3, 0.1], dice.now), span) * draw_out(envelope, span)


def crowd(dice: Dice, span: Span) -> Signal:
    """Many voices at once: speech-shaped noise with formants, loud and soft at the rhythm of syllables."""
    shape = curve(SPEECH, span) * curve(bell(dice.place(380, 750), dice.place(2, 8), 0.5), span)
    shape = shape * curve(bell(dice.place(1300, 2300), dice.place(1, 7), 0.4), span)
    size = dice.place(0.25, 0.9)
    babble = 1 - size * wander(dice.now, 0.13, span) * wander(dice.now, 0.7, span)
    return noise(dice.now, shape, span) * draw_out(babble * 1.2, span)


def voice(dice: Dice, span: Span) -> Signal:
    """One or two people near by: a pitched source with vowels that change."""
    return _talk(dice, span, dice.place(0.3, 0.8)) * 2


def announcement(dice: Dice, span: Span) -> Signal:
    """A loudspeaker: chime, then speech without lows and highs (the room adds its tail)."""
    start = dice.moment(-4, 3)
    at = np.arange(span.frames) / CONTROL_HZ
    speech = _talk(dice, span, 0.8) * draw_out(np.clip((at - start - 1) * 5, 0, 1), span)
    pitch = dice.place(400, 900)
    chime = tone(np.where(at < start + 0.5, pitch * 1.25, pitch), harmonic_table([1.0, 0.2, 0.1], dice.now), span)
    ring = np.where((at > start) & (at < start + 1.2), np.exp(-2.5 * np.maximum(at - start, 0) % 1.25), 0)
    return speech * 2 + chime * draw_out(ring, span)


def _talk(dice: Dice, span: Span, share: float) -> Signal:
    """Syllables: a pitched wave with formants, at its vowel's loudness, `share` of the time."""
    pitch = dice.moment(95, 230) * (1 + 0.35 * wander(dice.now, 0.35, span))
    first, second = dice.moment(350, 800) / 150, dice.moment(1100, 2300) / 150
    orders = np.arange(1, 40)
    levels = (1 / orders) * (1 + 5 / (1 + ((orders - first) / 1.3) ** 2) + 9 / (1 + ((orders - second) / 2) ** 2))
    syllables = np.maximum(wander(dice.now, 0.12, span) - 0.25, 0)
    phrases = (wander(dice.now, 1.1, span) < share).astype(np.float64)
    return tone(pitch, harmonic_table(list(levels), dice.now), span) * draw_out(syllables * phrases * 2, span)


def birds(dice: Dice, span: Span) -> Signal:
    """Chirps, each bird at its own height."""
    signal = np.zeros(span.samples, np.float32)
    for _ in range(1 + dice.now.poisson(dice.place(0.3, 2.5) * span.seconds)):
        low, seconds = dice.place(2000, 5200) * dice.moment(0.85, 1.2), dice.moment(0.05, 0.3)
        short = Span(int(seconds * span.rate), span.rate)
        sweep = low * (1 + dice.moment(-0.25, 0.35) * wander(dice.now, dice.moment(0.03, 0.2), short))
        shape = np.sin(np.pi * np.arange(short.samples) / short.samples).astype(np.float32)
        chirp = tone(sweep, harmonic_table([1.0, 0.12], dice.now), short) * shape
        add_at(signal, chirp, int(dice.moment(0, span.seconds) * span.rate), dice.moment(0.4, 2.0))
    return signal


def footsteps(dice: Dice, span: Span) -> Signal:
    """People walking by, on the ground of the location."""
    signal = np.zeros(span.samples, np.float32)
    low = dice.place(120, 1500)
    high, seconds = low * dice.place(3, 9), dice.place(0.04, 0.12)
    for _ in range(1 + dice.now.poisson(1.0)):
        step = burst(dice.now, seconds, low, high, span)
        period, time = dice.moment(0.45, 0.65), dice.moment(0, 0.6)
        nearest = dice.moment(0, span.seconds)
        while time < span.seconds:
            level = 4.0 / (1 + ((time - nearest) / 2.5) ** 2)
            add_at(signal, step, int(time * span.rate), level * dice.moment(0.6, 1.2))
            time += period * dice.moment(0.95, 1.05)
    return signal


def beeps(dice: Dice, span: Span) -> Signal:
    """Signals of doors, tills, crossings: short tones in a row."""
    pitch, period, share = dice.place(700, 3200), dice.place(0.16, 0.9), dice.place(0.25, 0.6)
    at = np.arange(span.frames) / CONTROL_HZ
    start, length = dice.moment(-1, span.seconds * 0.6), dice.moment(2, 6)
    gate = ((at % period) < period * share) & (at > start) & (at < start + length)
    table = harmonic_table([1.0, dice.place(0, 0.5), dice.place(0, 0.5)], dice.now)
    return tone(np.full(span.frames, pitch), table, span) * draw_out(gate.astype(np.float64), span)


def escalator(dice: Dice, span: Span) -> Signal:
    """A machine that hums and clatters at the rate of its steps."""
    rate = dice.place(3.0, 11.0)
    at = np.arange(span.frames) / CONTROL_HZ
    clatter = 0.4 + np.maximum(np.sin(2 * np.pi * rate * at), 0) ** 3
    shape = curve([(60, -12), (dice.place(250, 1600), 0), (6000, -16), (18000, -36)], span)
    hum = tone(np.full(span.frames, dice.place(48, 52) * 2), harmonic_table([1, 0.6, 0.5, 0.3, 0.2], dice.now), span)
    return noise(dice.now, shape, span) * draw_out(clatter, span) + hum * np.float32(dice.place(0.1, 0.8))


def music(dice: Dice, span: Span) -> Signal:
    """Chords from a loudspeaker, with a beat."""
    beat = dice.place(0.35, 0.7)
    steps = np.floor(np.arange(span.frames) / CONTROL_HZ / beat).astype(int)
    pulse: Control = np.exp(-3 * ((np.arange(span.frames) / CONTROL_HZ) % beat) / beat)
    total = np.zeros(span.samples, np.float32)
    table = harmonic_table([1 / order for order in range(1, 12)], dice.now)
    for octave in (1, 3):
        notes: Control = dice.place(70, 130) * octave * np.exp2(dice.now.integers(0, 12, steps.max() + 1) / 12)
        total += tone(notes[steps], table, span)
    return unit(total) * draw_out(0.3 + pulse, span)


def trolley(dice: Dice, span: Span) -> Signal:
    """Small wheels on tiles: noise with the beat of the joints."""
    rate, centre = dice.place(7, 22), dice.place(500, 2800)
    at = np.arange(span.frames) / CONTROL_HZ
    knock = np.where(np.sin(2 * np.pi * rate * at) > 0.6, 1.4, 0.4)
    near: Control = np.maximum(wander(dice.now, 2.0, span) - 0.2, 0)
    shape = curve([(80, -25), (centre, 0), (centre * 4, -14), (20000, -30)], span)
    return noise(dice.now, shape, span) * draw_out(knock * near * 1.5, span)


def bell_toll(dice: Dice, span: Span) -> Signal:
    """A church or tram bell: inharmonic partials that ring on."""
    signal = np.zeros(span.samples, np.float32)
    short = Span(min(int(2.0 * span.rate), span.samples), span.rate)
    pitch, seconds = dice.place(350, 1400), dice.place(0.4, 2.0)
    angle = 2 * np.pi * pitch * np.arange(short.samples) / short.rate
    decay = np.exp(-4.0 * np.arange(short.samples) / short.rate / seconds)
    partials = ((0.5, 0.5), (1.0, 1.0), (1.19, 0.5), (2.0, 0.6), (2.74, 0.3))
    ring = (decay * sum(level * np.sin(angle * ratio) for ratio, level in partials)).astype(np.float32)
    for _ in range(1 + dice.now.poisson(2)):
        add_at(signal, ring, int(dice.moment(-0.5, span.seconds) * span.rate), dice.moment(0.5, 1.5))
    return signal


STEADY: dict[str, Callable[[Dice, Span], Curve]] = {
    thing.__name__: thing for thing in (rumble, hall, ventilation, wind, water, body)}
MOVING: dict[str, Callable[[Dice, Span], Signal]] = {
    thing.__name__: thing for thing in (passing, gusts, engine, motor, joints, squeal, crowd, voice, announcement,
                                        birds, footsteps, beeps, escalator, music, trolley, bell_toll)}
ORDER = (*STEADY, *MOVING)
"""An ingredient's position is part of its seed: append, never reorder (or raise VERSION)."""
