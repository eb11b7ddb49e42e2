"""Log-mels: ours against librosa, two workers against one, memory, and what a whole data set takes.

The rows of entries are what a core does with a clip, from opening its file to the float16 values that are stored; the
others are whole extractions, parts and checks included. Recordings are noise, and in the system's file cache. What runs
on one core is measured in seconds of the processor.
"""

import multiprocessing
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch

from task1.allocator import keep_freed_memory
from task1.bench.corpus import Corpus, corpus
from task1.bench.peers import librosa_features
from task1.bench.rows import Row, Size
from task1.bench.timing import Spent, alternate, cpu_and_wall, processor_seconds, seconds, threads
from task1.config import META, Entry, FeatureSettings, dataset, load
from task1.config.bench import ExtractionWish, bench
from task1.features.audio import read_clip
from task1.features.extract import extract, extract_share
from task1.features.logmel import FRAMES_PER_BLOCK, LogMel, stored

SECTION = "extraction"
QUARTERS = 4
PART_CLIPS = {Size.QUICK: 10, Size.FULL: 1000}
ROUNDS = {Size.QUICK: 1, Size.FULL: 15}
LONG_ROUNDS = {Size.QUICK: 1, Size.FULL: 3}
CLIP_SECONDS_A_ROUND = {Size.QUICK: 4, Size.FULL: 40}
STATUS = Path("/proc/self/status")


def measure(size: Size) -> Iterator[Row]:
    keep_freed_memory()
    wishes = bench().extraction
    with tempfile.TemporaryDirectory(prefix="task1-bench-") as scratch, threads(1):
        for entry in wishes.entries:
            yield _against_librosa(entry, Path(scratch), size, wishes.ratio)
    yield from _whole(wishes, size)
    yield from _workers(wishes, size)


def settings_of(entry: str) -> FeatureSettings:
    return load(Entry, META / "entries" / f"{entry}.yaml").features


def ours(paths: Sequence[Path], logmel: LogMel) -> np.ndarray:
    """Log-mels (clip, mel, frame) as the extraction computes and stores them."""
    return np.stack([stored(logmel(read_clip(path, logmel.settings))) for path in paths])


def transform(settings: FeatureSettings, clips: int, rounds: int) -> float:
    """Seconds of the Fourier transforms of so many clips and nothing else: what no log-mel can do without."""
    blocks = torch.rand(settings.frames, settings.n_fft).split(FRAMES_PER_BLOCK)

    def work() -> None:
        for _ in range(clips):
            for block in blocks:
                torch.fft.rfft(block)

    return min(processor_seconds(work) for _ in range(rounds + 1))


def peak_memory(root: Path, names: Sequence[str], settings: FeatureSettings, part_clips: int) -> float:
    """Megabytes that a process takes at most that extracts these clips, and nothing else, by itself."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_extract_and_weigh, root, names, settings, part_clips).result()


def _against_librosa(entry: str, scratch: Path, size: Size, wish: float) -> Row:
    settings, root = settings_of(entry), scratch / entry
    made = corpus(root, 0)
    made.write_audio(settings.clip_seconds)
    paths = [root / name for name in made.names[:max(1, round(CLIP_SECONDS_A_ROUND[size] / settings.clip_seconds))]]
    logmel, kept = LogMel(settings), librosa_features.KeptFilters(settings)
    own, plain = alternate(partial(ours, paths, logmel),
                           lambda: [librosa_features.logmel(path, settings) for path in paths], ROUNDS[size],
                           cpu=True)
    second, careful = alternate(partial(ours, paths, logmel), lambda: [kept.logmel(path) for path in paths],
                                ROUNDS[size], cpu=True)
    shutil.rmtree(root)
    each = 1000 / len(paths)
    note = (f"{transform(settings, len(paths), ROUNDS[size]) * each:.2f} ms of it are the Fourier transform; librosa "
            f"with its filters kept: {careful * each:.2f} ms, {careful / second:.1f}x")
    return Row(SECTION, f"{entry}: a clip of {settings.clip_seconds:g} s, one core", own * each, "ms",
               plain * each, "librosa", wish, note=note)


def _whole(wishes: ExtractionWish, size: Size) -> Iterator[Row]:
    settings, full = settings_of(wishes.entries[0]), dataset(wishes.dataset)
    with _recordings(wishes.clips if size is Size.FULL else 0, settings) as made:
        clips = len(made.names)
        quarters = [_quarters(made, settings, PART_CLIPS[size]) for _ in range(LONG_ROUNDS[size])]
        drift = median(last.cpu / first.cpu for first, *_, last in quarters)
        each = ", ".join(f"{spent.cpu / clips * QUARTERS * 1000:.2f}" for spent in quarters[-1])
        yield Row(SECTION, f"time of the last quarter of {clips:,} clips to the first", drift, "times",
                  target=wishes.growth, note=f"{each} ms a clip")
        total = median(sum(spent.cpu for spent in four) for four in quarters) / clips * full.counts.files
        yield Row(SECTION, f"projected to {full.name}: {full.counts.files:,} clips, one core", total / 60, "min",
                  note=f"from {clips:,} clips; files in the system's cache, a disk has to give "
                       f"{full.counts.files * full.audio.samples * full.audio.bits / 8 / total / 1e6:.0f} MB/s")
        few = made.names[:clips // 4]
        small, large = (peak_memory(made.root, names, settings, PART_CLIPS[size]) for names in (few, made.names))
        yield Row(SECTION, f"peak memory of {clips:,} clips to that of {len(few):,}", large / small, "times",
                  target=wishes.growth, note=f"{small:.0f} MB, {large:.0f} MB")


def _workers(wishes: ExtractionWish, size: Size) -> Iterator[Row]:
    """Several against one, at the size of a whole data set."""
    settings, workers, full = settings_of(wishes.entries[0]), wishes.workers, dataset(wishes.dataset)
    with _recordings(full.counts.files if size is Size.FULL else 0, settings) as made:
        several, one = (seconds(partial(_extract, made, settings, PART_CLIPS[size], count))
                        for count in (workers.count, 1))
        yield Row(SECTION, f"{len(made.names):,} clips of {wishes.entries[0]}, {workers.count} workers", several, "s",
                  one, "1 worker", workers.ratio, note="start of the processes included")


@contextmanager
def _recordings(clips: int, settings: FeatureSettings) -> Iterator[Corpus]:
    with tempfile.TemporaryDirectory(prefix="task1-bench-") as scratch:
        made = corpus(Path(scratch) / "corpus", clips)
        made.write_audio(settings.clip_seconds)
        yield made


def _quarters(made: Corpus, settings: FeatureSettings, part_clips: int) -> list[Spent]:
    """Times of each quarter of an extraction by one worker, as four jobs of a cluster in turn."""
    with tempfile.TemporaryDirectory(prefix="task1-bench-") as scratch:
        folder = Path(scratch) / "store"
        return [cpu_and_wall(partial(extract_share, made.index, made.root, settings, "bench", folder, part_clips, share,
                                     QUARTERS, workers=1)) for share in range(QUARTERS)]


def _extract(made: Corpus, settings: FeatureSettings, part_clips: int, workers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="task1-bench-") as scratch:
        extract(made.index, made.root, settings, "bench", Path(scratch) / "store", part_clips, workers)


def _extract_and_weigh(root: Path, names: Sequence[str], settings: FeatureSettings, part_clips: int) -> float:
    _extract(Corpus(root, tuple((name, "", "", "") for name in names)), settings, part_clips, 1)
    return _peak()


def _peak() -> float:
    """Megabytes of this process at its largest."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6
