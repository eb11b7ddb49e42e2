"""Extraction: same bytes whatever the workers and interruptions; only what changed is computed again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tqdm import tqdm

from task1.config import FeatureSettings
from task1.errors import InputError
from task1.features import extract as extraction
from task1.features import parts
from task1.features.extract import extract, extract_share
from task1.features.store import FeatureStore

Recordings = Callable[[int], tuple[Path, pd.DataFrame]]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("part-*.h5"))}


def test_same_bytes_from_one_process_two_and_share_by_share(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(10)
    extract(index, root, small, "toy", tmp_path / "one", 3, 1)
    extract(index, root, small, "toy", tmp_path / "two", 3, 2)
    for share, expected in ((2, [2]), (0, [0, 3]), (1, [1])):  # ten clips in parts of three are four parts
        outcomes = extract_share(index, root, small, "toy", tmp_path / "each", 3, share, 3, 1)
        assert [(outcome.number, outcome.computed) for outcome in outcomes] == [(part, True) for part in expected]
        assert not (tmp_path / "each" / "store.json").exists()
    before = times(tmp_path / "each")
    extract(index, root, small, "toy", tmp_path / "each", 3, 1)
    assert times(tmp_path / "each") == before  # only listed
    names = [f"part-0000{k}{suffix}" for k in range(4) for suffix in (".h5", ".json")] + ["store.json"]
    assert sorted(contents(tmp_path / "one")) == sorted(names)
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "each")


def test_more_shares_than_parts_leave_some_with_nothing(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(4)
    assert extract_share(index, root, small, "toy", tmp_path / "store", 3, 6, 7, 2) == []
    with pytest.raises(InputError, match=r"share 7: found no such share, expected 0 \.\. 6"):
        extract_share(index, root, small, "toy", tmp_path / "store", 3, 7, 7, 1)


def test_the_list_of_parts_ends_the_marks_of_their_shares(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(4)
    folder = tmp_path / "store"
    extract_share(index, root, small, "toy", folder, 3, 0, 2, 1)
    (folder / "share-1-of-2.done").touch()
    extract(index, root, small, "toy", folder, 3, 1)
    assert not list(folder.glob("share-*"))


KILLED = """
import sys, time
from pathlib import Path
import pandas as pd
from task1.config import FeatureSettings
from task1.features import extract, parts

original = parts.read_clip
def slow(path, settings):
    time.sleep(0.03)
    return original(path, settings)
parts.read_clip = slow
root, folder, settings = sys.argv[1:]
index = pd.DataFrame({"filename": sorted(f"audio/{path.name}" for path in Path(root, "audio").iterdir())})
extract.extract(index, Path(root), FeatureSettings.model_validate_json(settings), "toy", Path(folder), 5, 1)
"""


def test_killed_and_resumed_gives_the_same_bytes(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings, computed: list[str]) -> None:
    root, index = recordings(40)
    index = index.sort_values("filename")
    extract(index, root, small, "toy", tmp_path / "whole", 5, 1)
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", KILLED, str(root), str(folder), small.model_dump_json()]
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while not (folder / "part-00001.json").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.05)  # into the next part
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert (folder / "part-00001.json").exists()
    assert not (folder / "store.json").exists()
    with pytest.raises(InputError, match="not complete"):
        FeatureStore(folder)

    finished = times(folder)
    assert 2 <= len(finished) < 8
    computed.clear()
    extract(index, root, small, "toy", folder, 5, 1)
    assert contents(folder) == contents(tmp_path / "whole")  # and no temporary name left
    assert times(folder).items() >= finished.items()
    assert len(computed) == 40 - 5 * len(finished)


def test_a_changed_recording_invalidates_its_part_only(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings, computed: list[str]) -> None:
    root, index = recordings(10)
    folder = tmp_path / "store"
    extract(index, root, small, "toy", folder, 4, 1)
    before, old = times(folder), contents(folder)
    touched = root / index["filename"][5]
    touched.write_bytes((root / index["filename"][0]).read_bytes())
    computed.clear()
    store = extract(index, root, small, "toy", folder, 4, 1)
    assert computed == [f"park-lyon-{k}-a.wav" for k in range(4, 8)]
    assert [name for name, when in times(folder).items() if when != before[name]] == ["part-00001.h5"]
    assert contents(folder)["part-00001.h5"] != old["part-00001.h5"]
    assert (store.read([5]) == store.read([0])).all()
    computed.clear()
    extract(index, root, small, "toy", folder, 4, 1)
    assert computed == []


def test_other_settings_names_or_code_compute_again(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings, computed: list[str],
        monkeypatch: pytest.MonkeyPatch) -> None:
    root, index = recordings(6)
    folder = tmp_path / "store"
    extract(index, root, small, "toy", folder, 4, 1)
    computed.clear()
    extract(index, root, small.model_copy(update={"power": 1}), "toy", folder, 4, 1)
    assert len(computed) == 6
    computed.clear()
    store = extract(index[:5], root, small.model_copy(update={"power": 1}), "toy", folder, 4, 1)
    assert len(computed) == 1
    assert store.shape[0] == 5
    computed.clear()
    monkeypatch.setattr(parts, "code_digest", lambda *modules: "other code")
    extract(index[:5], root, small.model_copy(update={"power": 1}), "toy", folder, 4, 1)
    assert len(computed) == 5


def test_smaller_parts_leave_no_old_part_behind(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(7)
    extract(index, root, small, "toy", tmp_path / "store", 2, 1)
    extract(index, root, small, "toy", tmp_path / "store", 5, 1)
    extract(index, root, small, "toy", tmp_path / "fresh", 5, 1)
    assert contents(tmp_path / "store") == contents(tmp_path / "fresh")


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "side file"])
def test_a_broken_part_is_computed_again(tmp_path: Path, small: FeatureSettings, recordings: Recordings,
                                         computed: list[str], damage: str) -> None:
    root, index = recordings(6)
    folder = tmp_path / "store"
    extract(index, root, small, "toy", folder, 4, 1)
    whole = contents(folder)
    part = folder / "part-00000.h5"
    content = bytearray(part.read_bytes())
    content[-1] ^= 1
    if damage == "remove":
        part.unlink()
    elif damage == "side file":
        part.with_suffix(".json").write_text('{"key": "cut')
    else:
        part.write_bytes(content if damage == "flip" else content[:-5])
    computed.clear()
    extract(index, root, small, "toy", folder, 4, 1)
    assert len(computed) == 4
    assert contents(folder) == whole


@pytest.mark.parametrize("workers", [1, 2])
def test_the_progress_bar_ends_at_the_number_of_clips(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings, monkeypatch: pytest.MonkeyPatch,
        workers: int) -> None:
    root, index = recordings(70)  # two batches in the first part
    (root / index["filename"][3]).write_bytes(b"RIFF")
    bars: list[tqdm[object]] = []

    class Bar(tqdm):  # type: ignore[type-arg]
        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, **{**named, "disable": False})  # type: ignore[call-overload]
            bars.append(self)

    monkeypatch.setattr(extraction, "tqdm", Bar)
    for _ in range(2):  # computed, then taken as it is
        extract(index, root, small, "toy", tmp_path / "store", 40, workers, skip_bad=True)
    assert [(bar.n, bar.total) for bar in bars] == [(70, 70), (70, 70)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(2)
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(InputError, match="cannot be written"):
        extract(index, root, small, "toy", tmp_path / "closed" / "store", 3, 1)
