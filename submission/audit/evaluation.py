"""The output table that the package holds: its rows, whether it is the one that was made, and its scores.

Inputs: the entry, the table that the team's system wrote (of a run, or given), the lists. Output: rows. The package's
table has to hold the same labels and the same numbers, each within half a unit of its last printed digit. In packages
of this program every row is divided by its sum before it is printed; others may leave that out.
"""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from submission.audit.contents import Entry
from submission.audit.joined import is_same, join
from submission.audit.rows import NONE, Row, fits, unclaimed
from submission.audit.sources import List, Table
from submission.validate.findings import named
from submission.validate.system import expected_clips
from task1.config import Edition, taxonomy
from task1.errors import InputError
from task1.outputs import Floats, Integers, Outputs, align, basenames
from task1.scoring.evaluate import evaluate

KEY = "output table"
SHOWN = 3
DIGITS = 9
"""Significant ones, as our tables print."""
CERTAIN = 0.499
"""Of a unit of the last digit: nearer than that, rounding leaves no doubt."""


def table_rows(entry: Entry, sources: Sequence[Table], lists: Sequence[List], rules: Edition,
               from_run: bool) -> Iterator[Row]:
    """Everything about one system's output table."""
    if entry.table is None:
        why = "it cannot be read" if entry.table_bytes else "the package has none"
        yield Row(entry.label, KEY, NONE, NONE, NONE, "differs", why)
        return
    yield _clips(entry, entry.table, [*(one.outputs.filenames for one in sources),
                                      *(one.truth.filenames for one in lists)], rules)
    if not sources:
        yield Row(entry.label, f"{KEY}, values", f"{len(entry.table)} rows", NONE, NONE, "not given",
                  "nothing to hold them against but their own sums and labels; give the system's table with --outputs "
                  "(or --run)")
    for source in sources:
        yield _values(entry, entry.table, source, from_run)
    joined = join(entry.table, lists)
    if not isinstance(joined, str):
        scores = evaluate(entry.table, joined.truth)
        yield unclaimed(entry.label, "evaluation accuracy", 100 * scores["accuracy"], 4, f"against {joined.name}")
        yield unclaimed(entry.label, "evaluation log loss", scores["log_loss"], 6, f"against {joined.name}")


def _clips(entry: Entry, outputs: Outputs, known: Sequence[Collection[str]], rules: Edition) -> Row:
    """Whether it has every clip of the evaluation set and no other."""
    own = set(outputs.filenames)
    expected = next((names for names in known if not own.isdisjoint(names)), None)
    wanted = basenames(tuple(expected)) if expected else list(expected_clips(entry.tree, rules, None))
    same = is_same(outputs.filenames, wanted)
    difference = len(wanted) - len(outputs)
    return Row(entry.label, f"{KEY}, clips", str(len(outputs)), str(len(wanted)), f"{difference:+d}" if difference else
               "0", "agrees" if same else "differs", "" if same else "other clips than those of the evaluation set")


def _values(entry: Entry, outputs: Outputs, source: Table, from_run: bool) -> Row:
    """Labels and numbers against those that the system gave."""
    def row(wrong: int, why: str) -> Row:
        return Row(entry.label, f"{KEY}, values", f"{len(outputs)} rows", f"{len(outputs) - wrong} rows",
                   f"-{wrong}" if wrong else "0", "differs" if wrong else "agrees", why)

    try:
        made = align(source.outputs, outputs.filenames, str(source.path))
    except InputError as error:
        return row(len(outputs), str(error))
    readings = [(made.probabilities / made.probabilities.sum(axis=1, keepdims=True), f".{DIGITS}g")]
    if not from_run:  # others need not divide rows by their sums
        readings.append((made.probabilities, "r"))
    wrong_labels = outputs.decisions != made.decisions
    suspects = [np.flatnonzero(wrong_labels | ~_near(outputs.probabilities, values).all(axis=1))
                for values, _ in readings]
    best = min(range(len(readings)), key=lambda reading: len(suspects[reading]))
    different = _different(entry.table_bytes, outputs, made, suspects[best], *readings[best])
    first = f": {'; '.join(different[:SHOWN])}" if different else ", as printed"
    return row(len(different), f"{'against' if different else 'those of'} {source.path.name}{first}")


def _different(content: bytes, outputs: Outputs, made: Outputs, suspects: Integers, values: Floats,
               form: str) -> list[str]:
    """Those of the suspected rows whose label or printed numbers are not `made` and `values` in that form."""
    if not len(suspects):
        return []
    scenes = taxonomy().scenes
    header, *lines = content.decode("utf-8").replace("\r\n", "\n").split("\n")
    columns = [header.split("\t").index(scene) for scene in scenes]
    told = []
    for number in suspects.tolist():
        fields = lines[number].split("\t")
        wrong = [scene for scene, column, value in zip(scenes, columns, values[number].tolist(), strict=True)
                 if not fits(Decimal(fields[column]), Decimal(repr(value) if form == "r" else format(value, form)))]
        if outputs.decisions[number] != made.decisions[number]:
            wrong.append("scene_label")
        if wrong:
            told.append(f"row {number + 2} ({named(outputs.filenames[number])}): {', '.join(wrong)}")
    return told


def _near(printed: Floats, values: Floats) -> npt.NDArray[np.bool_]:
    """Where a number certainly is `values` rounded to the digits of the table; what is not near is looked at as text.

    The digits are the nine of our tables, or as few decimals as show every number of this one.
    """
    distance = np.abs(printed - values)
    exponents = np.floor(np.log10(np.maximum(values, np.finfo(float).tiny)))
    near = distance < CERTAIN * 10.0 ** (exponents - DIGITS + 1)
    for decimals in range(1, DIGITS + 1):
        if np.abs(printed - printed.round(decimals)).max() < np.finfo(float).eps:
            return near | (distance < CERTAIN * 10.0 ** -decimals)
    return near
