"""Spectrograms before and after auto level and pix2pix (shao2022, Figs. 2 and 3).

Inputs: the features of the development set, and the folder of pix2pix copies. The clips that are shown are chosen by
their names alone, so that the same recordings give the same figure. Log-mels are shown in decibels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from submission.figures.canvas import WHOLE, left_out, make_item
from submission.figures.recordings import Floats, Recordings, kilohertz_of_bands, to_decibels
from submission.items import Item
from task1.augment.auto_level import auto_level
from task1.augment.copies import PIX2PIX, copies_of, read_copies
from task1.augment.spectrum_correction import moments
from task1.config import FeatureSettings, taxonomy
from task1.features.store import STORE
from task1.plotting import SCALE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RANGE = 70.0
"""Decibels from the brightest to the darkest of a spectrogram."""


@dataclass(frozen=True)
class Panel:
    """One spectrogram (mel, frame) in decibels."""

    title: str
    decibels: Floats


def auto_level_figure(recordings: Recordings) -> Item:
    """A clip of a real device before and after, and the same moment on a simulated device."""
    name, title = "auto_level", "Auto level: before and after"
    results = recordings.results
    chosen = {model: recipe.augmentation.auto_level for model, recipe in results.run.models.items()
              if recipe.augmentation.auto_level}
    if recordings.missing:
        return left_out(name, title, recordings.missing)
    pair = _pair(recordings, taxonomy().reference_device, taxonomy().devices["simulated"])
    if pair is None:
        return left_out(name, title, "no moment of the training clips is recorded by the reference device and a "
                        "simulated one")
    settings = next(iter(chosen.values())).model_copy(update={"probability": 1.0})
    before, simulated = recordings.read([pair["filename"], pair["filename_other"]])
    after = auto_level(before[None], settings, torch.Generator().manual_seed(0))[0]
    panels = [Panel(f"device {pair['device'].upper()}", _decibels(before, results.run.features)),
              Panel("after auto level", _decibels(after, results.run.features)),
              Panel(f"same moment, device {pair['device_other'].upper()}",
                    _decibels(simulated, results.run.features))]
    return _spectrograms(recordings, name, title, f"Log-mel spectrograms of {pair['filename']}: as recorded, with its "
                         f"quantiles {settings.low:g} and {settings.high:g} stretched to its own range, and the same "
                         "moment on a simulated device.", panels, recordings.made_from())


def pix2pix_figure(recordings: Recordings) -> Item:
    """A clip of a real device, what pix2pix makes of it, and the real recording of that device."""
    name, title = "pix2pix", "pix2pix: before and after"
    results = recordings.results
    folders = [results.layout.copies(copies) for model in results.run.models
               for copies in copies_of(results.run, model) if copies.startswith(f"{PIX2PIX}-")]
    if recordings.missing:
        return left_out(name, title, recordings.missing)
    if not (folders[0] / STORE).exists():
        return left_out(name, title, f"no copies: copies/{folders[0].name}")
    store, copies = read_copies(folders[0], results.run.features)
    table = recordings.table
    sources = copies.merge(table[["filename", "moment"]], left_on="source", right_on="filename", suffixes=("", "_of"))
    found = sources.merge(table[["filename", "moment", "device"]], on=["moment", "device"], suffixes=("", "_real"))
    if found.empty:
        return left_out(name, title, "no source of a copy has a recording of the copy's device at the same moment")
    row = found.sort_values("filename").iloc[0]
    source, real = recordings.read([row["source"], row["filename_real"]])
    made = torch.from_numpy(store.read(store.rows([row["filename"]])))[0].float()
    own, device = moments([row["source"]])[1][0].upper(), row["device"].upper()
    panels = [Panel(words, _decibels(clip, results.run.features)) for words, clip in (
        (f"device {own}", source), (f"generated: device {device}", made), (f"recorded: device {device}", real))]
    return _spectrograms(recordings, name, title, f"Log-mel spectrograms of {row['source']}, of the clip of device "
                         f"{device} that pix2pix generates from it, and of that device's recording of the same moment.",
                         panels, (*recordings.made_from(), *results.made_from(folders[0] / STORE)))


def _pair(recordings: Recordings, own: str, others: Sequence[str]) -> "pd.Series[Any] | None":
    """The first training clip of `own` that one of `others` recorded too; columns of the other end with `_other`."""
    table = recordings.table[recordings.table["split"] == "train"]
    pairs = table[table["device"] == own].merge(table[table["device"].isin(others)], on="moment",
                                                suffixes=("", "_other"))
    return None if pairs.empty else pairs.iloc[0]


def _decibels(logmel: torch.Tensor, settings: FeatureSettings) -> Floats:
    return (logmel * to_decibels(settings)).numpy()


def _spectrograms(recordings: Recordings, name: str, title: str, caption: str, panels: Sequence[Panel],
                  made_from: tuple[str, ...]) -> Item:
    settings = recordings.results.run.features
    top = max(float(panel.decibels.max()) for panel in panels)

    def fill(figure: "Figure") -> None:
        grid = figure.subplots(1, len(panels), sharey=True)
        kilohertz = kilohertz_of_bands(settings)
        marks = [mark for mark in (0.1, 0.5, 1, 2, 5, 10, 20) if kilohertz[0] <= mark <= kilohertz[-1]]
        for axes, panel in zip(grid, panels, strict=True):
            image = axes.imshow(panel.decibels, origin="lower", aspect="auto", cmap=SCALE, vmin=top - RANGE, vmax=top,
                                interpolation="none", extent=(0, settings.clip_seconds, -0.5, settings.n_mels - 0.5))
            axes.set_title(panel.title)
            axes.set_xlabel("time (s)")
        grid[0].set_yticks([float(np.interp(mark, kilohertz, np.arange(len(kilohertz)))) for mark in marks],
                           [f"{mark:g}" for mark in marks])
        grid[0].set_ylabel("frequency (kHz)")
        figure.colorbar(image, ax=grid, label="power (dB)", pad=0.02)

    return make_item(recordings.results, name, title, caption, made_from, (WHOLE, 2.9), fill)
