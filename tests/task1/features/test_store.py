"""The store: rows by name, quantisation, and every way a folder can be incomplete or wrong."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from task1.config import FeatureSettings
from task1.errors import InputError
from task1.features.audio import read_clip
from task1.features.extract import extract
from task1.features.logmel import LogMel
from task1.features.store import FeatureStore, feature_digest
from task1.files import file_digest

Recordings = Callable[[int], tuple[Path, pd.DataFrame]]


@pytest.fixture
def made(tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> tuple[Path, Path, pd.DataFrame]:
    """Root, store folder and index of eleven clips in parts of four."""
    root, index = recordings(11)
    extract(index, root, small, "toy", tmp_path / "store", 4, 1)
    return root, tmp_path / "store", index


def test_rows_are_the_log_mels_of_their_files(made: tuple[Path, Path, pd.DataFrame], small: FeatureSettings) -> None:
    root, folder, index = made
    store = FeatureStore(folder, small)
    assert store.shape == (11, 16, 16)
    assert store.filenames == list(index["filename"])
    wanted = [store.filenames[position] for position in (9, 0, 4, 4, 3, 10)]
    found = store.read(store.rows(wanted))
    assert found.dtype == np.float16
    for name, row in zip(wanted, found, strict=True):
        exact = LogMel(small, np.float64)(read_clip(root / name, small))
        # float16 rounds to the nearest of 11 significant bits: half of 2^-10, plus float32's own error
        np.testing.assert_allclose(row.astype(np.float64), exact, rtol=2**-11, atol=1e-4)


def test_parts_hold_everything_once(made: tuple[Path, Path, pd.DataFrame]) -> None:
    store = FeatureStore(made[1])
    parts = [(names, np.array(rows)) for names, rows in store.parts()]
    assert [len(names) for names, _ in parts] == [4, 4, 3]
    assert [name for names, _ in parts for name in names] == store.filenames
    np.testing.assert_array_equal(np.concatenate([rows for _, rows in parts]), store.read(np.arange(11)))


def test_reading_nothing_and_reading_outside(made: tuple[Path, Path, pd.DataFrame]) -> None:
    store = FeatureStore(made[1])
    assert store.read([]).shape == (0, 16, 16)
    for positions in ([11], [0, -1]):
        with pytest.raises(IndexError, match=r"0 \.\. 10"):
            store.read(positions)


def test_a_part_is_mapped_not_loaded(made: tuple[Path, Path, pd.DataFrame]) -> None:
    _, rows = next(FeatureStore(made[1]).parts())
    assert isinstance(rows, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        rows[0] = 0


def test_missing_names_are_listed(made: tuple[Path, Path, pd.DataFrame]) -> None:
    store = FeatureStore(made[1])
    with pytest.raises(InputError, match=r"4 of 5 clips are not in .*: x1.wav, x2.wav, x3.wav, \.\.\.; run"):
        store.rows(["x1.wav", store.filenames[0], "x2.wav", "x3.wav", "x4.wav"])


def test_digest_changes_with_every_setting(small: FeatureSettings) -> None:
    base = small.model_dump()
    others = [{"hop_length": 64}, {"mel_norm": "none"}, {"log": {**base["log"], "mode": "max"}}, {"power": 1},
              {"win_length": 200}, {"f_min": 1.0}, {"pad_mode": "constant"}]
    digests = {feature_digest(FeatureSettings(**{**base, **other}), "toy") for other in others}
    digests |= {feature_digest(small, "toy"), feature_digest(small, "other")}
    assert len(digests) == len(others) + 2
    assert feature_digest(FeatureSettings(**{**base, "f_min": 0}), "toy") == feature_digest(small, "toy")


def test_other_parameters_are_refused(made: tuple[Path, Path, pd.DataFrame], small: FeatureSettings) -> None:
    other = small.model_copy(update={"hop_length": 64})
    with pytest.raises(InputError, match=r"hop_length: found 128, expected 64"):
        FeatureStore(made[1], other)


def test_no_list_means_not_complete(made: tuple[Path, Path, pd.DataFrame]) -> None:
    (made[1] / "store.json").unlink()
    with pytest.raises(InputError, match=r"store.json: no such file, so these features are not complete; run the"):
        FeatureStore(made[1])


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"dataset": 1', '{"dataset": "a", "features": {}, "parts": []}'])
def test_a_broken_list_is_refused(made: tuple[Path, Path, pd.DataFrame], content: str) -> None:
    (made[1] / "store.json").write_text(content)
    with pytest.raises(InputError, match=r"store\.json"):
        FeatureStore(made[1])


def test_missing_and_truncated_parts_are_refused(made: tuple[Path, Path, pd.DataFrame]) -> None:
    part = made[1] / "part-00001.h5"
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"part-00001\.h5: found \d+ bytes, expected \d+ .*; run the features stage"):
        FeatureStore(made[1])
    part.unlink()
    with pytest.raises(InputError, match=r"part-00001\.h5: no such file"):
        FeatureStore(made[1])


def test_parts_of_another_store_are_refused(made: tuple[Path, Path, pd.DataFrame], small: FeatureSettings,
                                            tmp_path: Path) -> None:
    root, folder, index = made
    extract(index, root, small.model_copy(update={"mel_norm": "none"}), "toy", tmp_path / "other", 4, 1)
    shutil.copy(tmp_path / "other" / "part-00001.h5", folder / "part-00001.h5")
    with pytest.raises(InputError, match=r"part-00001\.h5: (its parameters are not those|found \d+ bytes)"):
        FeatureStore(folder)


@pytest.mark.parametrize("damage", ["flip a bit of a row", "NaN"])
def test_changed_content_is_refused_when_read(made: tuple[Path, Path, pd.DataFrame], damage: str) -> None:
    path = made[1] / "part-00001.h5"
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        offset = file["logmel"].id.get_offset()
    content[offset:offset + 2] = b"\x00\x7e" if damage == "NaN" else bytes([content[offset] ^ 1, content[offset + 1]])
    path.write_bytes(content)
    store = FeatureStore(made[1])
    assert store.read([0, 3, 8]).shape == (3, 16, 16)  # the other parts are sound
    with pytest.raises(InputError, match=r"part-00001\.h5: not the content that was written"):
        store.read([0, 4])


def test_damaged_structure_is_refused(made: tuple[Path, Path, pd.DataFrame]) -> None:
    path = made[1] / "part-00000.h5"
    content = bytearray(path.read_bytes())
    content[:8] = b"\0" * 8
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"part-00000\.h5: not a readable part"):
        FeatureStore(made[1])


def test_a_part_that_is_not_contiguous_is_refused(made: tuple[Path, Path, pd.DataFrame]) -> None:
    path = made[1] / "part-00000.h5"
    with h5py.File(path, "r+") as file:
        rows = file["logmel"][:]
        del file["logmel"]
        file.create_dataset("logmel", data=rows, chunks=(1, 16, 16))
    listed = json.loads((made[1] / "store.json").read_text())
    listed["parts"][0] |= {"bytes": path.stat().st_size, "sha256": file_digest(path)}
    (made[1] / "store.json").write_text(json.dumps(listed))
    with pytest.raises(InputError, match=r"part-00000\.h5: its rows are not 4 contiguous float16"):
        FeatureStore(made[1])
