"""The recordings of a run as figures need them: index, log-mels, moments that several devices recorded, units."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from submission.results import Results
from task1.augment.spectrum_correction import moments
from task1.config import FeatureSettings
from task1.corpus.index import read_index
from task1.features.store import STORE, FeatureStore

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recordings:
    """The clips of the development set whose features are stored."""

    results: Results

    @cached_property
    def store(self) -> FeatureStore:
        return FeatureStore(self.folder, self.results.run.features)

    @property
    def folder(self) -> Path:
        return self.results.layout.features(self.results.run, self.results.run.development)

    @property
    def missing(self) -> str:
        """Why there are none, if so."""
        index = self.results.layout.index(self.results.run.development)
        if not index.exists():
            return f"no index of the clips: index/{index.name}"
        return "" if (self.folder / STORE).exists() else "the features are not stored (stage features)"

    @cached_property
    def table(self) -> pd.DataFrame:
        """Rows of the index with a column `moment`, recordings that could not be used left out."""
        index = read_index(self.results.layout.index(self.results.run.development))
        index = index[~index["filename"].isin(set(self.store.skipped))].sort_values("filename", ignore_index=True)
        return index.assign(moment=moments(index["filename"].tolist())[0])

    def read(self, filenames: Sequence[str]) -> torch.Tensor:
        """Log-mels (clip, mel, frame)."""
        return torch.from_numpy(self.store.read(self.store.rows(list(filenames)))).float()

    def made_from(self) -> tuple[str, ...]:
        layout, run = self.results.layout, self.results.run
        return self.results.made_from(layout.index(run.development), self.folder / STORE)


def to_decibels(settings: FeatureSettings) -> float:
    """What a stored log-mel is multiplied by: it is a logarithm of magnitudes to the power `settings.power`."""
    return 20 / settings.power / (1.0 if settings.log.base == "10" else float(np.log(10)))


def kilohertz_of_bands(settings: FeatureSettings) -> Floats:
    """The middle of every mel band."""
    htk = settings.mel_scale == "htk"
    edges = librosa.mel_frequencies(settings.n_mels + 2, fmin=settings.f_min, fmax=settings.f_max, htk=htk)
    return np.asarray(edges[1:-1] / 1000, np.float32)
