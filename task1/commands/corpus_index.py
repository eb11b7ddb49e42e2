"""`task1 corpus index`: one table of all clips, from the official lists."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import WORK, add_corpora, add_verb

if TYPE_CHECKING:
    import pandas as pd

    from task1.commands import Verbs

DESCRIPTION = """\
Read the lists of a data set (meta.csv, evaluation_setup/fold1_*.csv), compare all that they and the file names tell
twice, and write one table: filename, scene, city, location, segment, subsegment, device, split. No recording is opened.

Refused, with file and line: names that are not the data set's, labels that differ from the name, clips listed twice or
in train and test, locations on both sides of the fold, segments with sub-segments missing, counts that are not the
published ones. Without meta.csv the clips in neither fold list are left out.
"""


def register(actions: "Verbs") -> None:
    parser = add_verb(actions, "index", "list clips, scenes, devices and splits; check for leaks", DESCRIPTION)
    parser.add_argument("dataset", metavar="DATASET", help="a name under meta/datasets")
    add_corpora(parser)
    parser.add_argument("--root", type=Path, metavar="DIR",
                        help="the data set's own folder, if it is not <corpora>/<its usual name>")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: work/index/DATASET.csv")
    parser.add_argument("--allow-counts", action="store_true",
                        help="go on with other counts than the published ones, as with a list of your own choice")
    parser.set_defaults(handler=_index)


def _index(arguments: argparse.Namespace) -> None:
    from task1.config import dataset
    from task1.corpus.counts import count_problem
    from task1.corpus.index import build_index, has_all_clips, meta_list, write_index

    facts = dataset(arguments.dataset)
    root = arguments.root or arguments.corpora / facts.root_dir
    index = build_index(facts, root, arguments.allow_counts)
    path = arguments.out or WORK / "index" / f"{facts.name}.csv"
    write_index(index, path)
    print(f"{facts.title}\n\n{summary(index)}\n")
    if not has_all_clips(facts, root):
        print(f"Warning: no {meta_list(root)}, so clips in neither fold list are left out.")
    if arguments.allow_counts and (problem := count_problem(index, facts, has_all_clips(facts, root))):
        print(f"Warning: {problem}.")
    if facts.part == "development":
        print("Train and test share no location.")
    print(f"Written: {path}")


def summary(index: "pd.DataFrame") -> str:
    """Clips by split and device; locations and cities where they are known."""
    from task1.config import taxonomy
    from task1.corpus.index import SPLITS

    devices = [device for group in taxonomy().devices.values() for device in group if (index["device"] == device).any()]
    splits = [split for split in SPLITS if (index["split"] == split).any()]
    located = (index["location"] != "").any()
    rows = [["", *devices, "clips", *(["locations", "cities"] if located else [])]]
    for split in [*splits, *(["all"] if len(splits) > 1 else [])]:
        of_split = index if split == "all" else index[index["split"] == split]
        per_device = of_split["device"].value_counts()
        counts = [int(per_device.get(device, 0)) for device in devices] + [len(of_split)]
        if located:
            counts += [of_split["location"].nunique(), of_split["city"].nunique()]
        rows.append([split, *(f"{count:,}" if count else "-" for count in counts)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in
                                                           zip(row[1:], widths[1:], strict=True))]) for row in rows)
