"""From recordings to scenes, with nothing but an exported file.

    for result in classify(Path("model.onnx"), [Path("street.wav")]):
        print(result.path, result.scene, result.probability)

The features settings, what the network sees and how it decides are in the file's metadata. Log-mels are rounded to
float16, as the feature store rounds them, so that a recording of the rate and length the model was trained on gets the
probabilities that `task1 predict` gives it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from task1.classify.recording import Recording
from task1.classify.windows import SMALLEST_SHARE, TooShort, windows
from task1.compress.run_onnx import OnnxModel
from task1.config import taxonomy
from task1.errors import InputError
from task1.features.audio import Samples
from task1.features.logmel import LogMel, stored
from task1.outputs import Floats

SYNTHETIC = ("this model was trained on the EMBEDDED corpus, synthetic recordings: what it says about real ones means "
             "nothing")


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a recording, from second `start` to second `end`, and the probability of each scene."""

    start: float
    end: float
    probabilities: Floats


@dataclass(frozen=True, eq=False)
class Result:
    """A recording; its probabilities are the mean of its windows'. `notes` say what makes them less certain."""

    path: Path
    seconds: float
    sample_rate: int
    channels: int
    windows: tuple[Window, ...]
    notes: tuple[str, ...]

    @property
    def probabilities(self) -> Floats:
        return np.asarray(np.mean([window.probabilities for window in self.windows], axis=0))

    @property
    def scene(self) -> str:
        return ranked(self.probabilities)[0][0]

    @property
    def probability(self) -> float:
        return ranked(self.probabilities)[0][1]


@dataclass(frozen=True)
class Spent:
    """Seconds that one window took."""

    features: float
    network: float


class _Unusable(ValueError):
    """A window whose log-mel does not fit into what is stored."""


class Classifier:
    """An exported file, ready for recordings; `spent` grows by one with each window."""

    def __init__(self, model: Path, threads: int = 1, hop_seconds: float | None = None) -> None:
        self.model = OnnxModel(model, threads)
        self.features = self.model.features
        hop_seconds = self.features.clip_seconds if hop_seconds is None else hop_seconds
        if not 0 < hop_seconds <= self.features.clip_seconds:
            raise InputError(f"hop of {hop_seconds:g} s: expected more than 0 and at most the "
                             f"{self.features.clip_seconds:g} s that {model.name} was trained on")
        self._hop = max(1, round(hop_seconds * self.features.sample_rate))
        self._logmel = LogMel(self.features)
        self.spent: list[Spent] = []

    @property
    def embedded(self) -> bool:
        """Whether it learned from synthetic recordings."""
        return bool(self.model.provenance.get("embedded"))

    def warm_up(self) -> None:
        """Let what happens once happen: the first clip takes longer than all others."""
        noise = np.random.default_rng(0).normal(0, 0.1, self.features.samples).astype(np.float32)
        self._probabilities(noise)
        self.spent.clear()

    def classify(self, path: Path) -> Result:
        """The recording's windows, one after the other; windows of digital silence are left out."""
        rate, found = self.features.sample_rate, []
        with Recording(path) as recording:
            try:
                for start, end, samples in windows(recording.blocks(rate), self.features.samples, self._hop):
                    if samples.any():
                        found.append(Window(start / rate, end / rate, self._probabilities(samples)))
            except _Unusable as error:
                raise InputError(f"{path}: {error}") from None
            except TooShort as short:
                raise InputError(f"{path}: found {short.samples / rate:.3g} s, expected at least "
                                 f"{SMALLEST_SHARE * self.features.clip_seconds:g} s, for the model was trained on "
                                 f"{self.features.clip_seconds:g} s") from None
        if not found:
            raise InputError(f"{path}: found sound only in what is left at its end, expected at least a quarter of "
                             f"{self.features.clip_seconds:g} s of it; cut the silence off")
        return Result(path, recording.seconds, recording.sample_rate, recording.channels, tuple(found),
                      tuple(self._notes(recording)))

    def _probabilities(self, samples: Samples) -> Floats:
        begun = perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):
            logmel = stored(self._logmel(samples))
        if not np.isfinite(logmel).all():
            raise _Unusable("found samples far outside -1 .. 1, expected a log-mel that is finite")
        x = self.model.network_input(torch.from_numpy(logmel[None]))
        ready = perf_counter()
        (probabilities,) = self.model.run(x)
        self.spent.append(Spent(ready - begun, perf_counter() - ready))
        return probabilities

    def _notes(self, recording: Recording) -> list[str]:
        notes = []
        if recording.sample_rate / 2 < self.features.f_max and recording.sample_rate < self.features.sample_rate:
            notes.append(f"recorded at {recording.sample_rate} Hz: the model's bands above "
                         f"{recording.sample_rate / 2000:g} kHz are empty")
        if recording.seconds < 0.99 * self.features.clip_seconds:
            notes.append(f"{recording.seconds:.3g} s: continued backwards and forwards to "
                         f"{self.features.clip_seconds:g} s")
        return notes


def classify(model: Path, files: Sequence[Path]) -> list[Result]:
    """The scene of each recording; the first that cannot be used raises InputError."""
    classifier = Classifier(model)
    return [classifier.classify(path) for path in files]


def ranked(probabilities: Floats) -> list[tuple[str, float]]:
    """Scenes and their probabilities, the most probable one first."""
    order = np.argsort(-probabilities, kind="stable")
    return [(taxonomy().scenes[place], float(probabilities[place])) for place in order]
