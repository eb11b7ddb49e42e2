"""Folds that do not leak: the check of the official one, and a validation part cut from its training side.

What may not be on both sides is the location (a place in a city) and, in 1 s sets, the ten-second segment ("parent")
whose sub-segments follow each other. Clips in neither list (split `unused`) do share locations with both sides.
"""

import hashlib
import math
from pathlib import Path

import numpy as np
import pandas as pd

from task1.errors import InputError

PARENT = ["scene", "location", "segment", "device"]


def check_locations(train: pd.DataFrame, test: pd.DataFrame, train_path: Path, test_path: Path) -> None:
    """No location stands in both lists; the frames have a column `location` and line numbers as index."""
    leaked = test.index[test["location"].isin(train["location"])]
    if len(leaked):
        location = test.loc[leaked[0], "location"]
        line = train.index[train["location"] == location][0]
        count, places = test.loc[leaked, "location"].nunique(), test["location"].nunique()
        raise InputError(f"{test_path}, line {leaked[0]}: found location {location}, which stands in line {line} of "
                         f"{train_path} as well ({count:,} of {places:,} locations), expected every location on one "
                         "side of the fold; use the lists of the data set as they are")


def check_parents(frame: pd.DataFrame, path: Path, whole: int) -> None:
    """Each segment stands in the list with all its `whole` sub-segments, so none of it can be in another list.

    The frame has the fields of the names as columns and line numbers as index; every name stands there once, and
    every sub-segment is below `whole`, so that their number tells whether they are all there.
    """
    names = frame["scene"].str.cat(frame[PARENT[1:]], sep="-")
    parents = pd.factorize(names)[0]
    found = np.bincount(parents)[parents]
    if (found != whole).any():
        row = int((found != whole).argmax())
        raise InputError(f"{path}, line {frame.index[row]}: found {found[row]} sub-segments of segment "
                         f"{names.iloc[row]}, expected its {whole} (0 .. {whole - 1}) in one list; use the lists of "
                         "the data set as they are")


def validation_split(index: pd.DataFrame, share: float, seed: int) -> "pd.Series[bool]":
    """Marks the training clips of about `share` of each scene's training locations (at least one, never all).

    Every location has one scene. It is chosen by a digest of seed and name, so the choice depends on nothing else: not
    on the order of the rows, not on other scenes. A larger share holds the locations of a smaller one; 0 marks nothing.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share {share}, expected 0 <= share < 1")
    training = index["split"] == "train"
    if share == 0:
        return pd.Series(False, index=index.index, dtype=bool)
    chosen: set[str] = set()
    places = index.loc[training, ["scene", "location"]].drop_duplicates()
    for scene, group in sorted(places.groupby("scene")):
        locations = sorted(group["location"], key=lambda location: _rank(location, seed))
        if len(locations) < 2:
            raise InputError(f"scene {scene}: found {len(locations)} training location ({locations[0]}), expected 2 "
                             "or more, since one is held back for validation; use training.validation_share=0")
        chosen.update(locations[:min(max(math.floor(share * len(locations) + 0.5), 1), len(locations) - 1)])
    return training & index["location"].isin(chosen)


def _rank(location: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{location}".encode()).digest()
