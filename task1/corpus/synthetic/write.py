"""An embedded corpus on disk: TAU's folder, made in `<root_dir>.partial` and renamed when complete.

In: a data set of origin `embedded`. Out: `<corpora>/<root_dir>/` with audio, lists and README; for an evaluation set
also `<corpora>/<root_dir>.truth.csv`, the hidden truth in the columns of meta.csv. A folder made by this module carries
MARKER, which names what it was made from; any other folder of that name is left alone and refused. An interrupted run
leaves `<root_dir>.partial`, and the next one goes on from there.
"""

import json
import multiprocessing
import os
import shutil
import struct
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from task1.config import Dataset, taxonomy
from task1.corpus.synthetic.devices import record
from task1.corpus.synthetic.plan import Clip, Task, span, tasks
from task1.corpus.synthetic.scenes import sound
from task1.corpus.synthetic.signals import Signal, Span
from task1.errors import InputError
from task1.files import digest, write_text
from task1.processes import end_with

VERSION = 4
"""Of the generator: raised with every change of what is heard, so that old folders are made anew."""
MARKER = ".synthetic.json"
META_HEADER = ("filename", "scene_label", "identifier", "source_label")
README = """\
# {title}

SYNTHETIC. No recording stands behind these files: a program drew them from random numbers (seed {seed}, version
{version} of the generator). The folder has the layout, names, lists and audio format of the TAU Urban Acoustic Scenes
sets so that software made for those can be run without them; the names of cities and scenes are labels of random
processes, nothing more. Scores on these files say nothing about real recordings.
"""


def is_current(dataset: Dataset, corpora: Path) -> bool:
    """Whether the folder is complete and made from this manifest by this version of the generator."""
    root = corpora / dataset.root_dir
    if dataset.part == "evaluation" and not _truth(root).is_file():
        return False
    return _marker(root) == _origin(dataset)


def synthesise(dataset: Dataset, corpora: Path, workers: int) -> None:
    """Make the data set's folder, unless it stands there complete. The bytes do not depend on `workers`."""
    root = corpora / dataset.root_dir
    partial, old = root.with_name(f"{root.name}.partial"), root.with_name(f"{root.name}.partial-old")
    if root.exists() and _marker(root) is None:
        raise InputError(f"{root}: found a folder that `task1 corpus synth` did not make (it has no {MARKER}) and "
                         "will not overwrite; move it away or choose another folder for the corpora")
    shutil.rmtree(old, ignore_errors=True)
    if is_current(dataset, corpora):
        return
    work = tasks(dataset)
    if _marker(partial) != _origin(dataset):
        shutil.rmtree(partial, ignore_errors=True)
    (partial / "audio").mkdir(parents=True, exist_ok=True)
    write_text(partial / MARKER, json.dumps(_origin(dataset)) + "\n")
    _make_audio(dataset, work, partial, workers)
    _write_lists(dataset, [clip for task in work for clip in task.clips], partial, _truth(root))
    if root.exists():
        root.replace(old)
    partial.replace(root)
    shutil.rmtree(old, ignore_errors=True)


def _truth(root: Path) -> Path:
    return root.with_name(f"{root.name}.truth.csv")


def _origin(dataset: Dataset) -> dict[str, object]:
    facts = dataset.model_dump(mode="json", include={"name", "part", "grammar", "audio", "synthetic"})
    return {"generator": VERSION, "manifest": digest([facts, taxonomy().scenes])}


def _marker(root: Path) -> dict[str, object] | None:
    try:
        content = json.loads((root / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _make_audio(dataset: Dataset, work: list[Task], partial: Path, workers: int) -> None:
    """All moments whose clips are not there yet (of an earlier, interrupted run), in processes if several."""
    length = span(dataset)
    size = len(wav(np.zeros(dataset.audio.samples, np.float32), dataset.audio.sample_rate))
    waiting = [task for task in work if any(not _whole(partial / clip.filename, size) for clip in task.clips)]
    with tqdm(desc=f"making {dataset.name}", total=len(waiting), unit="moment", disable=None) as bar:
        for _ in _each(waiting, partial, length, dataset.audio.samples, workers):
            bar.update()


def _each(waiting: list[Task], partial: Path, length: Span, samples: int, workers: int) -> Iterator[Task]:
    """The moments as they are done."""
    if workers <= 1 or len(waiting) <= 1:
        for task in waiting:
            make(task, partial, length, samples)
            yield task
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(waiting)), context, end_with, (os.getpid(),))
    try:
        futures = {pool.submit(make, task, partial, length, samples): task for task in waiting}
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    finally:
        pool.shutdown(cancel_futures=True)


def make(task: Task, folder: Path, length: Span, samples: int) -> None:
    """Write the clips of one moment: the moment is heard once, then recorded by each device."""
    spectrum = sound(task.scene, task.moment, length)
    recordings: dict[str, Signal] = {}
    for clip in task.clips:
        if clip.device not in recordings:
            recordings = {clip.device: record(spectrum, clip.device, task.moment.key, length)}
        start = clip.piece * samples
        # a write cut short leaves a file that is too short, which the next run sees and writes again
        (folder / clip.filename).write_bytes(wav(recordings[clip.device][start: start + samples], length.rate))


def wav(signal: Signal, rate: int) -> bytes:
    """The signal as a mono 24-bit WAV file with the plain header of 44 bytes."""
    # a fixed triangular dither of one step: quantisation noise stays free of the signal, and is the same every time
    steps = np.clip(np.rint(signal * np.float32(2**23) + _dither(len(signal))), -(2**23), 2**23 - 1).astype("<i4")
    data = steps.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 3, 3, 24,
                       b"data", len(data)) + data


@cache
def _dither(samples: int) -> Signal:
    drawn = np.random.default_rng(0).random((2, samples), dtype=np.float32)
    return drawn[0] - drawn[1]


def _whole(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _write_lists(dataset: Dataset, clips: list[Clip], folder: Path, truth: Path) -> None:
    test = [clip for clip in clips if clip.part == "test"]
    setup = folder / "evaluation_setup"
    if dataset.part == "evaluation":
        test.sort(key=lambda clip: int(Path(clip.filename).stem))
        _table(truth, META_HEADER, test)
        _table(setup / "fold1_test.csv", META_HEADER[:1], test)
    else:
        _table(folder / "meta.csv", META_HEADER, clips)
        _table(setup / "fold1_train.csv", META_HEADER[:2], [clip for clip in clips if clip.part == "train"])
        _table(setup / "fold1_test.csv", META_HEADER[:1], test)
        _table(setup / "fold1_evaluate.csv", META_HEADER[:2], test)
    assert dataset.synthetic is not None
    write_text(folder / "README.md", README.format(title=dataset.title, seed=dataset.synthetic.seed, version=VERSION))


def _table(path: Path, columns: tuple[str, ...], clips: list[Clip]) -> None:
    rows = ((clip.filename, clip.scene, clip.identifier, clip.device)[: len(columns)] for clip in clips)
    write_text(path, "".join("\t".join(row) + "\n" for row in [columns, *rows]))
