"""Changes of samples: what is drawn, what comes out, and that the clip's length stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from task1.augment import waveform
from task1.augment.waveform import SHORTEST, add_noise, augmented, change_speed, dice_of, mix, shift_pitch
from task1.config import check
from task1.config.recipe import Waveform
from task1.errors import InputError
from task1.features.audio import Samples

RATE = 8000


def block(**keys: object) -> Waveform:
    return Waveform.model_validate({"share": 1.0, **keys})


def sine(hertz: float, samples: int = RATE) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(samples) / RATE).astype(np.float32)


def loudest(wave: Samples) -> float:
    """The frequency of the largest peak, from 16 times as many bins as the clip has."""
    middle = wave[len(wave) // 4:3 * len(wave) // 4] * np.hanning(len(wave) // 2)
    spectrum = np.abs(np.fft.rfft(middle, 16 * len(wave)))
    return float(spectrum.argmax()) * RATE / (16 * len(wave))


def noise(seed: int = 0, samples: int = RATE) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, samples).astype(np.float32)


@pytest.mark.parametrize("semitones", [-12.0, -4.0, -0.5, 0.0, 1.0, 3.7, 12.0])
@pytest.mark.parametrize("hertz", [440.0, 1000.0])
def test_pitch_moves_frequencies_by_semitones(hertz: float, semitones: float) -> None:
    shifted = shift_pitch(sine(hertz), semitones, RATE)
    assert shifted.shape == (RATE,)
    assert shifted.dtype == np.float32
    assert loudest(shifted) == pytest.approx(hertz * 2 ** (semitones / 12), rel=3e-3)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2.0])
def test_speed_moves_events_and_keeps_the_pitch(factor: float) -> None:
    wave = sine(1000.0, 2 * RATE)
    wave[np.abs(np.arange(2 * RATE) - 0.8 * RATE) > 0.1 * RATE] *= 0.01  # a beep from 0.7 to 0.9 s
    played = change_speed(wave, factor)
    assert played.shape == wave.shape
    assert played.dtype == np.float32
    energy = np.square(played[:round(len(wave) / max(1.0, factor))], dtype=float)
    centre = float(np.average(np.arange(len(energy)), weights=energy)) / RATE
    assert centre == pytest.approx(0.8 / factor, abs=SHORTEST / 4 / RATE)  # a hop of the vocoder
    assert loudest(change_speed(sine(1000.0), factor)) == pytest.approx(1000.0, rel=3e-3)


def test_a_clip_that_is_over_too_early_begins_again() -> None:
    wave = noise()
    played = change_speed(wave, 1.6)
    np.testing.assert_array_equal(played[5000:], played[:3000])


@given(st.floats(-20, 60), st.integers(0, 2**32), st.sampled_from([1e-4, 0.1, 1.0]))
@settings(max_examples=30, deadline=None)
def test_the_measured_ratio_is_the_one_asked_for(snr_db: float, seed: int, level: float) -> None:
    clean = (noise() * level).astype(np.float32)
    added = add_noise(clean, snr_db, np.random.default_rng(seed)).astype(np.float64) - clean
    measured = 10 * np.log10(np.mean(np.square(clean, dtype=np.float64)) / np.mean(np.square(added)))
    assert measured == pytest.approx(snr_db, abs=0.02)


def test_noise_is_white_gaussian_and_silence_stays_silent() -> None:
    added = add_noise(sine(100.0), 0.0, np.random.default_rng(1)) - sine(100.0)
    assert stats.kstest(added / added.std(), "norm").pvalue > 0.01
    power = np.square(np.abs(np.fft.rfft(added))).reshape(-1)[1:].reshape(8, -1).mean(axis=1)  # eight bands
    assert power.max() / power.min() < 1.3
    assert not add_noise(np.zeros(100, np.float32), 10.0, np.random.default_rng(1)).any()


def test_a_mix_is_the_sum_with_gains() -> None:
    mixed = mix(noise(1), noise(2), (0.5, 0.75))
    np.testing.assert_allclose(mixed, 0.5 * noise(1) + 0.75 * noise(2), atol=1e-7)
    assert mixed.dtype == np.float32
    with pytest.raises(ValueError, match="of 10 and 9 samples"):
        mix(np.ones(10, np.float32), np.ones(9, np.float32), (1, 1))


def draws(monkeypatch: pytest.MonkeyPatch, **keys: object) -> np.ndarray:
    """The amounts that 500 clips get."""
    amounts: list[float] = []
    for name, place in (("shift_pitch", 1), ("change_speed", 1), ("add_noise", 1), ("mix", 2)):
        monkeypatch.setattr(waveform, name, lambda *given, place=place: amounts.extend(np.atleast_1d(given[place])))
    for number in range(500):
        augmented(noise(), noise(), block(**keys), RATE, dice_of(1, "kind", f"audio/{number}.wav"))
    return np.array(amounts)


@pytest.mark.parametrize(("keys", "low", "high", "each"), [
    ({"pitch_semitones": 4.0}, -4, 4, 1), ({"speed": [0.5, 2.0]}, 0.5, 2, 1),
    ({"noise_snr_db": [10.0, 30.0]}, 10, 30, 1), ({"mix_gains": [0.5, 1.0]}, 0.5, 1, 2)])
def test_amounts_are_uniform_within_the_bounds(monkeypatch: pytest.MonkeyPatch, keys: dict[str, object], low: float,
                                               high: float, each: int) -> None:
    amounts = draws(monkeypatch, **keys)
    assert len(amounts) == 500 * each
    assert len(set(amounts)) == len(amounts)
    assert stats.kstest(amounts, "uniform", args=(low, high - low)).pvalue > 0.01


@pytest.mark.parametrize("keys", [{"pitch_semitones": 4.0}, {"speed": [0.5, 2.0]}, {"noise_snr_db": [10.0, 30.0]},
                                  {"mix_gains": [0.5, 1.0]}])
def test_a_copy_depends_on_seed_purpose_and_name_alone(keys: dict[str, object]) -> None:
    def copy(*seeds: object) -> Samples:
        return augmented(noise(1), noise(2), block(**keys), RATE, dice_of(*seeds))  # type: ignore[arg-type]

    np.testing.assert_array_equal(copy(1, "pitch", "audio/x.wav"), copy(1, "pitch", "audio/x.wav"))
    for other in ((2, "pitch", "audio/x.wav"), (1, "speed", "audio/x.wav"), (1, "pitch", "audio/y.wav")):
        assert (copy(1, "pitch", "audio/x.wav") != copy(*other)).any()


@pytest.mark.parametrize("keys", [{"pitch_semitones": 4.0}, {"speed": [0.5, 2.0]}])
def test_a_clip_shorter_than_the_vocoders_window_is_refused(keys: dict[str, object]) -> None:
    assert len(augmented(noise(samples=SHORTEST), None, block(**keys), RATE, dice_of(1, "", ""))) == SHORTEST
    with pytest.raises(ValueError, match="2048 samples or more expected, not of 2047"):
        augmented(noise(samples=SHORTEST - 1), None, block(**keys), RATE, dice_of(1, "", ""))


def test_a_mix_without_a_partner_is_refused() -> None:
    with pytest.raises(ValueError, match="a partner for a mix"):
        augmented(noise(), None, block(mix_gains=[1.0, 1.0]), RATE, dice_of(1, "", ""))


@pytest.mark.parametrize(("content", "told"), [
    ({"pitch_semitones": 2.0}, "key share is missing"),
    ({"share": 0.0, "pitch_semitones": 2.0}, "share: found 0.0"),
    ({"share": 1.5, "pitch_semitones": 2.0}, "share: found 1.5"),
    ({"share": 1.0}, "one or more of pitch_semitones, speed, noise_snr_db, mix_gains"),
    ({"share": 1.0, "speed": [1.2, 0.8]}, r"speed as \[low, high\] \(found \[1\.2, 0\.8\]\)"),
    ({"share": 1.0, "speed": [0.0, 1.0]}, "speed.0: found 0.0"),
    ({"share": 1.0, "noise_snr_db": [10.0]}, "noise_snr_db"),
    ({"share": 1.0, "mix_gains": [1.0, 0.5]}, r"mix_gains as \[low, high\]"),
    ({"share": 1.0, "pitch_semitones": -1.0}, "pitch_semitones: found -1.0")])
def test_a_recipe_without_sense_is_refused(content: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        check(Waveform, content, "my.yaml")
