"""The embedded corpus can be learned, not trivially, and shows the gaps of the real one (figures: docs/corpus.md)."""

from itertools import groupby

import librosa
import numpy as np
import pandas as pd
import pytest
from scipy import fft
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from task1.config import dataset, taxonomy
from task1.corpus.synthetic.devices import record
from task1.corpus.synthetic.plan import Task, span, tasks
from task1.corpus.synthetic.scenes import sound

UNSEEN = ("s4", "s5", "s6")
TRAIN_PIECES, TEST_PIECES = (0, 3, 6, 9), (2, 7)  # of the ten of a moment: the others are much the same


def _features(clip: np.ndarray, filters: np.ndarray) -> np.ndarray:
    """Mean and deviation over time of 256 log-mel bands."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(clip, 2048, mode="reflect"), 4096)[::1024]
    power = np.abs(fft.rfft(frames * np.hanning(4097)[:-1].astype(np.float32), axis=1)) ** 2
    bands = np.log10(power @ filters.T + 1e-10)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])


@pytest.fixture(scope="module")
def heard() -> tuple[pd.DataFrame, np.ndarray]:
    """The real 1 s set; in the test part every device hears every moment, so that devices compare."""
    facts = dataset("embedded-1s-dev")
    length = span(facts)
    filters = librosa.filters.mel(sr=length.rate, n_fft=4096, n_mels=256, htk=True, norm="slaney")
    rows, features = [], []
    for task in (task for task in tasks(facts) if task.clips[0].part != "unused"):
        spectrum, part = sound(task.scene, task.moment, length), task.clips[0].part
        devices = _recording(task) if part == "train" else [*taxonomy().seen_devices, *UNSEEN]
        for device in devices:
            signal = record(spectrum, device, task.moment.key, length)
            for piece in TRAIN_PIECES if part == "train" else TEST_PIECES:
                rows.append((task.scene, part, device))
                features.append(_features(signal[piece * length.rate: (piece + 1) * length.rate], filters))
    return pd.DataFrame(rows, columns=["scene", "part", "device"]), np.stack(features)


def _recording(task: Task) -> list[str]:
    return [device for device, _ in groupby(clip.device for clip in task.clips)]


def _right(features: np.ndarray, scenes: pd.Series, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    model.fit(features[train], scenes[train])
    return model.predict(features[test]) == scenes[test].to_numpy()


@pytest.mark.slow
def test_learnable_not_trivial_with_gaps(heard: tuple[pd.DataFrame, np.ndarray]) -> None:
    rows, features = heard
    train = (rows["part"] == "train").to_numpy()
    test = rows[~train]
    right = _right(features, rows["scene"], train, ~train)
    seen = ~test["device"].isin(UNSEEN).to_numpy()
    assert 0.50 < right.mean() < 0.75
    assert 0.05 < right[seen].mean() - right[~seen].mean() < 0.20
    per_scene = pd.Series(right).groupby(test["scene"].to_numpy()).mean()
    assert per_scene.min() > 0.2
    assert per_scene.max() < 0.95

    known = np.flatnonzero(rows["device"].isin(taxonomy().seen_devices))
    np.random.default_rng(0).shuffle(known)
    size = min(int(train.sum()), len(known) * 3 // 4)
    at_random = _right(features, rows["scene"], known[:size], known[size:])
    assert at_random.mean() > right[seen].mean() + 0.15
