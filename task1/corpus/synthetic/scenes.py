"""The ten scenes as mixtures, and a moment of one: what the air carries before a device hears it.

MIXTURES gives per scene and ingredient how many of the locations have it and between which levels (decibels, against a
common scale). Scenes share most of their ingredients and the ranges overlap on purpose: a metro differs from a tram as
little as that. What a location draws stays with it; what a moment draws is small change.
"""

from dataclasses import dataclass

import numpy as np

from task1.corpus.synthetic.ingredients import MOVING, ORDER, STEADY
from task1.corpus.synthetic.signals import (
    Dice,
    Signal,
    Span,
    Spectrum,
    curve,
    gain,
    on_bins,
    room,
    to_spectrum,
    white,
)

Range = tuple[float, float, float]  # probability, lowest and highest level in decibels

MIXTURES: dict[str, dict[str, Range]] = {
    "airport": {
        "hall": (1, -11, -2), "ventilation": (.8, -21, -8), "rumble": (.7, -19, -7), "crowd": (1, -14, -1),
        "trolley": (.75, -20, -6), "announcement": (.5, -18, -6), "footsteps": (.6, -26, -12), "voice": (.4, -18, -8),
        "beeps": (.25, -30, -16), "escalator": (.25, -22, -10), "music": (.1, -24, -14)},
    "shopping_mall": {
        "hall": (1, -11, -2), "ventilation": (.8, -21, -8), "rumble": (.5, -23, -11), "crowd": (1, -11, 1),
        "trolley": (.15, -24, -12), "announcement": (.12, -20, -10), "footsteps": (.65, -24, -10),
        "voice": (.5, -18, -6), "beeps": (.3, -30, -14), "escalator": (.35, -20, -8), "music": (.6, -22, -8)},
    "metro_station": {
        "hall": (1, -11, -5), "ventilation": (1, -14, -7), "rumble": (1, -3, 3), "crowd": (.9, -18, -9),
        "motor": (.45, -16, -4), "announcement": (.5, -18, -6), "footsteps": (.6, -24, -10), "voice": (.4, -20, -10),
        "beeps": (.3, -28, -14), "escalator": (.7, -14, -6), "squeal": (.3, -26, -14)},
    "metro": {
        "body": (1, -6, 4), "motor": (1, -5, 4), "ventilation": (.8, -21, -7), "joints": (.6, -26, -14),
        "squeal": (.35, -28, -14), "crowd": (.4, -22, -10), "voice": (.45, -18, -8), "announcement": (.3, -18, -8),
        "beeps": (.25, -28, -14)},
    "tram": {
        "body": (1, -8, 2), "motor": (1, -12, -1), "ventilation": (.7, -23, -9), "joints": (.75, -24, -11),
        "squeal": (.3, -28, -14), "rumble": (.6, -15, -3), "passing": (.3, -20, -9), "voice": (.5, -18, -8),
        "crowd": (.35, -22, -10), "announcement": (.25, -18, -8), "bell_toll": (.2, -28, -16), "beeps": (.2, -28, -14)},
    "bus": {
        "body": (1, -7, 3), "engine": (1, -13, 2), "ventilation": (.75, -21, -8), "joints": (.4, -28, -15),
        "rumble": (.5, -15, -3), "passing": (.35, -20, -8), "voice": (.5, -18, -8), "crowd": (.35, -22, -10),
        "announcement": (.2, -18, -8), "beeps": (.3, -28, -14), "motor": (.25, -20, -9)},
    "park": {
        "rumble": (1, -17, -3), "wind": (.9, -35, -20), "gusts": (.6, -16, 2), "birds": (.75, -30, -12),
        "footsteps": (.5, -26, -12), "voice": (.35, -22, -10), "crowd": (.35, -26, -13), "water": (.15, -29, -17),
        "passing": (.15, -22, -12)},
    "public_square": {
        "rumble": (1, -12, 0), "wind": (.5, -37, -23), "gusts": (.4, -16, 0), "birds": (.4, -32, -16),
        "footsteps": (.6, -24, -10), "voice": (.5, -20, -8), "crowd": (.85, -18, -5), "water": (.3, -27, -13),
        "passing": (.35, -16, -5), "bell_toll": (.2, -28, -16), "music": (.2, -26, -12), "trolley": (.15, -26, -14)},
    "street_pedestrian": {
        "rumble": (1, -13, -2), "wind": (.3, -39, -25), "gusts": (.3, -18, -4), "birds": (.2, -34, -18),
        "footsteps": (.85, -22, -8), "voice": (.65, -18, -6), "crowd": (1, -14, -2), "hall": (.4, -19, -10),
        "passing": (.25, -18, -7), "music": (.25, -26, -12), "trolley": (.2, -24, -12), "ventilation": (.2, -27, -15)},
    "street_traffic": {
        "rumble": (1, -9, 2), "passing": (1, -10, 3), "engine": (.5, -18, -4), "gusts": (.4, -16, -2),
        "wind": (.3, -39, -25), "footsteps": (.35, -28, -14), "voice": (.2, -24, -12), "crowd": (.35, -22, -10),
        "beeps": (.2, -30, -16), "birds": (.15, -34, -20), "squeal": (.15, -32, -20)},
}

ROOMS: dict[str, tuple[float, float, float, float]] = {  # seconds and share of the tail, lowest and highest
    "airport": (0.8, 2.0, 0.3, 1.2), "shopping_mall": (0.6, 1.8, 0.3, 1.2), "metro_station": (0.9, 2.2, 0.4, 1.2),
    "metro": (0.1, 0.3, 0.2, 0.7), "tram": (0.1, 0.3, 0.2, 0.7), "bus": (0.1, 0.25, 0.2, 0.7),
    "park": (0.2, 0.5, 0.02, 0.1), "public_square": (0.4, 1.2, 0.1, 0.4), "street_pedestrian": (0.3, 1.0, 0.1, 0.5),
    "street_traffic": (0.3, 0.9, 0.1, 0.5)}

FULL_SCALE_DB = -27.0  # RMS of an ingredient at 0 dB
LEVEL_SPREAD_DB = 5.0  # locations are that much louder or softer as a whole
TILT_SPREAD_DB = 5.0  # and their air colours sound: that much between 50 Hz and 12 kHz
PLACE, ROOM, SCENE, CITY = 1000, 1001, 1999, 2000  # keys of dice that belong to no ingredient


@dataclass(frozen=True)
class Moment:
    """A stretch of time at a location, whoever records it. Its key is all that its sound depends on."""

    seed: int
    scene: int
    city: int
    location: int
    take: int

    @property
    def key(self) -> tuple[int, ...]:
        return self.seed, self.scene, self.city, self.location, self.take

    def dice(self, purpose: int) -> Dice:
        place = (self.seed, self.scene, self.city, self.location)
        return Dice((SCENE, self.scene, purpose), (CITY, self.scene, self.city, purpose), (*place, purpose),
                    (*place, purpose, self.take))


def sound(scene: str, moment: Moment, span: Span) -> Spectrum:
    """Spectrum of the moment in its room."""
    whole = moment.dice(PLACE)
    bed = np.zeros(0, np.float32)
    signal: Signal = np.zeros(span.samples, np.float32)
    for name, (probability, low, high) in MIXTURES[scene].items():
        dice = moment.dice(ORDER.index(name))
        present, level = dice.has(probability), gain(dice.place(low, high))
        if not present:
            continue
        if name in STEADY:
            shape = STEADY[name](dice, span)
            power = np.square(shape * (level / _loudness(shape)))
            bed = power if not bed.size else bed + power
        else:
            signal += MOVING[name](dice, span) * level
    spectrum = to_spectrum(signal) + white(whole.now, span) * on_bins(np.sqrt(bed), span)
    tilt = whole.place(-TILT_SPREAD_DB, TILT_SPREAD_DB)
    colour = curve([(50, 0), (12000, tilt)], span) * gain(
        FULL_SCALE_DB + whole.place(-LEVEL_SPREAD_DB, LEVEL_SPREAD_DB))
    return spectrum * _room(scene, moment, span) * on_bins(colour, span)


def _loudness(shape: np.ndarray) -> np.float32:
    """RMS of white noise with the curve's spectrum."""
    return np.sqrt(np.mean(np.square(shape)))


def _room(scene: str, moment: Moment, span: Span) -> Spectrum:
    """The location's room: its tail is the same at every moment."""
    dice = moment.dice(ROOM)
    shortest, longest, least, most = ROOMS[scene]
    shape = curve([(60, -9), (250, 0), (dice.place(1500, 5000), -4), (16000, -24)], span)
    still = Moment(moment.seed, moment.scene, moment.city, moment.location, 0).dice(ROOM).now
    return room(still, dice.place(shortest, longest), dice.place(least, most), shape, span)
