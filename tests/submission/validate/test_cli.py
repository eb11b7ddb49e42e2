"""The verb: files in any order, formats, exit status, lists of clips."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from submission.cli import main

LABEL = "Doe_INST_task1_1"


@pytest.fixture
def pair(tmp_path: Path, make_members: Any) -> tuple[str, str]:
    paths = []
    for name, content in make_members("2023", 1).items():
        path = tmp_path / Path(name).name
        path.write_bytes(content)
        paths.append(str(path))
    _, meta, output = paths
    return output, meta


@pytest.fixture
def clips(tmp_path: Path) -> str:
    path = tmp_path / "fold1_test.csv"
    path.write_text("filename\naudio/0.wav\naudio/1.wav\naudio/2.wav\n")
    return str(path)


def test_a_sound_pair_in_any_order(pair: tuple[str, str], clips: str, capsys: pytest.CaptureFixture[str]) -> None:
    for files in (pair, pair[::-1], pair[:1], pair[1:]):
        assert main(["validate", *files, "--clips", clips]) == 0
        assert "edition 2023 (guessed; --edition chooses another), 1 system: no errors, no warnings" in (
            capsys.readouterr().out)


def test_errors_come_before_warnings_and_the_last_line_counts(pair: tuple[str, str], clips: str,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    meta = Path(pair[1])
    meta.write_text(meta.read_text().replace("macs: 1000000", "macs: 1.5").replace("framework: text", "framework: 5"))
    assert main(["validate", *pair, "--clips", clips, "--edition", "2023"]) == 1
    error, empty, warning, _, summary = capsys.readouterr().out.splitlines()
    assert error == f"error: {LABEL}.meta.yaml, system.complexity.macs: 1.5; expected a whole number"
    assert warning == f"warning: {LABEL}.meta.yaml, system.description.framework: 5; expected a text"
    assert empty == ""
    assert summary == f"{LABEL}.output.csv and {LABEL}.meta.yaml: edition 2023, 1 system: 1 error, 1 warning"


def test_warnings_alone_do_not_fail(pair: tuple[str, str], clips: str, capsys: pytest.CaptureFixture[str]) -> None:
    meta = Path(pair[1])
    meta.write_text(meta.read_text().replace("framework: text", "framework: 5"))
    assert main(["validate", *pair, "--clips", clips]) == 0
    assert "no errors, 1 warning" in capsys.readouterr().out


def test_json_and_markdown(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", *pair, "--format", "json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert (content["edition"], content["edition_guessed"], content["systems"]) == ("2023", True, [LABEL])
    assert [one["where"] for one in content["errors"]] == [f"{LABEL}.output.csv"]
    assert set(content["errors"][0]) == {"severity", "where", "found", "expected", "message"}
    assert main(["validate", *pair, "--format", "md"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("## Errors\n\n| Where | Found | Expected |\n| --- | --- | --- |\n")
    assert said.count("\n| Doe\\_INST\\_task1\\_1.output.csv | 118,797 of 118,800 clips missing") == 1


@pytest.mark.parametrize(("old", "new", "expected"), [
    (f"{LABEL}.meta.yaml", f"{LABEL}.yaml", f"{LABEL}.yaml: this file name; expected {LABEL}.meta.yaml"),
    (f"{LABEL}.meta.yaml", "Doe_INST_task1_2.meta.yaml", "the meta file of another system; expected Doe_INST_task1_1"),
    (f"{LABEL}.output.csv", "output.csv", "output.csv, label: 1 parts between underscores; expected four"),
])
def test_names_of_single_files(pair: tuple[str, str], clips: str, capsys: pytest.CaptureFixture[str], old: str,
                               new: str, expected: str) -> None:
    files = []
    for path in map(Path, pair):
        files.append(str(path.rename(path.with_name(new)) if path.name == old else path))
    assert main(["validate", *files, "--clips", clips, "--edition", "2023"]) == 1
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "expected"), [
    (["gone.zip"], "gone.zip: no such file; expected a package (zip)"),
    (["gone.csv"], "gone.csv: no such file"),
    (["a.csv", "b.csv"], "b.csv: expected a package (zip) alone, or one output table"),
    (["a.zip", "b.zip"], "a.zip: expected a package (zip) alone"),
    (["."], ".: no such file; expected a package"),
    (["x.zip", "--edition", "2019"], "--edition 2019: no such edition; there are: 2020, 2021, 2022, 2023"),
    (["x.zip", "--clips", "gone.csv"], "gone.csv: cannot be read as a list of clips (No such file or directory)"),
])
def test_bad_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
                   arguments: list[str], expected: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["validate", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"submission: {expected}")


@pytest.mark.parametrize("content", [b"", b"filename\n", b"\xff\xfe"])
def test_lists_without_clips(tmp_path: Path, pair: tuple[str, str], capsys: pytest.CaptureFixture[str],
                             content: bytes) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    assert main(["validate", *pair, "--clips", str(path)]) == 2
    assert "list.txt: " in capsys.readouterr().err


def test_foreign_names_on_a_terminal_without_them(tmp_path: Path, zipped: Any, make_members: Any) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({**make_members(), "task1/überzählig.txt": b""}))
    done = subprocess.run([sys.executable, "-m", "submission", "validate", str(path)], capture_output=True, check=False,
                          env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin"})
    assert done.returncode == 1
    assert b"task1/\\xfcberz\\xe4hlig.txt: a file that belongs to no system" in done.stdout
    assert done.stderr == b""
