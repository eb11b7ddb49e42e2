"""A corpus against the counts of its manifest; a superseded version of a data set is recognised by its counts.

In: an index and a data set's facts. Out: one sentence about the first count that differs, or None.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from task1.config import Dataset, dataset, names
from task1.config.facts import SplitCounts


def count_problem(index: pd.DataFrame, facts: Dataset, complete: bool = True) -> str | None:
    """What differs first; with `complete` false (no meta.csv) the index lacks the clips of neither list."""
    problem = next(_differences(index, facts, complete), None)
    if problem is None:
        return None
    return f"{problem}; {_advice(index, facts, complete)}"


def _advice(index: pd.DataFrame, facts: Dataset, complete: bool) -> str:
    others = [other for other in map(dataset, names("datasets"))
              if other.name != facts.name and (other.part, other.grammar) == (facts.part, facts.grammar)
              and next(_differences(index, other, complete), None) is None]
    for other in others:
        if other.superseded_by == facts.name:
            return (f"these are the counts of {other.title} ({other.name}), which {facts.name} replaced: download "
                    f"{facts.name}, or use data set {other.name} to work with these recordings")
    if others:
        return f"these are the counts of {' and '.join(other.name for other in others)}: is that the data set meant?"
    return "use the lists of the data set as they are"


def _differences(index: pd.DataFrame, facts: Dataset, complete: bool) -> Iterator[str]:
    counts = facts.counts
    if complete:
        yield from _unequal("clips", len(index), counts.files)
        if index["device"].all():  # evaluation sets seldom tell the devices
            yield from _unequal_groups("device", index["device"], counts.per_device, "")
    if facts.part == "evaluation":
        return
    splits: dict[str, SplitCounts | None] = {"train": counts.train, "test": counts.test}
    if complete:
        splits["unused"] = counts.unused
    for split, expected in splits.items():
        rows = index[index["split"] == split]
        of_split = f" of split {split}"
        yield from _unequal(f"clips{of_split}", len(rows), expected.files if expected else 0)
        if expected is None:
            continue
        if expected.locations is not None:
            yield from _unequal(f"locations{of_split}", rows["location"].nunique(), expected.locations)
        for column, groups in (("device", expected.per_device), ("scene", expected.per_scene),
                               ("city", expected.per_city)):
            yield from _unequal_groups(column, rows[column], groups, of_split)


def _unequal(what: str, found: int, expected: int) -> Iterator[str]:
    if found != expected:
        yield f"found {found:,} {what}, expected {expected:,}"


def _unequal_groups(column: str, values: "pd.Series[str]", expected: Mapping[str, int], of_split: str) -> Iterator[str]:
    if not expected:  # no source states it
        return
    found = values.value_counts()
    for name in sorted({*expected, *found.index}):
        yield from _unequal(f"clips of {column} {name}{of_split}", int(found.get(name, 0)), expected.get(name, 0))
