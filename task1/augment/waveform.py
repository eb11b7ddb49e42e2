"""Augmentation of recordings: functions on the samples of one clip, which come and go as float32 of the same length.

pitch   shifted by semitones, the tempo kept         noise   white Gaussian noise at a signal-to-noise ratio
speed   faster or slower, the pitch kept             mix     the sum of two clips of one scene, each with a gain

What is drawn depends on the seed, the kind and the file name of the copy's source alone: not on order or processes.
Samples may leave -1 .. 1: log-mels are computed from them as they are.
"""

import numpy as np

from task1.config.recipe import Waveform
from task1.features.audio import Samples
from task1.files import digest

SHORTEST = 2048
"""Samples of the phase vocoder's window, which a clip has to fill."""


def dice_of(seed: int, purpose: str, filename: str) -> np.random.Generator:
    """Random numbers of their own for each clip and purpose."""
    return np.random.default_rng(int(digest([seed, purpose, filename], length=32), 16))


def augmented(wave: Samples, partner: Samples | None, block: Waveform, rate: int, dice: np.random.Generator) -> Samples:
    """The one change that `block` asks for, by amounts drawn uniformly from its bounds; `partner` is for a mix."""
    if block.pitch_semitones:
        return shift_pitch(wave, dice.uniform(-block.pitch_semitones, block.pitch_semitones), rate)
    if block.speed:
        return change_speed(wave, dice.uniform(*block.speed))
    if block.noise_snr_db:
        return add_noise(wave, dice.uniform(*block.noise_snr_db), dice)
    if block.mix_gains and partner is not None:
        return mix(wave, partner, (dice.uniform(*block.mix_gains), dice.uniform(*block.mix_gains)))
    raise ValueError("a block that asks for one kind of copies, and a partner for a mix")


def shift_pitch(wave: Samples, semitones: float, rate: int) -> Samples:
    """Every frequency times 2^(semitones / 12)."""
    import librosa  # takes more than a second, which asking for names and mixing do without

    _refuse_short(wave)
    return librosa.effects.pitch_shift(wave, sr=rate, n_steps=semitones, n_fft=SHORTEST).astype(np.float32, copy=False)


def change_speed(wave: Samples, factor: float) -> Samples:
    """`factor` times as fast; cut off at the clip's end, or begun again where it is over too early."""
    import librosa

    _refuse_short(wave)
    played = librosa.effects.time_stretch(wave, rate=factor, n_fft=SHORTEST)
    return np.resize(played, wave.shape).astype(np.float32, copy=False)


def add_noise(wave: Samples, snr_db: float, dice: np.random.Generator) -> Samples:
    """The clip's power is `snr_db` decibels above that of the noise, in every single clip."""
    noise = dice.standard_normal(len(wave))
    power, noise_power = np.mean(np.square(wave, dtype=np.float64)), np.mean(np.square(noise))
    return (wave + noise * np.sqrt(power / noise_power * 10 ** (-snr_db / 10))).astype(np.float32)


def mix(one: Samples, other: Samples, gains: tuple[float, float]) -> Samples:
    """The sum of two clips, each times its gain."""
    if one.shape != other.shape:
        raise ValueError(f"clips of the same length expected, not of {len(one)} and {len(other)} samples")
    return (gains[0] * one + gains[1] * other).astype(np.float32)


def _refuse_short(wave: Samples) -> None:
    if len(wave) < SHORTEST:
        raise ValueError(f"a clip of {SHORTEST} samples or more expected, not of {len(wave)}")
