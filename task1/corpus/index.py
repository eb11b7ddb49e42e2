"""The index of a data set: one row a clip, with all that its name and the official lists tell.

In: `<root>/meta.csv` and `<root>/evaluation_setup/fold1_{train,test,evaluate}.csv`; of evaluation sets fold1_test.csv.
Out: a frame of strings with the columns COLUMNS, in list order, "" where nothing is told; as a file TAB-separated.
`filename` is as in the lists (`audio/x.wav`), `location` is TAU's identifier (`lisbon-1000`: the city and a number).
Everything told twice is compared, and what does not agree is refused with its file and line.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from task1.config import Dataset, taxonomy
from task1.corpus.counts import count_problem
from task1.corpus.folds import check_locations, check_parents
from task1.corpus.lists import read_list
from task1.corpus.names import shown, split_names
from task1.errors import InputError
from task1.files import write_text

COLUMNS = ("filename", "scene", "city", "location", "segment", "subsegment", "device", "split")
SPLITS = ("train", "test", "unused", "evaluation")
LABELS = {"scene_label": "scene", "identifier": "location", "source_label": "device"}  # column of a list: field
UNTOLD_DEVICE = "unknown"  # the 2025 list's word for devices it keeps to itself

Listed = tuple[Path, pd.DataFrame]


def build_index(facts: Dataset, root: Path, allow_counts: bool = False) -> pd.DataFrame:
    """Read, compare and join the lists below `root`; without meta.csv the clips of neither fold list are unknown.

    Counts other than the manifest's are an error unless `allow_counts`.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected data set {facts.name} there ({facts.title})")
    index = _evaluation(facts, root) if facts.part == "evaluation" else _development(facts, root)
    problem = None if allow_counts else count_problem(index, facts, has_all_clips(facts, root))
    if problem:
        raise InputError(f"{root}: {problem} (or go on with these counts: --allow-counts)")
    return index


def has_all_clips(facts: Dataset, root: Path) -> bool:
    """Whether the lists name every clip of the data set."""
    return facts.part == "evaluation" or meta_list(root).exists()


def meta_list(root: Path) -> Path:
    return root / "meta.csv"


def write_index(index: pd.DataFrame, path: Path) -> None:
    """Write the index, whole or not at all; the same index gives the same bytes."""
    rows = zip(*(index[column] for column in COLUMNS), strict=True)
    write_text(path, "\n".join(["\t".join(COLUMNS), *map("\t".join, rows)]) + "\n")


def read_index(path: Path) -> pd.DataFrame:
    """The index that `write_index` wrote, refused if anything about it is unexpected."""
    again = "write it again with `task1 corpus index`"
    index = read_list(path, COLUMNS)
    known = {"split": pd.Index(SPLITS), "scene": pd.Index([*taxonomy().scenes, ""]),
             "device": pd.Index([*_devices(), ""])}
    for column, values in known.items():
        _check_known(path, index[column], values, f"{column}; {again}")
    bare = (index["scene"] == "") & (index["split"] != "evaluation")
    if bare.any():
        raise InputError(f"{path}, line {index.index[bare][0]}: found a clip of split "
                         f"{index.loc[index.index[bare][0], 'split']} without scene, expected one; {again}")
    return index.reset_index(drop=True)


def _evaluation(facts: Dataset, root: Path) -> pd.DataFrame:
    path = _fold_list(root, "test")
    listed = read_list(path, ("filename",), ("device_id",))
    split_names(listed["filename"].tolist(), facts.grammar, str(path))
    if "device_id" in listed:
        devices = listed["device_id"].replace(UNTOLD_DEVICE, "")
        _check_known(path, devices, pd.Index([*_devices(), ""]), "device")
    else:
        devices = pd.Series("", index=listed.index)
    return _frame(pd.DataFrame({"filename": listed["filename"], "device": devices, "split": "evaluation"}))


def _development(facts: Dataset, root: Path) -> pd.DataFrame:
    train = _labelled(facts, _fold_list(root, "train"), ("filename", "scene_label"))
    test = _labelled(facts, _fold_list(root, "test"), ("filename",))
    lists = [train, test]
    if _fold_list(root, "evaluate").exists():
        evaluate = _labelled(facts, _fold_list(root, "evaluate"), ("filename", "scene_label"))
        for one, other in ((evaluate, test), (test, evaluate)):
            _check_contained(one, other, "as the two lists hold the same clips")
    _check_disjoint(train, test)
    check_locations(train[1], test[1], train[0], test[0])
    if meta_list(root).exists():
        lists.append(_labelled(facts, meta_list(root), ("filename", *LABELS)))
        for one in (train, test):
            _check_contained(one, lists[-1], "which lists all clips")
        index = lists[-1][1]
    else:
        index = pd.concat([train[1], test[1]])
    if "subsegment" in index:
        whole = int(index["subsegment"].max()) + 1  # of one digit each, so the largest text is the largest number
        for path, frame in lists:
            check_parents(frame, path, whole)
    in_train, in_test = (index["filename"].isin(frame["filename"]) for _, frame in (train, test))
    return _frame(index.assign(split=np.select([in_train, in_test], ["train", "test"], "unused")))


def _fold_list(root: Path, kind: str) -> Path:
    return root / "evaluation_setup" / f"fold1_{kind}.csv"


def _frame(columns: pd.DataFrame) -> pd.DataFrame:
    """All columns of an index, "" in those that are not there."""
    absent = {column: "" for column in COLUMNS if column not in columns}
    return columns.assign(**absent)[list(COLUMNS)].astype(str).reset_index(drop=True)


def _labelled(facts: Dataset, path: Path, columns: tuple[str, ...]) -> Listed:
    """A list, its names taken apart, known to the taxonomy and in agreement with the list's other columns."""
    listed = read_list(path, columns, tuple(label for label in LABELS if label not in columns))
    fields = split_names(listed["filename"].tolist(), facts.grammar, str(path))
    fields["location"] = ["-".join(place) for place in zip(fields["city"], fields["location"], strict=True)]
    frame = pd.DataFrame({"filename": listed["filename"], **fields}, index=listed.index)
    known = taxonomy()
    _check_known(path, frame["scene"], pd.Index(known.scenes), "scene in the file name")
    _check_known(path, frame["device"], _devices(), "device in the file name")
    _check_known(path, frame["city"], pd.Index([*known.development_cities, *known.evaluation_only_cities]),
                 "city in the file name")
    for label, field in LABELS.items():
        if label not in listed:
            continue
        differs = listed[label] != frame[field]
        if differs.any():
            line = listed.index[differs][0]
            raise InputError(f"{path}, line {line}: found {label} {shown(listed.loc[line, label])} of "
                             f"{frame.loc[line, 'filename']}, expected {frame.loc[line, field]!r} as its name says")
    return path, frame


def _devices() -> pd.Index:
    return pd.Index([device for group in taxonomy().devices.values() for device in group])


def _check_known(path: Path, values: "pd.Series[str]", known: pd.Index, what: str) -> None:
    unknown = ~values.isin(known)
    if unknown.any():
        line = values.index[unknown][0]
        raise InputError(f"{path}, line {line}: found {shown(values[line])}, expected a "
                         f"{what} ({', '.join(filter(None, known))})")


def _check_contained(one: Listed, other: Listed, why: str) -> None:
    (path, frame), (other_path, other_frame) = one, other
    absent = ~frame["filename"].isin(other_frame["filename"])
    if absent.any():
        line = frame.index[absent][0]
        raise InputError(f"{path}, line {line}: found {frame.loc[line, 'filename']}, which is not in {other_path} "
                         f"({absent.sum():,} of {len(frame):,} clips), expected it there, {why}")


def _check_disjoint(train: Listed, test: Listed) -> None:
    (train_path, train_frame), (path, frame) = train, test
    twice = frame["filename"].isin(train_frame["filename"])
    if twice.any():
        line = frame.index[twice][0]
        name = frame.loc[line, "filename"]
        train_line = train_frame.index[train_frame["filename"] == name][0]
        raise InputError(f"{path}, line {line}: found {name}, which stands in line {train_line} of {train_path} as "
                         f"well ({twice.sum():,} of {len(frame):,} clips), expected every clip in one of them")
