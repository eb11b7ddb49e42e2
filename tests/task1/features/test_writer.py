"""Writing a part where there is no room for it."""

import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from task1.config import FeatureSettings
from task1.features.writer import write_part

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.mark.parametrize("short", [0, 1])
def test_a_disk_that_is_too_full_for_the_values(tmp_path: Path, small: FeatureSettings, short: int,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros((3, small.n_mels, small.frames), np.float16)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(1 << 30, 0, rows.nbytes - short))
    path = tmp_path / "part-00000.h5"
    if short:
        with pytest.raises(OSError, match="No space left on device") as told:
            write_part(path, small, "toy", ["a.wav", "b.wav", "c.wav"], [rows])
        assert told.value.filename == str(path)
        assert list(tmp_path.iterdir()) == []
    else:
        assert write_part(path, small, "toy", ["a.wav", "b.wav", "c.wav"], [rows]).bytes > rows.nbytes
