"""The augmentations that a recipe switches on, each in words and as a row of a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from submission.technical.blocks import Block, Bullets, Paragraph, Section, Table
from submission.technical.groups import by_value, is_all, whom
from submission.technical.markup import Typst, join, say
from submission.technical.material import Material
from submission.technical.words import capital, counted, listing, number, percent, plain
from task1.config import ModelRecipe
from task1.config.recipe import (
    AutoLevel,
    Masking,
    Mixup,
    NoiseMask,
    Pix2Pix,
    Shift,
    SpectrumCorrection,
    Stripes,
    Waveform,
)


@dataclass(frozen=True)
class Method:
    """One block of the recipe: its name in a list, what it cites, how its settings read."""

    key: str
    name: str
    words: Callable[[Any], Typst]
    short: Callable[[Any], str]

    def of(self, recipe: ModelRecipe) -> Any:
        """The settings of this method in a recipe; None or False where it is off."""
        return getattr(recipe.augmentation, self.key)


def _mixup(settings: Mixup) -> Typst:
    text = say("clips of a batch and their labels are combined in pairs @mixup, with one weight a batch drawn from "
               "$\"Beta\"(alpha, alpha)$, $alpha = {}$.", plain(settings.alpha))
    if settings.whole_batch_until < 1:
        return join([text, say("Whole batches are mixed during the first {} of the epochs, half of each batch after "
                               "that @mixup_without_hesitation.", percent(settings.whole_batch_until))])
    return text


def _stripes(stripes: Stripes, what: str) -> str:
    return f"{counted(stripes.stripes, 'stripe')} of at most {counted(stripes.max_width, what)}"


def _masking(settings: Masking) -> Typst:
    axes = [_stripes(stripes, what) for stripes, what in ((settings.time, "frame"), (settings.mel, "mel band"))
            if stripes]
    return say("in each spectrogram {} {} overwritten with {} @specaugment; widths and places are drawn at random.",
               listing(axes), "is" if axes[1:] == [] and axes[0].startswith("one ") else "are",
               "zeros" if settings.fill == 0 else plain(settings.fill))


def _masking_short(settings: Masking) -> str:
    return "; ".join(f"{name}: {stripes.stripes} of up to {stripes.max_width}"
                     for name, stripes in (("time", settings.time), ("mel", settings.mel)) if stripes)


def _spectrum_correction(settings: SpectrumCorrection) -> Typst:
    ways = {"reference_mean": "the mean difference, mel band by mel band, between parallel recordings of all other "
                              "devices and its own",
            "pairwise_pool": "the difference, mel band by mel band, between its own recording of some moment and that "
                             "of another device, drawn at random"}
    return say("with probability {}, a clip of device {} is given {} @spectrum_correction.",
               plain(settings.probability), settings.device.upper(), ways[settings.method])


def _auto_level(settings: AutoLevel) -> Typst:
    return say("with probability {}, a spectrogram is stretched between its quantiles {} and {}; values beyond are "
               "clipped.", plain(settings.probability), plain(settings.low), plain(settings.high))


def _pix2pix(settings: Pix2Pix) -> Typst:
    return say(
        "a conditional generative adversarial network @pix2pix learns from parallel recordings of the training fold "
        "to turn clips of {} into clips of {} ({}, batches of {}, Adam @adam with a learning rate of {}, an L1 term of "
        "weight {}). For {} of the source clips one generated clip is added.",
        _devices(settings.source_devices), _devices(settings.target_devices), counted(settings.epochs, "epoch"),
        settings.batch_size, plain(settings.lr), plain(settings.l1_weight), percent(settings.share))


def _devices(names: tuple[str, ...]) -> Typst:
    return say("{} {}", "device" if len(names) == 1 else "devices", listing(name.upper() for name in names))


def _shift(settings: Shift) -> Typst:
    return say("spectrograms are moved by up to {} of their length in time and by up to {} in frequency; edges are "
               "repeated.", percent(settings.time_fraction), counted(settings.mel_bins, "mel band"))


def _noise_mask(settings: NoiseMask) -> Typst:
    axes = [_stripes(stripes, what) for stripes, what in ((settings.time, "frame"), (settings.mel, "mel band"))
            if stripes]
    return say("noise at a signal-to-noise ratio of {} to {}~dB is added in {}; the mask that would remove it is "
               "learned beside the scene (weight {}) by a head that does not ship.", plain(settings.snr_db[0]),
               plain(settings.snr_db[1]), listing(axes), plain(settings.weight))


def _waveform(settings: Waveform) -> Typst:
    kinds = []
    if settings.pitch_semitones:
        kinds.append(say("shifted in pitch by up to ±{} semitones", plain(settings.pitch_semitones)))
    if settings.speed:
        kinds.append(say("played {} to {} times as fast", *map(plain, settings.speed)))
    if settings.noise_snr_db:
        kinds.append(say("with white noise at {} to {}~dB", *map(plain, settings.noise_snr_db)))
    if settings.mix_gains:
        kinds.append(say("mixed with another clip of its scene and device, with gains of {} to {}",
                         *map(plain, settings.mix_gains)))
    whose = "each training clip" if settings.share == 1 else f"{percent(settings.share)} of the training clips"
    if len(kinds) == 1:
        return say("of {} one copy is added, {}.", whose, kinds[0])
    return say("of {} {} copies are added: {}.", whose, number(len(kinds)), listing(kinds))


def _waveform_short(settings: Waveform) -> str:
    kinds = {"pitch": settings.pitch_semitones, "speed": settings.speed, "noise": settings.noise_snr_db,
             "mix": settings.mix_gains}
    return f"{', '.join(kind for kind, on in kinds.items() if on)}; {percent(settings.share)} of the clips"


METHODS = (
    Method("mixup", "Mixup", _mixup, lambda s: f"α = {plain(s.alpha)}" + (
        f"; half batches after {percent(s.whole_batch_until)}" if s.whole_batch_until < 1 else "")),
    Method("masking", "SpecAugment", _masking, _masking_short),
    Method("spectrum_correction", "Spectrum correction", _spectrum_correction,
           lambda s: f"device {s.device.upper()}, probability {plain(s.probability)}"),
    Method("auto_level", "Auto level", _auto_level,
           lambda s: f"quantiles {plain(s.low)}, {plain(s.high)}; probability {plain(s.probability)}"),
    Method("pix2pix", "Generated clips", _pix2pix,
           lambda s: f"{counted(s.epochs, 'epoch')}; {percent(s.share)} of the clips"),
    Method("waveform", "Altered copies", _waveform, _waveform_short),
    Method("shift", "Shift", _shift, lambda s: f"time ±{percent(s.time_fraction)}, mel ±{s.mel_bins}"),
    Method("roll", "Rolling", lambda _: Typst("spectrograms are rotated in time by a random number of frames."),
           lambda _: "any number of frames"),
    Method("crop_frames", "Random crop",
           lambda s: say("{:,} frames are cut out at a random place for training; the middle ones are "
                         "classified.", s), lambda s: f"{s:,} frames"),
    Method("noise_mask", "Learned noise masks", _noise_mask,
           lambda s: f"{plain(s.snr_db[0])} to {plain(s.snr_db[1])} dB; weight {plain(s.weight)}"),
)


def used(material: Material) -> list[tuple[Method, list[tuple[Any, list[str]]]]]:
    """The methods that some model is trained with, each with its settings and their models."""
    found = []
    for method in METHODS:
        groups = [(settings, names) for settings, names in by_value(material.run, method.of) if settings]
        if groups:
            found.append((method, groups))
    return found


def augmentation(material: Material) -> Section:
    """What training clips go through."""
    run, methods = material.run, used(material)
    if not methods:
        return Section("Data augmentation", [Paragraph(Typst("The networks learn from the clips as they are."))])
    everyone = all(is_all(run, names) for _, groups in methods for _, names in groups)
    bullets = []
    for method, groups in methods:
        texts = [method.words(settings) if is_all(run, names) else say("for {}, {}", whom(run, names),
                                                                      method.words(settings))
                 for settings, names in groups]
        bullets.append(say("*{}:* {}", method.name, join([texts[0], *map(capital, texts[1:])])))
    header: list[object] = ["Method", "Setting"]
    rows = [[method.name, method.short(settings), *([] if everyone else [_short_whom(material, names)])]
            for method, groups in methods for settings, names in groups]
    blocks: list[Block] = [
        Paragraph(say("Training clips are altered anew in every epoch, as far as copies are not made beforehand. {} "
                      "used; @tab-augmentation gives the settings.",
                      "One method is" if len(methods) == 1 else f"{counted(len(methods), 'method').capitalize()} are")),
        Bullets(bullets),
        Table("tab-augmentation", Typst("Data augmentation."), header if everyone else [*header, "Networks"], rows,
              left=3)]
    return Section("Data augmentation", blocks)


def _short_whom(material: Material, names: list[str]) -> Typst:
    return Typst("all") if is_all(material.run, names) else whom(material.run, names)
