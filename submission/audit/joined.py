"""Which table is of which part of the corpus, and which list holds its clips.

A table most of whose clips stand in the package's own table is one of the evaluation set, any other one of the
development test fold. A table belongs to the list that names exactly its clips; where none does, to one that names all
of them and more (such as a whole meta.csv), and then its number of clips is held against the official count.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from submission.audit.sources import List, Table
from task1.outputs import Outputs
from task1.scoring.truth import Truth


@dataclass(frozen=True, eq=False)
class Joined:
    """A table with the truth of its clips; `exact` if the list has no other clips."""

    table: Outputs
    truth: Truth
    name: str
    exact: bool


def is_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two sequences of names, each without repetition, hold the same ones."""
    return len(one) == len(other) and (tuple(one) == tuple(other) or set(one) == set(other))


def sort_tables(tables: Sequence[Table], own: Outputs | None) -> tuple[list[Table], list[Table]]:
    """Those of the evaluation set, and those of the development test fold; without a readable table in the package
    numbered clips are the evaluation set's."""
    evaluation = [table for table in tables if table.part == "evaluation"
                  or (table.part is None and _is_evaluation(table.outputs.filenames, own))]
    return evaluation, [table for table in tables if table not in evaluation]


def join(table: Outputs, lists: Sequence[List]) -> Joined | str:
    """The table and its truth, or the reason why there is none."""
    names = table.filenames
    for one in lists:
        if is_same(names, one.truth.filenames):
            return Joined(table, one.truth, one.path.name, True)
    if not lists:
        return "no list of true scenes; give --truth LIST (or --run)"
    wanted = set(names)
    shared = {one: len(wanted.intersection(one.truth.filenames)) for one in lists}
    best = max(lists, key=lambda one: shared[one])
    if shared[best] == len(wanted):
        return Joined(table, restrict(best.truth, names), best.path.name, False)
    return (f"no list holds the table's {len(names):,} clips; the nearest, {best.path.name}, has {shared[best]:,} of "
            "them")


def restrict(truth: Truth, names: Collection[str]) -> Truth:
    """The clips of these names alone."""
    rows = np.flatnonzero(pd.Index(truth.filenames, dtype=object).isin(list(names)))
    return replace(truth, filenames=tuple(np.array(truth.filenames, dtype=object)[rows]), scenes=truth.scenes[rows],
                   devices=truth.devices[rows], cities=truth.cities[rows], locations=truth.locations[rows])


def _is_evaluation(names: Sequence[str], own: Outputs | None) -> bool:
    if own is not None:
        return 2 * len(set(names).intersection(own.filenames)) > len(names)
    return all(name.removesuffix(".wav").isdecimal() for name in names)
