"""From a data set's recordings to its feature store: parts in parallel processes, the list of them last.

Parts are independent. A killed run leaves its finished parts, and the next run takes them as they are unless their
parameters, their recordings or the code that computes log-mels have changed since.
"""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from task1.allocator import keep_freed_memory
from task1.config import FeatureSettings
from task1.errors import InputError
from task1.features.parts import Outcome, PartJob, make_part
from task1.features.store import FeatureStore
from task1.features.writer import write_store
from task1.processes import end_with

if TYPE_CHECKING:
    import pandas as pd

POLL_SECONDS = 0.2
_counter: Any = None  # clips done, shared by the workers of one pool


def extract(index: "pd.DataFrame", root: Path, settings: FeatureSettings, dataset_name: str, folder: Path,
            part_clips: int, workers: int, skip_bad: bool = False) -> FeatureStore:
    """Compute the log-mels of every file in column `filename` (below `root`) that `folder` does not hold yet.

    Unusable recordings: an error that names the first, after all others have been computed; with `skip_bad` they are
    left out and listed in store.json.
    """
    jobs = _plan(index, root, settings, dataset_name, folder, part_clips, skip_bad)
    outcomes = make_parts(jobs, workers, f"features {dataset_name}")
    clips = sum(len(job.filenames) for job in jobs)
    _refuse_unusable(outcomes, root, clips, skip_bad and any(outcome.part for outcome in outcomes))
    _list(outcomes, jobs[0])
    return FeatureStore(folder, settings)


def extract_share(index: "pd.DataFrame", root: Path, settings: FeatureSettings, dataset_name: str, folder: Path,
                  part_clips: int, share: int, shares: int, workers: int, skip_bad: bool = False) -> list[Outcome]:
    """Compute every `shares`-th part, from part `share` on (0 is the first), as one job of many on a cluster.

    `extract` then only lists the parts.
    """
    if not 0 <= share < shares:
        raise InputError(f"share {share}: found no such share, expected 0 .. {shares - 1}")
    jobs = _plan(index, root, settings, dataset_name, folder, part_clips, skip_bad)[share::shares]
    outcomes = make_parts(jobs, workers, f"features {dataset_name} {share + 1}-of-{shares}")
    _refuse_unusable(outcomes, root, sum(len(job.filenames) for job in jobs), skip_bad)
    return outcomes


def make_parts(jobs: Sequence[PartJob], workers: int, title: str) -> list[Outcome]:
    """Make every part, in this process or in `workers` others; outcomes in the order of the parts."""
    workers = min(workers, len(jobs))
    with tqdm(total=sum(len(job.filenames) for job in jobs), unit="clip", desc=title, disable=None) as bar:
        run = _in_turn if workers <= 1 else _in_parallel
        return sorted(run(jobs, workers, bar), key=lambda outcome: outcome.number)


def _plan(index: "pd.DataFrame", root: Path, settings: FeatureSettings, dataset_name: str, folder: Path,
          part_clips: int, skip_bad: bool) -> list[PartJob]:
    filenames = [str(name) for name in index["filename"]]
    check_names(filenames, root, dataset_name, skip_bad)
    return [PartJob(folder, number, root, tuple(filenames[start:start + part_clips]), settings, dataset_name, skip_bad)
            for number, start in enumerate(range(0, len(filenames), part_clips))]


def check_names(filenames: Sequence[str], root: Path, dataset_name: str, skip_bad: bool = False) -> None:
    """Fail now, not after hours, where the folder is wrong or incomplete."""
    if not filenames:
        raise InputError(f"data set {dataset_name}: its index lists no clip, expected one or more")
    if len(set(filenames)) != len(filenames):
        twice, _ = Counter(filenames).most_common(1)[0]
        raise InputError(f"data set {dataset_name}: {twice} stands twice in its index; keep one row a clip")
    if skip_bad and root.is_dir():
        return
    present: dict[Path, set[str]] = {}
    missing = []
    for name in filenames:
        path = root / name
        if path.parent not in present:
            present[path.parent] = set(os.listdir(path.parent)) if path.parent.is_dir() else set()  # noqa: PTH208
        if path.name not in present[path.parent]:
            missing.append(path)
    if missing:
        raise InputError(f"{missing[0]}: no such file; {len(missing)} of the {len(filenames)} recordings in the "
                         f"index of {dataset_name} are missing; complete the data set or give the right folder")


def _in_turn(jobs: Sequence[PartJob], _: int, bar: "tqdm[Any]") -> Iterator[Outcome]:
    for job in jobs:
        yield make_part(job, bar.update)


def _in_parallel(jobs: Sequence[PartJob], workers: int, bar: "tqdm[Any]") -> Iterator[Outcome]:
    spawn = multiprocessing.get_context("spawn")  # fork is not safe once a process has threads
    counter = spawn.Value("q", 0)
    pool = ProcessPoolExecutor(workers, spawn, _begin_worker, (counter, os.getpid()))
    try:
        pending = {pool.submit(_work, job) for job in jobs}
        while pending:
            done, pending = wait(pending, POLL_SECONDS, FIRST_COMPLETED)
            bar.update(counter.value - bar.n)
            for future in done:
                yield future.result()
    except BrokenProcessPool:
        raise InputError(f"{jobs[0].folder}: a worker process was killed (out of memory?); finished parts are kept, "
                         "run the same command again, with fewer --workers if it recurs") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker(counter: Any, parent: int) -> None:
    global _counter
    _counter = counter
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker at once; the parent tells the user
    end_with(parent)
    keep_freed_memory()


def _work(job: PartJob) -> Outcome:
    return make_part(job, _count)


def _count(clips: int) -> None:
    with _counter.get_lock():
        _counter.value += clips


def _refuse_unusable(outcomes: Sequence[Outcome], root: Path, clips: int, may_skip: bool) -> None:
    skipped = [skip for outcome in outcomes for skip in outcome.skipped]
    if skipped and not may_skip:
        way_out = ", or leave them out with --skip-bad" if len(skipped) < clips else ""
        raise InputError(f"{root / skipped[0].filename}: {skipped[0].reason}; {len(skipped)} of {clips} "
                         f"recordings cannot be used, this is the first; correct them{way_out}")


def _list(outcomes: Sequence[Outcome], job: PartJob) -> None:
    """Write store.json and clear away what no longer belongs to the store."""
    write_store(job.folder, job.settings, job.dataset, [outcome.part for outcome in outcomes if outcome.part],
                [asdict(skip) for outcome in outcomes for skip in outcome.skipped],
                [outcome.number for outcome in outcomes])
