"""The verb: formats, files and folders, exit status, and sentences."""

import json
from pathlib import Path

import numpy as np
import pytest

from task1.classify import classify
from task1.cli import main
from task1.outputs import read_outputs
from tests.task1.classify.conftest import LENGTH, Record, noise


@pytest.fixture
def folder(record: Record, tmp_path: Path) -> Path:
    for number in range(3):
        record(f"sounds/deep/{number}.wav", noise(LENGTH + 900 * number, seed=number))
    record("sounds/a.flac", noise(LENGTH, channels=2))
    (tmp_path / "sounds" / "notes.txt").write_text("not a recording")
    (tmp_path / "sounds" / "._0.wav").write_text("what another system leaves behind")
    return tmp_path / "sounds"


def test_the_official_table(model: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "table.csv"
    assert main(["classify", str(model), str(folder), "--format", "csv", "--out", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    outputs = read_outputs(target)
    assert outputs.filenames == ("a.flac", "0.wav", "1.wav", "2.wav")
    expected = classify(model, [folder / "a.flac", *(folder / "deep" / f"{n}.wav" for n in range(3))])
    np.testing.assert_allclose(outputs.probabilities, [result.probabilities for result in expected], rtol=1e-8)
    assert outputs.labels == [result.scene for result in expected]
    assert main(["classify", str(model), str(folder), "--format", "csv"]) == 0
    assert capsys.readouterr().out == target.read_text()


def test_text(model: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [folder / "deep" / "2.wav", folder / "deep"]  # a file named twice is classified once
    assert main(["classify", str(model), *map(str, paths), "--windows"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    (result,) = classify(model, paths[:1])
    assert lines[0].split() == ["recording", "scene", "prob.", "next", "best"]
    assert lines[1].split()[:3] == [str(paths[0]), result.scene, f"{result.probability:.3f}"]
    assert [line.split(" s ")[0].strip() for line in lines[2:4]] == ["0.00 - 0.25", "0.23 - 0.47"]
    assert sum(line.startswith(str(folder)) for line in lines) == 3
    assert "EMBEDDED" not in shown.out + shown.err


def test_json_holds_everything(model: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "deep" / "1.wav"
    assert main(["classify", str(model), str(path), "--format", "json", "--windows", "--timing"]) == 0
    told = json.loads(capsys.readouterr().out)
    (result,) = classify(model, [path])
    (recording,) = told["recordings"]
    assert list(recording["probabilities"].values()) == result.probabilities.tolist()
    assert [part["start"] for part in recording["windows"]] == [part.start for part in result.windows]
    assert told["timing"]["clips"] == len(result.windows) == 2
    assert 0 < told["timing"]["features_median_ms"] < told["timing"]["together_p95_ms"]
    assert told["timing"]["peak_memory_bytes"] > 1_000_000
    assert told["embedded"] is False


def test_synthetic_training_is_told_wherever_it_can_be(synthetic_model: Path, record: Record, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    path, target = str(record()), tmp_path / "shown"
    for form in ("text", "json"):
        assert main(["classify", str(synthetic_model), path, "--format", form, "--out", str(target)]) == 0
        assert "EMBEDDED" in target.read_text()
    capsys.readouterr()
    assert main(["classify", str(synthetic_model), path, "--format", "csv"]) == 0
    assert "EMBEDDED" in capsys.readouterr().err
    assert main(["classify", str(synthetic_model), "--info"]) == 0
    assert "EMBEDDED" in capsys.readouterr().out


def test_a_bad_file_does_not_stop_the_others(model: Path, folder: Path, tmp_path: Path,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    bad, target = folder / "b.wav", tmp_path / "table.csv"
    bad.write_text("no sound")
    given = [str(folder), str(folder / "none.wav")]
    assert main(["classify", str(model), *given, "--format", "csv", "--out", str(target)]) == 1
    assert len(read_outputs(target)) == 4
    told = capsys.readouterr().err
    assert f"task1: {bad}: found no sound" in told
    assert f"task1: {folder / 'none.wav'}: no such file" in told
    assert "2 of 6 recordings could not be used" in told
    assert main(["classify", str(model), *given, "--format", "json"]) == 1
    assert [row["file"] for row in json.loads(capsys.readouterr().out)["unusable"]] == [str(bad), given[1]]


@pytest.mark.parametrize(("words", "sentence"), [
    ([], "expected recordings behind MODEL.onnx"),
    (["{bad}"], "nothing was classified"),
    (["{empty}"], "no recordings in this folder"),
    (["{good}", "--windows", "--format", "csv"], "--windows goes with --format text or json"),
    (["{good}", "--hop", "7"], "hop of 7 s: expected more than 0"),
    (["{good}", "{twin}", "--format", "csv"], "has the same name"),
])
def test_sentences(model: Path, record: Record, tmp_path: Path, words: list[str], sentence: str,
                   capsys: pytest.CaptureFixture[str]) -> None:
    places = {"good": record(), "twin": record("other/clip.wav"), "bad": tmp_path / "bad.wav", "empty": tmp_path / "e"}
    places["bad"].write_text("no sound")
    places["empty"].mkdir()
    assert main(["classify", str(model), *(word.format(**places) for word in words)]) == 2
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert shown.out == ""


def test_what_is_no_model_is_told(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(record())
    assert main(["classify", path, path]) == 2
    assert f"{path}: no ONNX model that can be run" in capsys.readouterr().err
