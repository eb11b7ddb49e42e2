"""A data set of any size for measurements: a few distinct recordings under many names, and the official lists.

Out: a folder in TAU's layout. The names are hard links, so a hundred thousand clips take the disk of DISTINCT. They
follow the grammar of 2022: moments of ten clips, each recorded by the reference device and another one, at 50
locations.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from task1.config import Dataset, dataset, taxonomy
from task1.config.facts import Counts, SplitCounts
from task1.corpus.synthetic.write import META_HEADER, wav
from task1.files import write_text

DISTINCT = 64
PIECES = 10
CLIPS_A_MOMENT = 2 * PIECES
LOCATIONS_A_SCENE = 5
LEAST = CLIPS_A_MOMENT * LOCATIONS_A_SCENE
"""So many clips at least, or no location is left for the test fold."""
LIKE = "tau2022mobile_dev"


@dataclass(frozen=True)
class Corpus:
    """A data set below `root` with all its clips, or its lists alone."""

    root: Path
    rows: tuple[tuple[str, str, str, str], ...]
    """Columns of META_HEADER: name, scene, location, device."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, *_ in self.rows)

    @property
    def index(self) -> pd.DataFrame:
        """As much of an index as extraction reads."""
        return pd.DataFrame({"filename": self.names})

    @cached_property
    def facts(self) -> Dataset:
        """The manifest of this data set: that of the 2022 set with other counts."""
        test = sum(map(_in_test, self.rows))
        counts = Counts(files=len(self.rows), train=SplitCounts(files=len(self.rows) - test),
                        test=SplitCounts(files=test))
        return dataset(LIKE).model_copy(update={"counts": counts})

    def write_lists(self) -> None:
        setup = self.root / "evaluation_setup"
        test = [row for row in self.rows if _in_test(row)]
        _write(self.root / "meta.csv", 4, self.rows)
        _write(setup / "fold1_train.csv", 2, [row for row in self.rows if not _in_test(row)])
        _write(setup / "fold1_test.csv", 1, test)
        _write(setup / "fold1_evaluate.csv", 2, test)

    def write_audio(self, seconds: float) -> None:
        """Recordings of so many seconds, of noise at levels between silence and full scale."""
        audio, noise = dataset(LIKE).audio, np.random.default_rng(0)
        folder = self.root / "audio"
        folder.mkdir(parents=True)
        originals = []
        for number in range(min(DISTINCT, len(self.rows))):
            originals.append(self.root / f"recording-{number}.wav")
            samples = noise.normal(0, 0.003 * (1 + number), round(seconds * audio.sample_rate)).astype(np.float32)
            originals[-1].write_bytes(wav(samples, audio.sample_rate))
        for number, name in enumerate(self.names):
            os.link(originals[number % len(originals)], self.root / name)


def corpus(root: Path, clips: int) -> Corpus:
    """About `clips` clips (whole moments, LEAST or more); nothing is written yet."""
    scenes, cities, reference = taxonomy().scenes, taxonomy().development_cities, taxonomy().reference_device
    others = sorted(set(dataset(LIKE).counts.per_device) - {reference})
    rows: list[tuple[str, str, str, str]] = []
    for moment in range(max(clips, LEAST) // CLIPS_A_MOMENT):
        visit, place = divmod(moment, len(scenes) * LOCATIONS_A_SCENE)
        scene, city = scenes[place // LOCATIONS_A_SCENE], cities[place % len(cities)]
        rows += [(f"audio/{scene}-{city}-{place}-{visit}-{piece}-{device}.wav", scene, f"{city}-{place}", device)
                 for device in (reference, others[moment % len(others)]) for piece in range(PIECES)]
    return Corpus(root, tuple(rows))


def _in_test(row: tuple[str, str, str, str]) -> bool:
    """The last location of each scene."""
    return int(row[2].rpartition("-")[2]) % LOCATIONS_A_SCENE == LOCATIONS_A_SCENE - 1


def _write(path: Path, columns: int, rows: Sequence[tuple[str, ...]]) -> None:
    write_text(path, "".join("\t".join(row[:columns]) + "\n" for row in [META_HEADER, *rows]))
