"""Cost against size: processor seconds of each kind of work on some, ten times and a hundred times as many rows.

A row holds the exponent of the fitted power law (1 is linear) and, as `points`, what it was fitted to: (rows, seconds).
Recordings are in the system's file cache; log-mels that are corrected are in memory, as in training.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from task1.augment.spectrum_correction import corrections, spectra
from task1.bench.corpus import Corpus, corpus
from task1.bench.extraction import settings_of
from task1.bench.rows import Row, Size, number
from task1.bench.tables import write_scoring
from task1.bench.timing import processor_seconds, threads
from task1.config import FeatureSettings, taxonomy
from task1.config.bench import bench
from task1.corpus.index import build_index
from task1.corpus.verify import verify
from task1.errors import InputError
from task1.features.extract import extract
from task1.scoring.report import score

SECTION = "growth"
QUICK_ROWS = (100, 200, 400)
PART_CLIPS = 1000
SECONDS_A_POINT, LEAST_TURNS, MOST_TURNS = 1.0, 3, 20
"""Work is repeated until so much time is spent, so often at least and at most; its quickest turn counts."""
LONG_TURN = 20.0
"""Seconds of work that is not repeated: what comes in between does not matter much."""

Work = Callable[[], Any]


def measure(size: Size) -> Iterator[Row]:
    wishes = bench().growth
    points: dict[str, list[tuple[float, float]]] = {}
    for wished in wishes.rows if size is Size.FULL else QUICK_ROWS:
        with tempfile.TemporaryDirectory(prefix="task1-bench-") as scratch, threads(1):
            clips, works = _works(Path(scratch), wished)
            for what, work in works.items():
                points.setdefault(what, []).append((clips, _least(work)))
    for what, measured in points.items():
        each = ", ".join(f"{number(seconds / rows * 1e6)}" for rows, seconds in measured)
        exponent = slope(measured)
        growing = "linear or less" if exponent <= wishes.exponent else "more than linear"
        yield Row(SECTION, f"{what}: {measured[0][0]:,} to {measured[-1][0]:,}", exponent, "exponent",
                  target=wishes.exponent, note=f"{each} us a row: {growing}", points=tuple(measured))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent of the power law that fits (rows, seconds) best, by least squares of logarithms."""
    rows, seconds = np.log(np.array(points)).T
    return float(np.polyfit(rows, seconds, 1)[0])


def _works(scratch: Path, wished: int) -> tuple[int, dict[str, Work]]:
    """The number of clips, and each kind of work on them, with everything it needs laid out."""
    settings = settings_of(bench().extraction.entries[0])
    made = corpus(scratch / "corpus", wished)
    made.write_lists()
    made.write_audio(settings.clip_seconds)
    clips = len(made.names)
    table, truth, _ = write_scoring(scratch, clips)
    return clips, {
        "index": lambda: build_index(made.facts, made.root), "verify": partial(_verify, made),
        **_corrections(made, settings), "features": partial(_extract, made, settings),
        "scoring": lambda: score([table], ["made up"], truth)}


def _verify(made: Corpus) -> None:
    report = verify(made.facts, made.root)
    if not report.clean or report.checked != len(made.names):
        raise InputError(f"{made.root}: found {report.counts}, expected a clean corpus; is the disk full?")


def _corrections(made: Corpus, settings: FeatureSettings) -> dict[str, Work]:
    """Both kinds of spectrum correction, from log-mels (clip, mel, frame) in memory to the corrections."""
    base = 10.0 if settings.log.base == "10" else float(np.e)
    some = torch.randn(PART_CLIPS, settings.n_mels, settings.frames).half()
    logmel = some.repeat(-(-len(made.names) // PART_CLIPS), 1, 1)[:len(made.names)]

    def work(method: Any) -> Any:
        return corrections(made.names, spectra(logmel, base), taxonomy().reference_device, base, method)

    return {"spectrum correction (mean)": lambda: work("reference_mean"),
            "spectrum correction (pairs)": lambda: work("pairwise_pool")}


def _extract(made: Corpus, settings: FeatureSettings) -> None:
    with tempfile.TemporaryDirectory(prefix="task1-bench-", dir=made.root) as folder:
        extract(made.index, made.root, settings, "bench", Path(folder) / "store", PART_CLIPS, workers=1)


def _least(work: Work) -> float:
    """Seconds of the quickest turn: what work takes when nothing else gets in between."""
    turns = [processor_seconds(work)]
    while (len(turns) < LEAST_TURNS or sum(turns) < SECONDS_A_POINT) and len(turns) < MOST_TURNS \
            and turns[0] < LONG_TURN:
        turns.append(processor_seconds(work))
    return min(turns)
