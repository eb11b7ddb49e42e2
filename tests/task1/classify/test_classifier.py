"""Recordings in, scenes out: the same as through the feature store, and averaged over windows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from task1.classify import Classifier, classify, measure
from task1.classify.info import info
from task1.classify.latency import median_p95
from task1.compress.quantize import export_int8, prepare_qat
from task1.compress.run_onnx import classify_onnx, metadata_of
from task1.config import resolve, taxonomy
from task1.errors import InputError
from task1.features.audio import read_clip
from task1.features.extract import extract
from task1.features.logmel import LogMel
from task1.features.network_input import network_input
from task1.inference import predict
from task1.models import build
from tests.task1.classify.conftest import FEATURES, LENGTH, RATE, Record, noise


def by_definition(model: Path, waves: np.ndarray) -> np.ndarray:
    """Probabilities of waves (clip, samples) of the model's rate and length, through what is stored."""
    logmel = LogMel(FEATURES)
    stored = np.stack([logmel(wave.astype(np.float32)).astype(np.float16) for wave in waves])
    return classify_onnx(model, torch.from_numpy(stored))


def test_a_clip_of_the_training_length(model: Path, record: Record) -> None:
    path = record()
    (result,) = classify(model, [path])
    expected = by_definition(model, read_clip(path, FEATURES)[None])[0]
    np.testing.assert_array_equal(result.probabilities, expected)
    assert (result.scene, result.probability) == (taxonomy().scenes[expected.argmax()], expected.max())
    assert (result.seconds, result.sample_rate, result.channels, result.notes) == (0.25, RATE, 1, ())


def test_the_same_as_predict_gives(tmp_path: Path, record: Record) -> None:
    """An int8 network of an entry, in the feature store's clips and as recordings: equal to the last bit."""
    run = resolve("wang2023", "full")
    recipe = run.models["model1"]
    folder = tmp_path / "model1"
    folder.mkdir()
    names = [f"audio/{number}.wav" for number in range(5)]
    for number, name in enumerate(names):
        record(f"corpus/{name}", noise(run.features.samples, seed=number), run.features.sample_rate, subtype="PCM_24")
    root = tmp_path / "corpus"
    store = extract(pd.DataFrame({"filename": names}), root, run.features, "made", tmp_path / "store", 3, 1)
    logmels = torch.from_numpy(store.read(range(5)))
    torch.manual_seed(0)
    network = prepare_qat(build(recipe.network), network_input(logmels, recipe.input))
    network(network_input(logmels, recipe.input))  # ranges of activations
    shape = network_input(logmels[:1], recipe.input).shape[1:]
    export_int8(network.eval(), shape, folder / "model.onnx", metadata_of(recipe, run.features, {}))
    (folder / "model.json").write_text(json.dumps({
        "recipe": recipe.model_dump(mode="json"), "weights": "int8", "deviations": []}))
    predicted = predict(folder, store, names, torch.device("cpu"))
    found = classify(folder / "model.onnx", [root / name for name in names])
    np.testing.assert_array_equal([result.probabilities for result in found], predicted.probabilities)
    assert np.unique(predicted.probabilities, axis=0).shape[0] > 1


def test_long_recordings_are_the_mean_of_their_windows(model: Path, record: Record) -> None:
    path = record(wave=noise(3 * LENGTH + 700), subtype="FLOAT")
    (result,) = classify(model, [path])
    wave = noise(3 * LENGTH + 700).astype(np.float32)
    parts = np.stack([wave[:LENGTH], wave[LENGTH:2 * LENGTH], wave[2 * LENGTH:3 * LENGTH], wave[-LENGTH:]])
    expected = by_definition(model, parts)
    assert len(np.unique(expected, axis=0)) == 4
    np.testing.assert_allclose([part.probabilities for part in result.windows], expected, atol=1e-6)
    np.testing.assert_allclose(result.probabilities, expected.mean(axis=0), atol=1e-6)
    assert [(part.start, part.end) for part in result.windows] == [(0, .25), (.25, .5), (.5, .75), (.5875, .8375)]


def test_hop(model: Path, record: Record) -> None:
    path = record(wave=noise(2 * LENGTH))
    starts = [part.start for part in Classifier(model, hop_seconds=0.125).classify(path).windows]
    assert starts == [0, 0.125, 0.25]
    for hop in (0, -1, 0.26, float("nan")):
        with pytest.raises(InputError, match=r"expected more than 0 and at most the 0\.25 s"):
            Classifier(model, hop_seconds=hop)


def test_short_recordings_are_continued_or_refused(model: Path, record: Record) -> None:
    wave = noise(1200).astype(np.float32)
    (result,) = classify(model, [record(wave=wave, subtype="FLOAT")])
    expected = by_definition(model, np.concatenate([wave, wave[-2:-802:-1]])[None])[0]
    np.testing.assert_array_equal(result.probabilities, expected)
    assert result.notes == ("0.15 s: continued backwards and forwards to 0.25 s",)
    with pytest.raises(InputError, match=r"found 0\.0624 s, expected at least 0\.0625 s"):
        classify(model, [record(wave=noise(499))])


def test_windows_of_silence_do_not_count(model: Path, record: Record) -> None:
    sound = noise(LENGTH)
    (result,) = classify(model, [record(wave=np.concatenate([sound, np.zeros(5 * LENGTH)]))])
    assert [part.start for part in result.windows] == [0]
    with pytest.raises(InputError, match="only in what is left at its end"):
        classify(model, [record(wave=np.concatenate([np.zeros(2 * LENGTH), sound[:100]]))])


def test_a_recording_of_a_low_rate_is_said_to_be_one(model: Path, record: Record) -> None:
    (result,) = classify(model, [record(wave=noise(LENGTH), rate=RATE // 2)])
    assert result.notes == ("recorded at 4000 Hz: the model's bands above 2 kHz are empty",)


def test_samples_beyond_all_reason_are_refused(model: Path, record: Record) -> None:
    with pytest.raises(InputError, match=r"far outside -1 \.\. 1"):
        classify(model, [record(wave=noise(LENGTH) * 1e25, subtype="FLOAT")])


def test_measure(model: Path) -> None:
    found = measure(model, clips=7)
    assert (found.clips, found.threads, found.clip_seconds) == (7, 1, 0.25)
    assert 0 < found.median_ms <= found.p95_ms < 1000
    assert found.real_time_factor == found.median_ms / 250
    assert 0 <= found.model_bytes < found.peak_bytes
    assert 50_000_000 < found.peak_bytes < 2_000_000_000  # Python and the libraries, not what runs the tests


def test_what_cannot_be_measured_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.onnx: no ONNX model"):
        measure(tmp_path / "none.onnx", 3)


def test_median_and_percentile() -> None:
    assert median_p95([0.001 * n for n in range(101)]) == pytest.approx((50, 95))


def test_info(synthetic_model: Path) -> None:
    found = info(synthetic_model)
    assert found.layers == {"int8": 0, "float": 1}
    assert found.values["float32"] >= 2 * 16 * 12 * 13 + 13
    assert found.as_json()["features"]["n_mels"] == 16
    assert json.loads(json.dumps(found.as_json())) == found.as_json()
    assert "EMBEDDED" in found.as_text()
    assert "street_pedestrian" in found.as_text()
