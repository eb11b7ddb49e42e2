"""The gallery: the same moment as several devices recorded it, seen as log-mels and heard.

Inputs: the index of the development set and its recordings. One moment a super-class: the first, in the order of the
index, of those that most devices recorded (test clips before training clips). What is shown and played is the same
second of each.
"""

import numpy as np
import pandas as pd

from submission.figures.recordings import kilohertz_of_bands, to_decibels
from submission.report.blocks import Block, Clip, Gallery, Moment, Paragraph, Section
from submission.report.formats import pretty
from submission.report.material import Material
from submission.report.media import RATE, palette, picture, sound
from task1.augment.spectrum_correction import moments as moments_of
from task1.config import FeatureSettings, dataset, taxonomy
from task1.corpus.index import read_index
from task1.errors import InputError
from task1.features.audio import read_clip
from task1.features.logmel import LogMel

SECONDS = 1.0
DEVICES = 6
RANGE = 80.0
"""Decibels below the loudest that the colours cover."""
PEAK = 0.8
TITLE = "The same moment on different devices"


def gallery(material: Material) -> Section:
    """Always a section: it says so where the recordings are not at hand."""
    try:
        chosen = _choose(read_index(material.at.index(material.run.development)))
        moments = [_moment(material, clips) for clips in chosen]
    except InputError as error:
        return Section(TITLE, [Paragraph(f"Nothing to see or hear: {error}", "warn")])
    if not moments:
        return Section(TITLE, [Paragraph(f"{material.run.development} has no moment that two devices recorded.")])
    settings, facts = _settings(material), dataset(material.run.development)
    blocks: list[Block] = [
        Paragraph(f"{SECONDS:g} s of clips of {facts.title}, one moment of each super-class. Pictures: log-mels with "
                  "the settings of the entry, all of a moment with the same colours, low frequencies at the bottom. "
                  f"Sounds: {RATE / 1000:g} kHz, 16 bits, all of a moment amplified alike."),
        Gallery(moments, SECONDS, [round(1000 * float(value)) for value in kilohertz_of_bands(settings)],
                palette().hex())]
    if not material.run.embedded:
        blocks.append(Paragraph("These are recordings of TAU Urban Acoustic Scenes: their licence (non-commercial "
                                "research) goes with this page.", "warn"))
    return Section(TITLE, blocks)


def _choose(index: pd.DataFrame) -> list[pd.DataFrame]:
    """The clips of each moment, in the taxonomy's order of devices."""
    order = {name: number for number, name in enumerate(_shown_first())}
    told = index[(index["scene"] != "") & index["device"].isin(list(order))]
    told = told.assign(place=told["device"].map(order), untested=told["split"] != "test",
                       moment=moments_of(told["filename"].tolist())[0])
    found = []
    for group in taxonomy().super_classes:
        rows = told[told["scene"].isin(group.scenes)]
        counted = rows.groupby("moment", sort=False).agg(devices=("device", "nunique"), untested=("untested", "max"))
        counted = counted[counted["devices"] > 1].sort_values(["untested", "devices"], ascending=[True, False],
                                                              kind="stable")
        if len(counted):
            clips = rows[rows["moment"] == counted.index[0]].sort_values("place").head(DEVICES)
            found.append(clips.iloc[np.argsort(clips["device"].map(_official().index), kind="stable")])
    return found


def _official() -> list[str]:
    return [name for names in taxonomy().devices.values() for name in names]


def _shown_first() -> list[str]:
    """Where there are too many devices: real ones, one simulated that was seen in training, then unseen ones."""
    seen = set(taxonomy().seen_devices)
    real, simulated = list(taxonomy().devices["real"]), list(taxonomy().devices["simulated"])
    heard = [name for name in simulated if name in seen]
    return [*real, *heard[:1], *(name for name in simulated if name not in seen), *heard[1:]]


def _moment(material: Material, clips: pd.DataFrame) -> Moment:
    run, settings = material.run, _settings(material)
    root, log_mel = material.at.root(run, run.development), LogMel(settings)
    waves = []
    for name in clips["filename"]:
        samples = read_clip(root / name, run.features)
        start = (len(samples) - settings.samples) // 2
        waves.append(samples[start:start + settings.samples])
    levels = [log_mel(wave) * to_decibels(settings) for wave in waves]
    high = float(max(level.max() for level in levels))
    low = max(float(min(level.min() for level in levels)), high - RANGE)
    gain = PEAK / max(float(max(np.abs(wave).max() for wave in waves)), 1e-6)
    first = clips.iloc[0]
    seen = set(taxonomy().seen_devices)
    shown = [Clip(device, f"{'simulated' if device in taxonomy().devices['simulated'] else 'real'}, "
                          f"{'seen' if device in seen else 'unseen'} in training", picture(level, low, high),
                  sound(wave, settings.sample_rate, gain), f"{name}, {level.max():.0f} dB at most")
             for device, name, level, wave in zip(clips["device"], clips["filename"], levels, waves, strict=True)]
    place = [first["location"] or first["city"], *(f"{what} {first[field]}" for what, field in
                                                  (("recording", "segment"), ("part", "subsegment")) if first[field])]
    return Moment(", ".join([pretty(first["scene"]).capitalize(), *place]), shown, low, high)


def _settings(material: Material) -> FeatureSettings:
    features = material.run.features
    return features.model_copy(update={"clip_seconds": min(SECONDS, features.clip_seconds)})
