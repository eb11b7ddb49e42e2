"""Extraction: same bytes whatever the workers and interruptions; only what changed is computed again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from task1.config import FeatureSettings
from task1.errors import InputError
from task1.features import parts
from task1.features.extract import extract, extract_part
from task1.features.store import FeatureStore

Recordings = Callable[[int], tuple[Path, pd.DataFrame]]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("part-*.h5"))}


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the clips that are read, as they are read."""
    read: list[str] = []
    original = parts.read_clip

    def note(path: Path, settings: FeatureSettings) -> object:
        read.append(path.name)
        return original(path, settings)

    monkeypatch.setattr(parts, "read_clip", note)
    return read


def test_same_bytes_from_one_process_three_and_part_by_part(
        tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(10)
    extract(index, root, small, "toy", tmp_path / "one", 3, 1)
    extract(index, root, small, "toy", tmp_path / "two", 3, 2)
    for part in (3, 0, 2, 1):
        assert extract_part(index, root, small, "toy", tmp_path / "each", 3, part).computed
        assert not (tmp_path / "each" / "store.json").exists()
    before = times(tmp_path / "each")
    extract(index, root, small, "toy", tmp_path / "each", 3, 1)
    assert times(tmp_path / "each") == before  # only listed
    names = [f"part-0000{k}{suffix}" for k in range(4) for suffix in (".h5", ".json")] + ["store.json"]
    assert sorted(contents(tmp_path / "one")) == sorted(names)
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "each")


def test_a_part_that_does_not_exist(tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(4)
    with pytest.raises(InputError, match=r"part 2: found no such part, expected 0 \.\. 1"):
        extract_part(index, root, small, "toy", tmp_path / "store", 3, 2)


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


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path, small: FeatureSettings, recordings: Recordings) -> None:
    root, index = recordings(2)
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(InputError, match="cannot be written"):
        extract(index, root, small, "toy", tmp_path / "closed" / "store", 3, 1)
