"""Scoring of many rows, and the audit of a package with the whole evaluation set in it.

Scoring runs on one core and is measured in seconds of the processor; an audit is a command, measured by the clock.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from task1.bench.made_up import made_up_run
from task1.bench.rows import Row, Size
from task1.bench.tables import write_scoring
from task1.bench.timing import threads, typical
from task1.config.bench import AuditWish, bench
from task1.errors import InputError
from task1.outputs import align, read_outputs
from task1.scoring.evaluate import evaluate
from task1.scoring.intervals import Resampling, locations, resample
from task1.scoring.report import score
from task1.scoring.truth import read_truth

SECTION = "scoring"
ROUNDS = {Size.QUICK: 1, Size.FULL: 5}
QUICK_ROWS = 2000


def measure(size: Size) -> Iterator[Row]:
    wishes = bench().scoring
    with tempfile.TemporaryDirectory(prefix="task1-bench-") as scratch:
        with threads(1):
            yield from _scoring(Path(scratch), size, wishes.rows if size is Size.FULL else QUICK_ROWS, wishes.seconds)
        yield _audit(Path(scratch) / "work", size, wishes.audit)


def _scoring(folder: Path, size: Size, wished: int, limit: float) -> Iterator[Row]:
    table, truth, rows = write_scoring(folder, wished)
    outputs, answers = read_outputs(table), read_truth(truth)
    joined, places = align(outputs, answers.filenames), locations(answers)
    if places is None:
        raise ValueError("made-up names tell their locations")
    steps: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("table read and checked", lambda: read_outputs(table)), ("list read and checked", lambda: read_truth(truth)),
        ("scores", lambda: evaluate(outputs, answers)),
        (f"{Resampling().resamples} resamples", lambda: resample(joined, answers, places, Resampling())))
    times = ", ".join(f"{what} {typical(step, ROUNDS[size], cpu=True):.2f} s" for what, step in steps)
    yield Row(SECTION, f"task1 score, {rows:,} rows, with intervals, one core",
              typical(lambda: score([table], ["made up"], truth), ROUNDS[size], cpu=True), "s", target=limit,
              note=times)


def _audit(work: Path, size: Size, wish: AuditWish) -> Row:
    made = made_up_run(work, wish.entry, None if size is Size.FULL else QUICK_ROWS)
    _submission("package", "--run", made.run)
    taken = typical(lambda: _submission("audit", "--run", made.run, "--strict"), min(ROUNDS[size], 3))
    return Row(SECTION, f"submission audit, {made.systems} systems of {made.rows:,} rows", taken, "s",
               target=wish.seconds, note="the whole command: tables, lists, networks, package")


def _submission(*arguments: str | Path) -> None:
    """A command of `submission`, on which nothing here may depend."""
    done = subprocess.run([sys.executable, "-m", "submission", *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        said = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise InputError(f"submission {arguments[0]}: ended with status {done.returncode} and said: {said}")
