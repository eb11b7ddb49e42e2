"""Unpacking stays in its folder, writes whole files, and leaves the user's alone."""

import contextlib
import io
import random
import shutil
import stat
import tempfile
import threading
import warnings
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from task1.corpus.http import Interrupted
from task1.corpus.unpack import Unpacked, unpack
from task1.errors import InputError
from tests.task1.corpus.flaky_server import noise

ROOT = "made-root"
MEMBERS = {f"{ROOT}/README.md": b"text\n", f"{ROOT}/audio/0.wav": b"\0" * 5000, f"{ROOT}/audio/1.wav": noise(1, 3000)}
Usage = namedtuple("Usage", "total used free")


def write_zip(path: Path, members: dict[str, bytes], attributes: dict[str, int] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in members.items():
            info = zipfile.ZipInfo("placeholder")
            info.filename = name  # ZipInfo itself would tidy the name up
            info.external_attr = (attributes or {}).get(name, 0) << 16
            bundle.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def run(archive: Path, corpora: Path) -> Unpacked:
    return unpack(archive, corpora, ROOT, threading.Event())


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora"
    folder.mkdir()
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "a.zip", {f"{ROOT}/": b"", f"{ROOT}/audio/": b"", **MEMBERS})


def test_members_arrive_whole(archive: Path, corpora: Path) -> None:
    assert run(archive, corpora) == Unpacked(written=3, present=0)
    assert tree(corpora) == MEMBERS


def test_equal_files_are_left_alone(archive: Path, corpora: Path) -> None:
    run(archive, corpora)
    (corpora / ROOT / "audio/1.wav").unlink()
    before = (corpora / ROOT / "audio/0.wav").stat()
    assert run(archive, corpora) == Unpacked(written=1, present=2)
    after = (corpora / ROOT / "audio/0.wav").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert tree(corpora) == MEMBERS


@pytest.mark.parametrize("theirs", [b"mine", b"\1" * 5000, b""])
def test_a_file_that_differs_is_not_overwritten(theirs: bytes, archive: Path, corpora: Path) -> None:
    mine = corpora / ROOT / "audio/0.wav"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(theirs)
    with pytest.raises(InputError, match=r"audio/0\.wav: exists and differs .*move it away"):
        run(archive, corpora)
    assert tree(corpora) == {f"{ROOT}/audio/0.wav": theirs}


def test_a_dangling_link_or_a_folder_in_the_way_stays(archive: Path, corpora: Path, tmp_path: Path) -> None:
    place = corpora / ROOT / "audio/0.wav"
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="differs"):
        run(archive, corpora)
    place.unlink()
    place.mkdir()
    with pytest.raises(InputError, match="no file"):
        run(archive, corpora)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_where_a_folder_is_needed_stays(archive: Path, corpora: Path) -> None:
    (corpora / ROOT).mkdir()
    (corpora / ROOT / "audio").write_text("mine")
    with pytest.raises(InputError, match="cannot be unpacked"):
        run(archive, corpora)
    assert (corpora / ROOT / "audio").read_text() == "mine"


@pytest.mark.parametrize("name", [
    "/etc/x", "../x", f"{ROOT}/../x", f"{ROOT}/audio/../../../x", f"{ROOT}\\..\\x", f"{ROOT}/..\\x", "C:/x",
    f"{ROOT}/C:x", "other/x", "x", ROOT, f"{ROOT}//x", f"{ROOT}/./x", f"{ROOT}/a\0b", f"{ROOT}/a\nb", "", "/",
    f"{ROOT}/.downloaded.json", f"{ROOT}/.part-a.zip"])
def test_names_that_lead_elsewhere_refuse_the_whole_archive(name: str, corpora: Path, tmp_path: Path) -> None:
    hostile = write_zip(tmp_path / "a.zip", {f"{ROOT}/good.txt": b"good", name: b"bad"})
    with pytest.raises(InputError, match=r"a\.zip: member .* is not unpacked"):
        run(hostile, corpora)
    assert tree(tmp_path) == {"a.zip": hostile.read_bytes()}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(kind: int, corpora: Path, tmp_path: Path) -> None:
    hostile = write_zip(tmp_path / "a.zip", {f"{ROOT}/audio": b"/etc"}, {f"{ROOT}/audio": kind | 0o777})
    with pytest.raises(InputError, match="link or another special file"):
        run(hostile, corpora)
    assert tree(corpora) == {}


def test_a_folder_that_links_outside_is_not_followed(archive: Path, corpora: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (corpora / ROOT).mkdir()
    (corpora / ROOT / "audio").symlink_to(outside)
    with pytest.raises(InputError, match="outside"):
        run(archive, corpora)
    assert list(outside.iterdir()) == []


def test_the_root_itself_may_lie_on_another_disk(archive: Path, corpora: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (corpora / ROOT).symlink_to(tmp_path / "disk")
    run(archive, corpora)
    assert tree(tmp_path / "disk") == {name.removeprefix(f"{ROOT}/"): content for name, content in MEMBERS.items()}


def test_a_member_that_stands_twice_is_refused(corpora: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as bundle, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bundle.writestr(f"{ROOT}/x", b"one")
        bundle.writestr(f"{ROOT}/x", b"two")
    with pytest.raises(InputError, match="twice"):
        run(tmp_path / "a.zip", corpora)


def test_more_than_the_disk_holds_is_refused_before_the_first_byte(archive: Path, corpora: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    needed = sum(map(len, MEMBERS.values()))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**6, 0, needed - 1))
    with pytest.raises(InputError, match=f"unpacks to {needed:,} bytes, {needed - 1:,} are free"):
        run(archive, corpora)
    assert tree(corpora) == {}
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**6, 0, needed))
    run(archive, corpora)


def test_members_that_share_their_bytes_are_refused(corpora: Path, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{ROOT}/{k}": noise(1, 9000) for k in "ab"})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as bundle:
        second = bundle.infolist()[1].header_offset
        start = bundle.start_dir
    overlapping = data[:second] + data[start:]  # both entries of the directory, but the bytes of one member
    end = overlapping.rfind(b"PK\5\6")
    overlapping[end + 16:end + 20] = second.to_bytes(4, "little")
    path.write_bytes(overlapping)
    with pytest.raises(InputError, match="claim more bytes than the archive has"):
        run(path, corpora)


@pytest.mark.parametrize("what", ["content", "crc", "size"])
def test_a_member_that_is_not_what_its_header_says_leaves_nothing(what: str, corpora: Path, tmp_path: Path) -> None:
    content = noise(3, 4000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as bundle:
        bundle.writestr(f"{ROOT}/x", content)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    directory = data.rfind(b"PK\1\2")
    position = {"content": data.find(content) + 100, "crc": directory + 16, "size": directory + 24}[what]
    data[position] ^= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.zip: damaged"):
        run(tmp_path / "a.zip", corpora)
    assert tree(corpora) == {}


@pytest.mark.parametrize("content", [b"", b"<html>busy</html>", b"PK\5\6"])
def test_what_is_no_zip_is_said_to_be_none(content: bytes, corpora: Path, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="not a zip archive"):
        run(tmp_path / "a.zip", corpora)


def test_stopped_between_files_and_resumed(archive: Path, corpora: Path) -> None:
    class AfterOne(threading.Event):
        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > 1

    with pytest.raises(Interrupted):
        unpack(archive, corpora, ROOT, AfterOne())
    assert len(tree(corpora)) == 1
    assert run(archive, corpora) == Unpacked(written=2, present=1)


def test_a_temporary_file_of_a_killed_run_is_used_up(archive: Path, corpora: Path) -> None:
    (corpora / ROOT).mkdir()
    (corpora / ROOT / ".part-a.zip").write_bytes(b"half")
    run(archive, corpora)
    assert tree(corpora) == MEMBERS


PARTS = (st.sampled_from([ROOT, "..", ".", "", "audio", "/", "\\", "C:", "etc", ".part-a.zip", "\0", "x"])
         | st.text(max_size=6))
NAMES = (st.lists(PARTS, max_size=6).map("/".join)
         | st.lists(PARTS, max_size=4).map(lambda parts: "/".join([ROOT, *parts])) | st.text())


@settings(max_examples=200, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=3, unique=True))
@example(names=[f"{ROOT}/a", f"{ROOT}/a/b"])
@example(names=[f"{ROOT}/{'n' * 300}"])
@example(names=[f"{ROOT}/\ud800"])
def test_no_name_leads_out_of_the_root(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        corpora = Path(place) / "outer" / "corpora"
        corpora.mkdir(parents=True)
        (corpora / "other.txt").write_text("mine")
        try:
            archive = write_zip(Path(place) / "a.zip", dict.fromkeys(names, b"evil"))
        except UnicodeEncodeError:
            return  # no archive can hold this name
        try:
            done = run(archive, corpora)
        except InputError:
            done = None
        archive.unlink()
        found = tree(Path(place))
        assert found.pop("outer/corpora/other.txt") == b"mine"
        assert all(name.startswith(f"outer/corpora/{ROOT}/") for name in found)
        assert set(found.values()) <= {b"evil"}
        if done:
            assert {name.removeprefix("outer/corpora/") for name in found} == {n for n in names if not n.endswith("/")}


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), changes=st.integers(1, 4))
def test_any_damage_gives_one_sentence_or_the_right_files(seed: int, changes: int) -> None:
    chance = random.Random(seed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in MEMBERS.items():
            bundle.writestr(name, content)
    data = bytearray(buffer.getvalue())
    for _ in range(changes):
        where = chance.randrange(len(data)) if chance.random() < 0.3 else chance.randrange(bundle.start_dir, len(data))
        data[where] = chance.randrange(256)
    with tempfile.TemporaryDirectory() as place:
        corpora, archive = Path(place) / "corpora", Path(place) / "a.zip"
        archive.write_bytes(data)
        with contextlib.suppress(InputError):
            run(archive, corpora)
        archive.unlink()
        assert all(name.startswith(f"corpora/{ROOT}/") and ".part-" not in name for name in tree(Path(place)))
        assert set(tree(Path(place)).values()) <= {*MEMBERS.values(), b""}
