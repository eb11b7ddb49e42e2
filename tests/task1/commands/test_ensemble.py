"""`task1 ensemble`: from files to a file, fitted weights, repairs and limits, and one sentence for what is wrong."""

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from task1.cli import main, parser
from task1.config import System, edition, taxonomy
from task1.outputs import Outputs, read_outputs, write_outputs

SCENES = taxonomy().scenes


def save(path: Path, names: list[str], seed: int, strength: float = 0.0) -> Path:
    generator = np.random.default_rng(seed)
    z = generator.normal(size=(len(names), 10)) + strength * np.eye(10)[np.arange(len(names)) % 10]
    write_outputs(path, Outputs(tuple(names), np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tables a.csv, b.csv of test clips, va.csv, vb.csv of validation clips, and the index of all."""
    test, validation = ([f"{part}{i}.wav" for i in range(40)] for part in ("t", "v"))
    for number, name in enumerate("ab"):
        save(tmp_path / f"{name}.csv", test, number, 1.0 + number)
        save(tmp_path / f"v{name}.csv", validation, 10 + number, 1.0 + number)
    rows = [f"audio/{name}\t{SCENES[i % 10]}\t{split}" for names, split in ((test, "test"), (validation, "train"))
            for i, name in enumerate(names)]
    (tmp_path / "index.csv").write_text("\n".join(["filename\tscene\tsplit", *rows, ""]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(words: str) -> int:
    return main(["ensemble", *words.split(), "--out", "out.csv"])


def test_ways_are_those_of_a_recipe() -> None:
    known = set(get_args(System.model_fields["combine"].annotation)) - {"single"}
    for how in known:
        parser().parse_args(["ensemble", "a", "b", "--how", how, "--out", "x"])
    with pytest.raises(SystemExit):
        parser().parse_args(["ensemble", "a", "b", "--how", "single", "--out", "x"])


def test_mean_of_two_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("a.csv b.csv --how mean") == 0
    parts = [read_outputs(folder / name).probabilities for name in ("a.csv", "b.csv")]
    np.testing.assert_allclose(read_outputs(folder / "out.csv").probabilities, np.mean(parts, axis=0), rtol=1e-7)
    assert "out.csv: 40 clips, mean of 2 tables" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["weighted", "linear"])
def test_weights_fitted_once_are_used_again(folder: Path, capsys: pytest.CaptureFixture[str], how: str) -> None:
    assert run(f"a.csv b.csv --how {how} --fit va.csv vb.csv --truth index.csv --fusion f.json") == 0
    told, first = capsys.readouterr().out, (folder / "out.csv").read_bytes()
    assert "fitted on 40 validation clips" in told
    assert "b.csv  (fitted as vb.csv)" in told
    weights = json.loads((folder / "f.json").read_text())["weights"]
    assert weights[1] > weights[0]  # b knows more
    (folder / "out.csv").unlink()
    assert run(f"a.csv b.csv --how {how} --fusion f.json") == 0
    assert (folder / "out.csv").read_bytes() == first


def test_limits_are_those_of_the_sum(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    limit = edition("2023").size.limit
    assert limit is not None
    assert run(f"a.csv b.csv --how mean --edition 2023 --sizes {limit - 1} 1 --macs 10 20") == 0
    out = capsys.readouterr().out
    assert f"{limit:,}" in out
    assert "30 MACs" in out
    assert run(f"a.csv b.csv --how mean --edition 2023 --sizes {limit} 1 --macs 10 20") == 1
    assert "over the limit" in capsys.readouterr().out


def test_repairs_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.csv").write_text((folder / "a.csv").read_text().replace("\t", ";"))
    assert run("a.csv b.csv --how vote") == 2
    assert "separated by semicolons" in capsys.readouterr().err
    assert not (folder / "out.csv").exists()
    assert run("a.csv b.csv --how vote --lenient") == 0
    assert "repaired: a.csv: columns separated by semicolons" in capsys.readouterr().err


@pytest.mark.parametrize(("words", "told"), [
    ("a.csv --how mean", "expected two or more"),
    ("a.csv va.csv --how mean", "va.csv, to be joined with a.csv: 40 clips do not match the 40"),
    ("a.csv none.csv --how mean", "none.csv: no such file"),
    ("a.csv b.csv --how mean --weights 1", "--weights: found 1 for 2 tables"),
    ("a.csv b.csv --how mean --weights 1 2", "which takes none"),
    ("a.csv b.csv --how linear", "found neither"),
    ("a.csv b.csv --how mean --fit va.csv vb.csv --truth index.csv", "mean: has no weights to fit"),
    ("a.csv b.csv --how linear --fit va.csv vb.csv", "--fit and --truth go together"),
    ("a.csv b.csv --how linear --truth index.csv", "--fit and --truth go together"),
    ("a.csv b.csv --how linear --fit va.csv --truth index.csv", "--fit: found 1 for 2 tables"),
    ("a.csv b.csv --how linear --fit a.csv b.csv --truth index.csv", "40 of its clips are also combined"),
    ("va.csv vb.csv --how linear --fit a.csv b.csv --truth index.csv", "is of split test"),
    ("a.csv b.csv --how linear --weights 1 2 --fit va.csv vb.csv --truth index.csv", "nothing to --fit"),
    ("a.csv b.csv --how mean --edition 2023", "expected --models, or --sizes and --macs"),
    ("a.csv b.csv --how mean --edition 1999 --sizes 1 2 --macs 1 2", "--edition 1999: expected one of"),
    ("a.csv b.csv --how mean --sizes 1 2 --macs 1 2", "expected --edition as well"),
    ("a.csv b.csv --how mean --edition 2023 --models x y --sizes 1 2", "either them or"),
    ("a.csv b.csv --how mean --edition 2023 --models x y", "x: no trained model there"),
])
def test_what_is_wrong_is_told_in_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str], words: str,
                                               told: str) -> None:
    assert run(words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not (folder / "out.csv").exists()
