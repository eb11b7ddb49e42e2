"""Recordings that cannot be used: an error by default, left out and listed with skip_bad."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from task1.config import FeatureSettings
from task1.errors import InputError
from task1.features.extract import extract
from task1.features.store import FeatureStore

Recordings = Callable[[int], tuple[Path, pd.DataFrame]]


def test_bad_recordings_fail_after_the_rest_is_done(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings, computed: list[str]) -> None:
    root, index = recordings(9)
    folder = tmp_path / "store"
    good = (root / index["filename"][4]).read_bytes()
    for number in (4, 5):
        (root / index["filename"][number]).write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"lyon-4-a\.wav: found 4 bytes .*; 2 of 9 recordings .*--skip-bad"):
        extract(index, root, small, "toy", folder, 3, 1)
    assert sorted(path.name for path in folder.iterdir()) == [
        "part-00000.h5", "part-00000.json", "part-00002.h5", "part-00002.json"]
    for number in (4, 5):
        (root / index["filename"][number]).write_bytes(good)
    computed.clear()
    assert extract(index, root, small, "toy", folder, 3, 1).shape[0] == 9
    assert len(computed) == 3


def test_the_list_does_not_outlive_what_it_lists(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(4)
    folder = tmp_path / "store"
    extract(index, root, small, "toy", folder, 3, 1)
    (root / index["filename"][0]).write_bytes(b"RIFF")
    with pytest.raises(InputError, match="1 of 4 recordings"):
        extract(index, root, small, "toy", folder, 3, 1)
    with pytest.raises(InputError, match="not complete"):
        FeatureStore(folder)


@pytest.mark.parametrize("workers", [1, 2])
def test_skip_bad_leaves_them_out_and_lists_them(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings, workers: int) -> None:
    root, index = recordings(9)
    folder = tmp_path / "store"
    names = list(index["filename"])
    (root / names[1]).unlink()
    for number in (3, 4, 5):  # a whole part
        (root / names[number]).write_bytes(b"RIFF")
    store = extract(index, root, small, "toy", folder, 3, workers, skip_bad=True)
    assert store.filenames == [names[k] for k in (0, 2, 6, 7, 8)]
    assert list(store.skipped) == [names[k] for k in (1, 3, 4, 5)]
    assert store.skipped[names[1]].startswith("no such file")
    assert str(root) not in "".join(store.skipped.values())
    assert not (folder / "part-00001.h5").exists()
    with pytest.raises(InputError, match=r"1 of 2 clips .*1 of them were left out"):
        store.rows([names[0], names[3]])
    # what was left out must not be left out silently later
    with pytest.raises(InputError, match=r"lyon-1-a\.wav: no such file; 1 of the 9 recordings"):
        extract(index, root, small, "toy", folder, 3, workers)
    (root / names[1]).write_bytes((root / names[0]).read_bytes())
    with pytest.raises(InputError, match=r"lyon-3-a\.wav: .*3 of 9"):
        extract(index, root, small, "toy", folder, 3, workers)


def test_nothing_usable_is_an_error(tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(2)
    for name in index["filename"]:
        (root / name).write_bytes(b"")
    with pytest.raises(InputError, match=r"2 of 2 recordings cannot be used, this is the first; correct them$"):
        extract(index, root, small, "toy", tmp_path / "store", 3, 1, skip_bad=True)


def test_wrong_folder_and_wrong_index_fail_at_once(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings, computed: list[str]) -> None:
    root, index = recordings(5)
    wrong = {
        "5 of the 5 recordings": (index, tmp_path / "elsewhere", False),
        "5 of the 5": (index, tmp_path / "elsewhere", True),
        "stands twice": (pd.concat([index, index[:1]]), root, False),
        "lists no clip": (index[:0], root, False),
    }
    (root / "audio" / "nothing-to-do-with-it.txt").write_text("")
    for sentence, (names, folder, skip_bad) in wrong.items():
        with pytest.raises(InputError, match=sentence):
            extract(names, folder, small, "toy", tmp_path / "store", 3, 1, skip_bad)
    assert computed == []
    assert not (tmp_path / "store").exists()


def test_absurd_float_samples_are_unusable(tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(3)
    wave = np.full(small.samples, 1e30)
    soundfile.write(root / index["filename"][1], wave, small.sample_rate, subtype="FLOAT")
    with pytest.raises(InputError, match=r"lyon-1-a\.wav: found samples far outside -1 \.\. 1.*1 of 3"):
        extract(index, root, small, "toy", tmp_path / "store", 3, 1)
