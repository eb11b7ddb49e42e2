import argparse
import csv
import os
import wave
from pathlib import Path

import pytest

from task1.cli import run
from task1.commands import corpus_index, corpus_verify
from task1.config import Dataset, check
from task1.corpus import verify as module
from task1.corpus.verify import verify, write_report
from task1.errors import InputError

NAMES = [f"{number}.wav" for number in range(12)]


def facts(files: int = len(NAMES), **changes: object) -> Dataset:
    return check(Dataset, {
        "name": "mini", "title": "Mini", "part": "evaluation", "origin": "recorded", "root_dir": "mini",
        "grammar": "numbered", "audio": {"sample_rate": 1000, "bits": 24, "channels": 1, "clip_seconds": 0.05},
        "counts": {"files": files}, "labels_public": False, **changes}, "mini")


def write_wav(path: Path, frames: int = 50, width: int = 3, rate: int = 1000, channels: int = 1,
              sample: int | None = None) -> None:
    with wave.open(str(path), "wb") as stream:
        stream.setparams((channels, width, rate, frames, "NONE", ""))
        size = frames * width * channels
        stream.writeframes(bytes(size) if sample == 0 else bytes(number % 251 for number in range(size)))


def fold(root: Path, kind: str, lines: list[str]) -> None:
    path = root / "evaluation_setup" / f"fold1_{kind}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "mini"
    (folder / "audio").mkdir(parents=True)
    fold(folder, "test", ["filename", *(f"audio/{name}" for name in NAMES)])
    for name in NAMES:
        write_wav(folder / "audio" / name)
    return folder


def found(root: Path, full: bool = False, workers: int = 2) -> list[tuple[str, str, str]]:
    return [(one.level, one.kind, one.filename) for one in verify(facts(), root, full, workers).findings]


@pytest.mark.parametrize("full", [False, True])
def test_a_sound_corpus(root: Path, full: bool) -> None:
    report = verify(facts(), root, full, 3)
    assert (report.listed, report.checked, report.findings, report.clean) == (12, 12, (), True)


def damage(audio: Path) -> None:
    (audio / "0.wav").unlink()
    (audio / "1.wav").write_bytes(b"")
    (audio / "2.wav").write_text("<html>not found</html>")
    write_wav(audio / "3.wav", rate=2000)
    write_wav(audio / "4.wav", width=2)
    write_wav(audio / "5.wav", channels=2)
    (audio / "6.wav").write_bytes((audio / "6.wav").read_bytes()[:100])
    write_wav(audio / "7.wav", frames=500)
    (audio / "8.wav").unlink()
    (audio / "8.wav").mkdir()
    (audio / "9.wav").unlink()
    (audio / "9.wav").symlink_to("gone.wav")
    write_wav(audio / "10.wav", sample=0)
    write_wav(audio / "12.wav")
    (audio / "audio").mkdir()
    (audio / ".DS_Store").touch()
    (audio / "._1.wav").touch()


DAMAGE = [
    ("error", "missing", "audio/0.wav"), ("error", "extra", "audio/12.wav"), ("error", "empty", "audio/1.wav"),
    ("error", "not WAV", "audio/2.wav"), ("error", "format", "audio/3.wav"), ("error", "format", "audio/4.wav"),
    ("error", "format", "audio/5.wav"), ("error", "truncated", "audio/6.wav"), ("error", "length", "audio/7.wav"),
    ("error", "unreadable", "audio/8.wav"), ("error", "unreadable", "audio/9.wav"),
    ("warning", "stray", "audio/.DS_Store"), ("warning", "stray", "audio/._1.wav"), ("warning", "stray", "audio/audio"),
]
SILENT = ("warning", "silent", "audio/10.wav")


@pytest.mark.parametrize("workers", [1, 3])
def test_every_kind_of_damage_is_found(root: Path, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILES_A_TASK", 2)
    damage(root / "audio")
    assert found(root, workers=workers) == DAMAGE
    assert found(root, full=True, workers=workers) == [*DAMAGE[:11], SILENT, *DAMAGE[11:]]
    assert verify(facts(), root).checked == 11


def test_what_is_no_file_is_not_opened(root: Path) -> None:
    """Opening a named pipe would wait for ever."""
    (root / "audio" / "8.wav").unlink()
    os.mkfifo(root / "audio" / "8.wav")
    assert [one.detail for one in verify(facts(), root).findings] == ["found no regular file, expected one"]


def test_report_lists_all(root: Path, tmp_path: Path) -> None:
    damage(root / "audio")
    (root / "audio" / os.fsdecode(b"b\xe4d\tname.wav")).touch()
    write_report(verify(facts(), root), tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == ["level", "kind", "filename", "detail"]
    assert ["error", "extra", "audio/b\\udce4d\\tname.wav", "found a file in no list"] in rows
    assert len(rows) == 1 + len(DAMAGE) + 1
    assert all(len(line) == 4 for line in rows)


def test_warnings_alone_are_clean(root: Path) -> None:
    (root / "audio" / "Thumbs.db").touch()
    write_wav(root / "audio" / "3.wav", sample=0)
    report = verify(facts(), root, full=True)
    assert report.clean
    assert report.counts == {"silent": 1, "stray": 1}


def test_other_counts_are_a_finding_among_others(root: Path) -> None:
    (root / "audio" / "3.wav").unlink()
    report = verify(facts(files=13), root)
    assert report.counts == {"counts": 1, "missing": 1}
    assert "found 12 clips, expected 13" in report.findings[0].detail
    assert not report.clean


def test_a_development_set_without_meta(tmp_path: Path) -> None:
    """Its unused clips cannot be told from files that do not belong, so they are no findings."""
    (tmp_path / "audio").mkdir()
    for name in ("bus-lyon-1-1-a.wav", "bus-lyon-2-1-a.wav", "bus-lyon-2-9-a.wav"):
        write_wav(tmp_path / "audio" / name)
    fold(tmp_path, "train", ["filename\tscene_label", "audio/bus-lyon-1-1-a.wav\tbus"])
    fold(tmp_path, "test", ["filename", "audio/bus-lyon-2-1-a.wav"])
    mini = facts(part="development", grammar="2020", counts={"files": 3, "train": {"files": 1}, "test": {"files": 1},
                                                              "unused": {"files": 1}})
    report = verify(mini, tmp_path)
    assert report.counts == {"no meta.csv": 1}
    assert report.clean


def test_no_audio_folder(root: Path) -> None:
    for path in (root / "audio").iterdir():
        path.unlink()
    (root / "audio").rmdir()
    with pytest.raises(InputError, match=r"audio: cannot be read \(No such file or directory\); expected the folder"):
        verify(facts(), root)


def command(*arguments: object) -> int:
    top = argparse.ArgumentParser(prog="task1 corpus")
    actions = top.add_subparsers()
    for action in (corpus_index, corpus_verify):
        action.register(actions)
    return run(top, list(map(str, arguments)))


def test_commands(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                  capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("task1.config.dataset", lambda name: facts())
    out, findings = tmp_path / "index.csv", tmp_path / "findings.csv"
    assert command("index", "mini", "--corpora", tmp_path, "--out", out) == 0
    assert out.read_text().splitlines()[1].split("\t")[0] == "audio/0.wav"
    assert command("verify", "mini", "--corpora", tmp_path, "--report", findings) == 0
    assert findings.read_text() == "level\tkind\tfilename\tdetail\n"
    assert "No findings." in capsys.readouterr().out
    for name in NAMES[:7]:
        (root / "audio" / name).unlink()
    assert command("verify", "mini", "--root", root, "--report", findings) == 1
    assert "error: missing: 7 (in the lists, not in the folder)" in (text := capsys.readouterr().out)
    assert f"... and 2 more; all in {findings}" in text
    fold(root, "test", ["filename", "0.wav"])
    before = out.read_bytes()
    for action in ("index", "verify"):
        assert command(action, "mini", "--root", root, *(("--out", out) if action == "index" else ())) == 2
    assert "line 2: found '0.wav'" in capsys.readouterr().err
    assert out.read_bytes() == before


@pytest.mark.slow
def test_many_files(tmp_path: Path) -> None:
    """Hard links to one recording: many tasks in flight, every file looked at once."""
    files = 20_000
    (tmp_path / "audio").mkdir()
    write_wav(tmp_path / "one.wav")
    for number in range(files):
        (tmp_path / "audio" / f"{number}.wav").hardlink_to(tmp_path / "one.wav")
    fold(tmp_path, "test", ["filename", *(f"audio/{number}.wav" for number in range(files + 5))])
    report = verify(facts(files=files + 5), tmp_path, workers=4)
    assert (report.checked, report.counts) == (files, {"missing": 5})
