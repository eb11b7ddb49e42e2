"""Recordings and features of a report in words and tables, from data set manifests and the recipe."""

from collections.abc import Sequence

from submission.technical.blocks import Block, Paragraph, Section, Table
from submission.technical.groups import by_value, is_all, whom
from submission.technical.markup import Typst, join, say
from submission.technical.material import Material
from submission.technical.words import capital, counted, listing, number, plain
from task1.config import dataset, taxonomy
from task1.config.facts import SplitCounts
from task1.config.recipe import DeltaSettings, FeatureSettings, InputSettings

_NORMALISED = {"clip_standard": "scaled to zero mean and unit variance", "clip_minmax": "scaled to the range 0 to 1"}
_SCALES = {"htk": "HTK", "slaney": "Slaney"}


def input_words(settings: InputSettings) -> str:
    """The representation in one phrase."""
    orders = {1: "their deltas", 2: "their deltas and delta-deltas"}
    return "log-mel spectrograms" + (f" with {orders[settings.deltas.order]}" if settings.deltas else "")


def recordings(material: Material) -> Section:
    """Which recordings the systems were made with."""
    run, known = material.run, dataset(material.run.development)
    counts, audio = known.counts, known.audio
    devices, cities = counts.per_device, (counts.train.per_city if counts.train else {})
    blocks: list[Block] = []
    if run.embedded:
        published = dataset(material.rules.datasets["development"]).title
        blocks.append(Paragraph(say(
            "The recordings of this run are *synthetic*: the _{}_ was made by a program, in the layout of {} "
            "@development @corpus, so that every stage can run without data. Results on it say nothing about real "
            "recordings.", known.title, published)))
    else:
        blocks.append(Paragraph(say("Development uses the {} @development @corpus.", known.title)))
    described = say("It holds {:,} clips of {}~s ({:g}~kHz, {}~bit, mono) of {} scenes", counts.files,
                    plain(audio.clip_seconds), audio.sample_rate / 1000, audio.bits, number(len(taxonomy().scenes)))
    if cities:
        described = say("{} in {}", described, counted(len(cities), "city"))
    if devices:
        described = say("{}, recorded by {}", described, _device_words(list(devices)))
    sentences = [Typst(described + ".")]
    if counts.train and counts.test:
        sentences.append(say(
            "The official fold trains on {} and tests on {}; no location stands on both sides.",
            _split_words(counts.train), _split_words(counts.test)))
        unheard = [name for name in counts.test.per_device if name not in counts.train.per_device]
        if unheard:
            sentences.append(say("{} {} no training clips and {} called _unseen_ here.",
                                 capital(listing(_upper(unheard))), "has" if len(unheard) == 1 else "have",
                                 "is" if len(unheard) == 1 else "are"))
    evaluation = dataset(run.evaluation)
    sentences.append(say("Output tables are given for the {:,} clips of the {}.", evaluation.counts.files,
                         evaluation.title))
    blocks.append(Paragraph(join(sentences)))
    return Section("Recordings", blocks)


def _split_words(counts: SplitCounts) -> Typst:
    if counts.locations:
        return say("{:,} clips of {:,} locations", counts.files, counts.locations)
    return say("{:,} clips", counts.files)


def _device_words(names: Sequence[str]) -> Typst:
    parts = []
    for kind in ("real", "simulated"):
        own = [name for name in names if name in taxonomy().devices[kind]]
        if own:
            parts.append(say("{} {} {} ({})", number(len(own)), kind, "device" if len(own) == 1 else "devices",
                             ", ".join(_upper(own))))
    return listing(parts)


def _upper(names: Sequence[str]) -> list[str]:
    return [name.upper() for name in names]


def features(material: Material) -> Section:
    """From the waveform to what the networks see."""
    run = material.run
    settings = run.features
    log = {"10": "base-10", "e": "natural"}[settings.log.base]
    operation = {"add": "after {} has been added", "max": "with a floor of {}"}[settings.log.mode]
    blocks: list[Block] = [Paragraph(join([
        say("Clips are processed at {:g}~kHz. A short-time Fourier transform with a Hann window of {:,} samples and a "
            "hop of {:,} samples gives {} spectra, which {:,} mel filters ({} scale{}) between {:,g} and {:,g}~Hz turn "
            "into bands; their {} logarithm is taken {}. One clip has {:,} frames.",
            settings.sample_rate / 1000, settings.win_length, settings.hop_length,
            {1: "magnitude", 2: "power"}[settings.power], settings.n_mels, _SCALES[settings.mel_scale],
            ", normalised to equal area" if settings.mel_norm == "slaney" else "", settings.f_min, settings.f_max, log,
            operation.format(plain(settings.log.floor)), settings.frames),
        *(_input_words(material, own, names) for own, names in by_value(run, lambda recipe: recipe.input)),
    ]), ), _table(material)]
    return Section("Features", blocks)


def _input_words(material: Material, settings: InputSettings, names: list[str]) -> Typst:
    run, sentences = material.run, []
    everyone = is_all(run, names)
    subject = "Each spectrogram" if everyone else capital(say("for {}, each spectrogram", whom(run, names)))
    scaled = _NORMALISED.get(settings.normalise)
    sentences.append(say("{} is {}.", subject, f"{scaled}, clip by clip" if scaled else "used without normalisation"))
    if settings.deltas:
        sentences.append(_delta_words(settings.deltas))
    if settings.repeat_time > 1:
        sentences.append(say("The result is repeated {} times along time.", number(settings.repeat_time)))
    sentences.append(say("The input has {} and {:,} frames.", counted(settings.channels, "channel"),
                         settings.frames(run.features.frames)))
    return join(sentences)


def _delta_words(deltas: DeltaSettings) -> Typst:
    orders = {1: "First-order regression deltas", 2: "Regression deltas of first and second order"}
    kind = {"padded": "the edge frames repeated", "valid": "frames without a full window left out"}
    scaled = _NORMALISED.get(deltas.normalise)
    return say("{} over {} frames, {}, are stacked as further channels{}.", orders[deltas.order], deltas.window,
               kind[deltas.kind], f" and {scaled}" if scaled else "")


def _table(material: Material) -> Table:
    settings: FeatureSettings = material.run.features
    shapes = by_value(material.run, lambda recipe: (recipe.input.channels, settings.n_mels,
                                                    recipe.frames(settings.frames)))
    rows: list[list[object]] = [
        ["Sampling rate", f"{settings.sample_rate:,} Hz"],
        ["Clip", f"{plain(settings.clip_seconds)} s"],
        ["Window, hop", f"{settings.win_length:,}, {settings.hop_length:,} samples"],
        ["Fourier transform", f"{settings.n_fft:,} points"],
        ["Mel bands",
         f"{settings.n_mels}, {settings.f_min:,g} to {settings.f_max:,g} Hz, {_SCALES[settings.mel_scale]}"],
        ["Logarithm", f"base {settings.log.base}, floor {plain(settings.log.floor)}"],
    ]
    for shape, names in shapes:
        title = "Network input" if is_all(material.run, names) else say("Input of {}", whom(material.run, names))
        rows.append([title, " × ".join(map(str, shape))])
    return Table("tab-features", Typst("Features; the network's input as channels × mel bands × frames."),
                 ["Quantity", "Value"], rows, left=2)
