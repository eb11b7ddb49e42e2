"""The corpus of any size is one that everything else accepts."""

from pathlib import Path

import numpy as np
import pytest

from task1.augment.spectrum_correction import corrections
from task1.bench.corpus import CLIPS_A_MOMENT, DISTINCT, LEAST, corpus
from task1.corpus.index import build_index
from task1.corpus.verify import verify


@pytest.mark.parametrize("clips", [0, 101, 1250])
def test_lists_and_recordings_are_clean(tmp_path: Path, clips: int) -> None:
    made = corpus(tmp_path / "corpus", clips)
    made.write_lists()
    made.write_audio(1.0)
    index = build_index(made.facts, made.root)  # counts, locations and whole moments are checked
    assert max(clips, LEAST) - CLIPS_A_MOMENT < len(index) <= max(clips, LEAST)
    assert set(index["split"]) == {"train", "test"}
    report = verify(made.facts, made.root, full=True)
    assert report.clean
    assert report.checked == len(made.names) == len(index)
    contents = {(made.root / name).stat().st_ino for name in made.names}
    assert len(contents) == min(DISTINCT, len(index))


def test_every_clip_has_a_parallel_recording(tmp_path: Path) -> None:
    import torch

    names = corpus(tmp_path, 400).names
    spectrum = torch.from_numpy(np.random.default_rng(0).normal(size=(len(names), 4)))
    rows = corrections(names, spectrum, "a", 10.0, "pairwise_pool")
    assert len(rows) == len(names) // 2
