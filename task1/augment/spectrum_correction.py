"""Spectrum correction: the differences between devices, learned from parallel recordings of the same moments.

Recordings of one moment share their file name but for its end, the device (`scene-city-location-segment[-sub]-device`).
A clip's spectrum is its mean power over time, as a logarithm in the base of the stored log-mel; differences of spectra
are added to all frames of clips of the reference device.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from task1.errors import InputError
from task1.outputs import basename

CLIPS_AT_ONCE = 1024


def spectra(logmel: Tensor, base: float) -> Tensor:
    """logmel (clip, mel, frame) -> (clip, mel): log_base of the time mean of base ** logmel, in float32."""
    scale = float(np.log(base))
    parts = [torch.logsumexp(part.float() * scale, dim=-1) for part in logmel.split(CLIPS_AT_ONCE)]
    return (torch.cat(parts) - float(np.log(logmel.shape[-1]))) / scale


def corrections(filenames: Sequence[str], spectrum: Tensor, device: str, base: float,
                method: Literal["reference_mean", "pairwise_pool"]) -> Tensor:
    """Rows (row, mel) to be added to clips of `device`; linear in the number of clips.

    `pairwise_pool`: one row for every clip of another device that has a parallel recording on `device`: the difference.
    `reference_mean`: one row, the mean over moments of log(mean power of the other devices) - log(power of `device`).
    """
    moment, devices = moments(filenames)
    own = np.flatnonzero(devices == device)
    home = np.full(moment.max() + 1, -1)
    home[moment[own]] = own
    other = np.flatnonzero((devices != device) & (home[moment] >= 0))
    if not len(other):
        raise InputError(f"spectrum correction: no parallel recordings of device {device} and another one among the "
                         f"{len(filenames)} training clips; remove augmentation.spectrum_correction")
    rows, partners = torch.from_numpy(other), torch.from_numpy(home[moment[other]])
    if method == "pairwise_pool":
        return spectrum[rows] - spectrum[partners]
    used, group = np.unique(moment[other], return_inverse=True)
    power = torch.zeros(len(used), spectrum.shape[1], dtype=torch.float64, device=spectrum.device)
    power.index_add_(0, torch.from_numpy(group).to(spectrum.device), torch.pow(base, spectrum[rows].double()))
    counts = torch.from_numpy(np.bincount(group)).to(spectrum.device)
    reference = torch.log(power / counts[:, None]) / float(np.log(base))
    return (reference - spectrum[torch.from_numpy(home[used])]).mean(dim=0, keepdim=True).float()


def correct(logmel: Tensor, of_device: Tensor, rows: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """logmel (batch, mel, frame): clips where `of_device` holds get, with `probability`, a random one of `rows`."""
    chosen = (torch.rand(len(logmel), generator=generator) < probability).to(of_device.device) & of_device
    drawn = torch.randint(len(rows), (len(logmel),), generator=generator).to(rows.device)
    return logmel + (rows[drawn] * chosen[:, None])[:, :, None]


def moments(filenames: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """For each clip the number of its moment and its device, from its name."""
    parts = [basename(name).removesuffix(".wav").rpartition("-") for name in filenames]
    moment, _ = pd.factorize(np.array([own for own, _, _ in parts], dtype=object))
    return moment, np.array([device for _, _, device in parts], dtype=object)
