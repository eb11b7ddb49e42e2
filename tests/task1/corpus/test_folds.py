import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task1.corpus.folds import check_locations, check_parents, validation_split
from task1.errors import InputError


def index_of(places: dict[str, int], clips: int = 3) -> pd.DataFrame:
    """`places` training locations a scene with `clips` clips each, and as many test locations."""
    rows = [(f"audio/{scene}-lyon-{number}{split}-{clip}-a.wav", scene, f"lyon-{scene}{number}{split}", split)
            for scene, count in places.items() for number in range(count) for split in ("train", "test", "unused")
            for clip in range(clips)]
    return pd.DataFrame(rows, columns=["filename", "scene", "location", "split"])


scenes = st.dictionaries(st.sampled_from(["airport", "bus", "metro", "tram"]), st.integers(2, 12), min_size=1)


@settings(max_examples=40, deadline=None)
@given(scenes, st.floats(0.01, 0.99), st.integers(0, 10**9))
def test_disjoint_stratified_and_never_test(places: dict[str, int], share: float, seed: int) -> None:
    index = index_of(places)
    marked = validation_split(index, share, seed)
    assert marked.index.equals(index.index)
    assert set(index.loc[marked, "split"]) == {"train"}
    held, left = (set(index.loc[rows & (index["split"] == "train"), "location"]) for rows in (marked, ~marked))
    assert not held & left
    for scene, count in places.items():
        number = index.loc[marked & (index["scene"] == scene), "location"].nunique()
        assert 1 <= number <= count - 1
        assert abs(number - share * count) <= 1


@settings(max_examples=20, deadline=None)
@given(scenes, st.integers(0, 100), st.randoms(use_true_random=False))
def test_row_order_and_other_scenes_do_not_matter(places: dict[str, int], seed: int, dice: random.Random) -> None:
    index = index_of(places)
    marked = validation_split(index, 0.3, seed)
    order = dice.sample(range(len(index)), len(index))
    pd.testing.assert_series_equal(validation_split(index.iloc[order], 0.3, seed).sort_index(), marked)
    one = index[index["scene"] == next(iter(places))]
    pd.testing.assert_series_equal(validation_split(one, 0.3, seed), marked[one.index])


def test_seed_decides_and_larger_shares_hold_smaller_ones() -> None:
    index = index_of({"bus": 40, "tram": 40})
    ten, thirty = validation_split(index, 0.1, 0), validation_split(index, 0.3, 0)
    assert (thirty[ten]).all()
    assert not validation_split(index, 0.1, 1).equals(ten)
    assert not validation_split(index, 0, 0).any()


def test_this_choice_stays() -> None:
    """Golden: other locations held back would make runs of other versions incomparable."""
    index = index_of({"bus": 10})
    held = index.loc[validation_split(index, 0.2, 2023), "location"]
    assert sorted(set(held)) == ["lyon-bus5train", "lyon-bus7train"]


def test_a_single_location_cannot_be_split() -> None:
    with pytest.raises(InputError, match=r"scene tram: found 1 training location \(lyon-tram0train\)"):
        validation_split(index_of({"bus": 3, "tram": 1}), 0.2, 0)
    with pytest.raises(ValueError, match="share 1"):
        validation_split(index_of({"bus": 3}), 1, 0)


def listed(*names: str) -> pd.DataFrame:
    """Rows of a list from `location-segment-subsegment`."""
    parts = [name.split("-") for name in names]
    return pd.DataFrame({"location": [part[0] for part in parts], "segment": [part[1] for part in parts],
                         "subsegment": [part[2] for part in parts], "scene": "bus", "device": "a"},
                        index=pd.RangeIndex(2, 2 + len(names)))


def test_location_on_both_sides() -> None:
    train, test = listed("lyon1-1-0", "lyon2-1-0"), listed("lyon3-1-0", "lyon2-5-0")
    with pytest.raises(InputError, match=r"test.csv, line 3: found location lyon2, .* line 3 of train.csv"):
        check_locations(train, test, Path("train.csv"), Path("test.csv"))
    check_locations(train, test.iloc[:1], Path("train.csv"), Path("test.csv"))


def test_incomplete_segment() -> None:
    check_parents(listed("l1-7-0", "l1-8-1", "l1-7-1", "l1-8-0"), Path("meta.csv"), 2)
    with pytest.raises(InputError, match=r"meta.csv, line 4: found 1 sub-segments of segment bus-l1-8-a, expected"):
        check_parents(listed("l1-7-0", "l1-7-1", "l1-8-1"), Path("meta.csv"), 2)
