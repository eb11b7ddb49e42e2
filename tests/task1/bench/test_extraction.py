"""Ours and the peer compute the same log-mels, and the rows say what was measured."""

from pathlib import Path

import numpy as np
import pytest

from task1.bench import extraction
from task1.bench.corpus import LEAST, corpus
from task1.bench.peers import librosa_features
from task1.bench.rows import Size
from task1.config import dataset, names
from task1.config.bench import bench
from task1.features.logmel import LogMel


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize("entry", bench().extraction.entries)
def test_peer_computes_the_same(tmp_path: Path, entry: str) -> None:
    settings = extraction.settings_of(entry)
    made = corpus(tmp_path, 0)
    made.write_audio(settings.clip_seconds)
    paths = [tmp_path / name for name in made.names[:2]]
    own = extraction.ours(paths, LogMel(settings))
    kept = librosa_features.KeptFilters(settings)
    assert own.dtype == np.float16
    for mine, path in zip(own, paths, strict=True):
        peer = librosa_features.logmel(path, settings)
        assert peer.dtype == np.float32
        np.testing.assert_allclose(mine, peer, atol=2**-7)  # values up to 16 as float16 are within 2^-8
        np.testing.assert_allclose(kept.logmel(path), peer, atol=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Empty filters")
def test_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "CLIP_SECONDS_A_ROUND", {Size.QUICK: 1})
    entries = bench().extraction.entries
    rows = list(extraction.measure(Size.QUICK))
    of_entries, whole = rows[:len(entries)], rows[len(entries):]
    assert [row.what.split()[0].rstrip(":") for row in of_entries] == list(entries)
    for row in of_entries:
        assert row.peer is not None
        assert 0 < row.ours < row.peer  # whatever else is running, not slower than librosa
        assert row.target == bench().extraction.ratio
    drift, projected, memory, workers = whole
    assert workers.peer is not None
    assert workers.what.startswith(f"{LEAST:,} clips")
    assert 0.1 < drift.ours < 10
    clips = dataset(bench().extraction.dataset).counts.files
    assert f"{clips:,} clips" in projected.what
    assert 0 < projected.ours * 60 < 1.1 * workers.peer / LEAST * clips  # no more processor than time
    assert 0.5 < memory.ours < 1.5


def test_what_is_wished_for_names_entries_that_are_there() -> None:
    assert set(bench().extraction.entries) <= set(names("entries"))
