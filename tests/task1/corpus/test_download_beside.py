"""Downloading beside what is there already: the user's files, mirrors, earlier runs, a full disk."""

import json
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from task1.corpus.archives import MARKER, UNDER_WAY
from task1.errors import InputError
from tests.task1.corpus.flaky_server import FlakyServer, Made, archives, make_dataset, name, recordings

Usage = namedtuple("Usage", "total used free")
Get = Callable[..., None]


def test_archives_the_user_put_there_are_used_and_stay(made: Made, server: FlakyServer, get: Get,
                                                       corpora: Path) -> None:
    mine = corpora / "archives" / made.facts.root_dir / name(made, "audio.2")
    mine.parent.mkdir(parents=True)
    mine.write_bytes(made.archives[mine.name])
    get(made, keep=False)
    assert recordings(corpora) == made.files
    assert server.ranges(mine.name) == []
    assert archives(corpora, made) == {mine.name: made.archives[mine.name]}


@pytest.mark.parametrize("content", [b"half", None])
def test_a_wrong_archive_of_the_user_is_named_and_stays(content: bytes | None, made: Made, get: Get,
                                                        corpora: Path) -> None:
    mine = corpora / "archives" / made.facts.root_dir / name(made, "audio.2")
    mine.parent.mkdir(parents=True)
    wrong = content or bytes(len(made.archives[mine.name]))
    mine.write_bytes(wrong)
    with pytest.raises(InputError, match=r"audio\.2\.zip: found .*, expected .* move it away or replace it"):
        get(made, keep=False)
    assert mine.read_bytes() == wrong


def test_archives_kept_by_an_earlier_run_can_be_removed_later(made: Made, server: FlakyServer, get: Get,
                                                              corpora: Path) -> None:
    get(made)
    replaced = corpora / "archives" / made.facts.root_dir / name(made, "doc")
    replaced.unlink()
    replaced.write_bytes(b"the user's")
    get(made, keep=False)
    assert archives(corpora, made) == {replaced.name: b"the user's"}
    assert len(server.requests) == 3


def test_a_recording_of_the_user_that_differs_stops_its_archive_alone(made: Made, get: Get, corpora: Path) -> None:
    mine = corpora / made.facts.root_dir / "audio" / "0.wav"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(InputError, match=r"0\.wav: exists and differs"):
        get(made)
    assert mine.read_bytes() == b"mine"
    assert not (corpora / made.facts.root_dir / MARKER).exists()
    mine.unlink()
    get(made)
    assert recordings(corpora) == made.files


@pytest.mark.parametrize("below", [True, False])
def test_a_mirror_folder_is_only_read(below: bool, made: Made, server: FlakyServer, get: Get, corpora: Path,
                                      tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    folder = mirror / made.facts.root_dir if below else mirror
    folder.mkdir(parents=True)
    for file, content in made.archives.items():
        (folder / file).write_bytes(content)
        (folder / file).chmod(0o444)
    before = {path: path.stat() for path in folder.iterdir()}
    get(made, mirror=str(mirror), keep=False)
    assert recordings(corpora) == made.files
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == {
        path: stat.st_mtime_ns for path, stat in before.items()}
    assert archives(corpora, made) == {}
    assert server.requests == []


def test_a_mirror_folder_that_lacks_archives_is_refused_before_any_work(made: Made, get: Get, corpora: Path,
                                                                        tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    with pytest.raises(InputError, match=r"3 archives of made are not there, the first is made-root\.doc\.zip"):
        get(made, mirror=str(tmp_path / "mirror"))
    with pytest.raises(InputError, match="no such folder"):
        get(made, mirror=str(tmp_path / "nowhere"))
    assert recordings(corpora) == {}


def test_a_wrong_archive_in_a_mirror_folder_is_named_and_stays(made: Made, get: Get, tmp_path: Path) -> None:
    for file, content in made.archives.items():
        (tmp_path / file).write_bytes(content[:-1] + b"x")
    with pytest.raises(InputError, match=r"made-root\.doc\.zip: found md5 .*\n.*audio\.1.*\n.*audio\.2"):
        get(made, mirror=str(tmp_path))
    assert (tmp_path / name(made, "doc")).read_bytes() == made.archives[name(made, "doc")][:-1] + b"x"


CLIPS = 4 * 135_168  # four clips of 44 + 44100 * 3 bytes, each in whole blocks of 4096 bytes


@pytest.mark.parametrize(("keep", "jobs"), [(True, 1), (False, 1), (False, 2)])
def test_room_is_checked_first(keep: bool, jobs: int, made: Made, server: FlakyServer, get: Get, corpora: Path,
                               monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = sorted(map(len, made.archives.values()), reverse=True)
    needed = CLIPS + sum(sizes if keep else sizes[:jobs])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, needed - 1))
    with pytest.raises(InputError, match=r"about \d+\.\d kB needed for archives and the clips in them, .* kB free"):
        get(made, keep=keep, jobs=jobs)
    assert (server.requests, recordings(corpora)) == ([], {})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, needed))
    get(made, keep=keep, jobs=jobs)
    assert recordings(corpora) == made.files


def test_room_is_estimated_where_sizes_are_not_stated(server: FlakyServer, get: Get, monkeypatch: pytest.MonkeyPatch,
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 2 * CLIPS - 1))
    with pytest.raises(InputError, match="the record states no size for 3 archives"):
        get(make_dataset(sizes=False))
    assert "(estimated: the record states no size for 3)" in capsys.readouterr().err
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, 2 * CLIPS))
    get(make_dataset(sizes=False))


def test_what_is_there_needs_no_room(made: Made, server: FlakyServer, get: Get, corpora: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    partial = corpora / "archives" / made.facts.root_dir / f"{name(made, 'audio.1')}.partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(made.archives[name(made, "audio.1")][:30_000])
    there = corpora / made.facts.root_dir / "audio" / "3.wav"
    there.parent.mkdir(parents=True)
    there.write_bytes(made.files[f"{made.facts.root_dir}/audio/3.wav"])
    needed = CLIPS - 20_480 + sum(map(len, made.archives.values())) - 30_000  # the clip of 20,000 bytes fills 5 blocks
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, needed - 1))
    with pytest.raises(InputError, match="free some space"):
        get(made)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, needed))
    get(made)
    assert server.ranges(name(made, "audio.1")) == ["bytes=30000-"]


def test_two_data_sets_of_one_folder_are_refused(made: Made, server: FlakyServer, get: Get, corpora: Path) -> None:
    other = Made(made.facts.model_copy(update={"name": "made_v1"}), made.archives, made.files)
    with pytest.raises(InputError, match="made and made_v1 unpack into the same folder made-root"):
        get(made, other)
    get(made)
    with pytest.raises(InputError, match=r"\.downloaded\.json: the folder holds data set made, expected made_v1"):
        get(other)


def test_data_sets_without_a_record_are_refused(made: Made, get: Get) -> None:
    from task1.config import dataset

    with pytest.raises(InputError, match="embedded corpus is made, not downloaded"):
        get(Made(dataset("embedded-1s-dev"), {}, {}))
    with pytest.raises(InputError, match="names no record"):
        get(Made(made.facts.model_copy(update={"record": None}), {}, {}))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dataset": "made", "archives": [1]}',
                                  '{"dataset": "made", "archives": {"a": 1}}', "\xff"])
def test_a_damaged_record_is_named(text: str, made: Made, get: Get, corpora: Path) -> None:
    (corpora / made.facts.root_dir).mkdir(parents=True)
    (corpora / made.facts.root_dir / UNDER_WAY).write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"\.downloading\.json: not a record of a download; remove it"):
        get(made)


def test_an_archive_that_the_manifest_has_changed_is_fetched_anew(made: Made, server: FlakyServer, get: Get,
                                                                  corpora: Path) -> None:
    marker = corpora / made.facts.root_dir / MARKER
    get(made)
    record = json.loads(marker.read_text())
    record["archives"][name(made, "doc")]["md5"] = "0" * 32
    marker.write_text(json.dumps(record))
    shutil.rmtree(corpora / "archives")
    get(made)
    assert [len(server.ranges(name(made, part))) for part in ("doc", "audio.1", "audio.2")] == [2, 1, 1]
