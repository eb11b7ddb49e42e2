"""The verb `task1 features`, on the smallest profile with a handful of clips."""

import argparse
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from task1.commands import features
from task1.config import dataset, resolve, save_run
from task1.errors import InputError
from task1.features.store import FeatureStore, feature_digest

Verb = Callable[..., None]


@pytest.fixture
def verb(tmp_path: Path, wav_bytes: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> Verb:
    """Run the verb on five recordings, of which the last is silent."""
    run = resolve("wang2023", "tiny", corpora=tmp_path / "corpora")
    save_run(run, tmp_path / "runs" / "toy" / "config.yaml")
    audio = tmp_path / "corpora" / dataset(run.development).root_dir / "audio"
    audio.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 2**18, run.features.samples).astype(np.int32)
    for number in range(5):
        (audio / f"{number}.wav").write_bytes(wav_bytes(noise * (number < 4), rate=run.features.sample_rate))
    index = tmp_path / "index" / f"{run.development}.csv"
    index.parent.mkdir()
    index.write_text("filename\n" + "".join(f"audio/{number}.wav\n" for number in range(5)))
    reader = types.SimpleNamespace(read_index=lambda path: pd.read_csv(path, sep="\t"))
    monkeypatch.setitem(sys.modules, "task1.corpus.index", reader)

    def call(*arguments: str) -> None:
        parser = argparse.ArgumentParser()
        features.register(parser.add_subparsers())
        base = ["features", "--run", str(tmp_path / "runs" / "toy"), "--dataset", run.development]
        chosen = parser.parse_args([*base, *arguments])
        chosen.handler(chosen)

    return call


def store_folder(tmp_path: Path) -> Path:
    run = resolve("wang2023", "tiny", corpora=tmp_path / "corpora")
    return tmp_path / "features" / feature_digest(run.features, run.development) / run.development


def test_writes_the_store_where_the_layout_says(verb: Verb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"audio/4\.wav: found digital silence"):
        verb()
    verb("--skip-bad")
    store = FeatureStore(store_folder(tmp_path))
    assert store.shape == (4, 256, 44)
    assert list(store.skipped) == ["audio/4.wav"]
    assert "4 clips of 256 mel bands x 44 frames, 1 left out" in capsys.readouterr().out


def test_one_share_alone_lists_nothing(verb: Verb, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verb("--share", "1-of-1", "--skip-bad")
    assert "share 1 of 1: 1 parts computed, 0 taken" in capsys.readouterr().out
    assert (store_folder(tmp_path) / "part-00000.h5").exists()
    assert not (store_folder(tmp_path) / "store.json").exists()
    verb("--share", "1-of-1", "--skip-bad")
    assert "0 parts computed, 1 taken as they are" in capsys.readouterr().out


@pytest.mark.parametrize("share", ["0-of-2", "3-of-2", "1", "1/2", "one-of-two", "1-of-0", ""])
def test_a_share_is_one_of_so_many(verb: Verb, share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        verb("--share", share)
    assert "expected K-of-N with K from 1 to N" in capsys.readouterr().err


def test_another_index(verb: Verb, tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("filename\naudio/2.wav\n")
    verb("--index", str(tmp_path / "some.csv"))
    assert FeatureStore(store_folder(tmp_path)).filenames == ["audio/2.wav"]


@pytest.mark.parametrize("workers", ["0", "-1", "two"])
def test_workers_is_a_positive_number(verb: Verb, workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        verb("--workers", workers)
    assert "whole number of 1 or more" in capsys.readouterr().err
