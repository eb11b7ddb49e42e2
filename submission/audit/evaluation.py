"""The output table that the package holds: its rows, whether it is the one that was made, and its scores.

Inputs: the entry, the table that the team's system wrote (of a run, or given), the lists. Output: rows. A table of a
run has to be equal in every byte to what `submission package` makes of the run's table. One that is given has to hold
the same decisions and the same numbers as printed, each within half a unit of the last printed digit.
"""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

import numpy as np

from submission.audit.contents import Entry
from submission.audit.joined import is_same, join
from submission.audit.rows import NONE, Row, fits, unclaimed
from submission.audit.sources import List, Table
from submission.validate.findings import named
from submission.validate.system import expected_clips
from task1.config import Edition, taxonomy
from task1.errors import InputError
from task1.outputs import Outputs, align, basename, table
from task1.scoring.evaluate import evaluate

KEY = "output table"
SHOWN = 3


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
    wanted = [basename(name) for name in expected] if expected else list(expected_clips(entry.tree, rules, None))
    same = is_same(outputs.filenames, wanted)
    difference = len(wanted) - len(outputs)
    return Row(entry.label, f"{KEY}, clips", str(len(outputs)), str(len(wanted)), f"{difference:+d}" if difference else
               "0", "agrees" if same else "differs", "" if same else "other clips than those of the evaluation set")


def _values(entry: Entry, outputs: Outputs, source: Table, from_run: bool) -> Row:
    def row(agrees: bool, wrong: int, why: str) -> Row:
        return Row(entry.label, f"{KEY}, values", f"{len(outputs)} rows", f"{len(outputs) - wrong} rows",
                   f"-{wrong}" if wrong else "0", "agrees" if agrees else "differs", why)

    try:
        made = align(source.outputs, outputs.filenames, str(source.path))
    except InputError as error:
        return row(False, len(outputs), str(error))
    if table(made).encode() == entry.table_bytes:
        return row(True, 0, f"those of {source.path.name}, byte by byte")
    different = _different(entry.table_bytes, outputs, _normal(made))
    if not from_run and different:  # others need not divide rows by their sums
        different = min(different, _different(entry.table_bytes, outputs, made), key=len)
    if not from_run and not different:
        return row(True, 0, f"those of {source.path.name}, as printed")
    first = "; ".join(different[:SHOWN]) or "the same numbers, written otherwise"
    return row(False, len(different), f"against {source.path.name}: {first}")


def _normal(outputs: Outputs) -> Outputs:
    """The numbers as `table` prints them."""
    lines = table(outputs).splitlines()[1:]
    return Outputs(outputs.filenames, np.array([line.split("\t")[2:] for line in lines], dtype=np.float64),
                   outputs.decisions)


def _different(content: bytes, outputs: Outputs, made: Outputs) -> list[str]:
    """Rows whose label or numbers are not those that were made, as printed."""
    scenes = list(taxonomy().scenes)
    suspects = np.flatnonzero((outputs.probabilities != made.probabilities).any(axis=1)
                              | (outputs.decisions != made.decisions))
    if not len(suspects):
        return []
    rows = list(csv.reader(io.StringIO(content.decode("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE))
    columns = [rows[0].index(scene) for scene in scenes]
    told = []
    for number in suspects.tolist():
        values = made.probabilities[number].tolist()
        wrong = [scene for scene, column, value in zip(scenes, columns, values, strict=True)
                 if not fits(Decimal(rows[number + 1][column]), Decimal(repr(value)))]
        if outputs.decisions[number] != made.decisions[number]:
            wrong.append("scene_label")
        if wrong:
            told.append(f"row {number + 2} ({named(outputs.filenames[number])}): {', '.join(wrong)}")
    return told
