"""Mean spectra of the devices, compared at the same moments.

Input: the features of the development set. Of every device that shares moments with the reference device, the mean over
clips of the spectrum (the mean power over time, in decibels) less the reference's.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from submission.figures.canvas import WHOLE, left_out, make_item
from submission.figures.recordings import Floats, Recordings, kilohertz_of_bands, to_decibels
from submission.items import Item
from task1.augment.spectrum_correction import spectra
from task1.config import taxonomy
from task1.plotting import COLOURS, LINES, MARKERS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MOMENTS = 200
"""Of each device's moments so many, evenly spaced, enter its mean spectrum."""
POINTS = 64
"""Mel bands are averaged to so many points; single bands of the high frequencies hide what a device does."""


def device_spectra(recordings: Recordings) -> Item:
    """Mean spectrum of every device, and its difference from the reference device at the same moments."""
    name, title = "device_spectra", "Mean spectra of the devices"
    if recordings.missing:
        return left_out(name, title, recordings.missing)
    own = taxonomy().reference_device
    mean, differences = measured(recordings, own)
    if not differences:
        return left_out(name, title, f"no moment is recorded by device {own} and another one")
    bands = _coarse(kilohertz_of_bands(recordings.results.run.features))
    return make_item(
        recordings.results, name, title, f"Above: mean power spectra of devices; below: their differences from "
        f"device {own.upper()}, over moments that both recorded (at most {MOST_MOMENTS} a device). Above, a device's "
        "spectrum is that of the reference plus the difference, so that all are of the same scenes.",
        recordings.made_from(), (WHOLE, 5.0), lambda figure: _fill(figure, bands, mean, differences))


def measured(recordings: Recordings, own: str) -> tuple[Floats, dict[str, Floats]]:
    """In decibels at POINTS frequencies: the mean spectrum of device `own`, and other devices' differences from it."""
    settings, table = recordings.results.run.features, recordings.table
    base, scale = (10.0 if settings.log.base == "10" else float(np.e)), to_decibels(settings)
    home = table[table["device"] == own]
    pairs = home.merge(table[table["device"] != own], on="moment", suffixes=("", "_other"))
    differences = {}
    for device in (device for kind in taxonomy().devices.values() for device in kind):
        rows = _spaced(pairs[pairs["device_other"] == device])
        if not rows.empty:
            other, mine = (spectra(recordings.read(rows[column].tolist()), base)
                           for column in ("filename_other", "filename"))
            differences[device] = _coarse((scale * (other - mine).mean(dim=0)).numpy())
    if not differences:
        return np.zeros(0, np.float32), {}
    whole = spectra(recordings.read(_spaced(home)["filename"].tolist()), base)
    return _coarse((scale * whole.mean(dim=0)).numpy()), differences


def _fill(figure: "Figure", bands: Floats, mean: Floats, differences: Mapping[str, Floats]) -> None:
    """Real devices at the left, simulated ones at the right; the reference, in black, on both sides."""
    own = taxonomy().reference_device
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    for column, (kind, devices) in enumerate(taxonomy().devices.items()):
        above, below = panels[:, column]
        above.plot(bands, mean, color="black", linewidth=1.8, label=own.upper())
        below.axhline(0, color="black", linewidth=1.8)
        for number, device in enumerate(device for device in devices if device in differences):
            style: dict[str, Any] = {
                "color": COLOURS[number % 6], "linestyle": LINES[number % len(LINES)], "linewidth": 1.2,
                "marker": MARKERS[number % len(MARKERS)], "markersize": 4, "markevery": (number, 7),
                "label": device.upper()}
            above.plot(bands, mean + differences[device], **style)
            below.plot(bands, differences[device], **style)
        above.set_title(f"{kind} devices")
        above.legend(loc="lower left", ncols=2)
        below.set_xlabel("frequency (kHz)")
        below.set_xscale("symlog", linthresh=1)
        below.set_xticks([0, 0.5, 1, 2, 5, 10, 20], ["0", "0.5", "1", "2", "5", "10", "20"])
        below.set_xlim(0, bands[-1])
        for axes in (above, below):
            axes.grid(visible=True, linewidth=0.4, color="#CCCCCC")
    panels[0, 0].set_ylabel("mean power (dB)")
    panels[1, 0].set_ylabel(f"difference from device {own.upper()} (dB)")


def _coarse(values: Floats) -> Floats:
    """Means over neighbouring bands."""
    parts = np.array_split(values, min(POINTS, len(values)))
    return np.array([part.mean() for part in parts], np.float32)


def _spaced(rows: pd.DataFrame) -> pd.DataFrame:
    """At most MOST_MOMENTS of the rows, evenly spaced."""
    if len(rows) <= MOST_MOMENTS:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, MOST_MOMENTS).round().astype(int)]
