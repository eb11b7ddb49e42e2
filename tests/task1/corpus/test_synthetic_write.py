"""The folder of an embedded corpus: format, lists, determinism, going on after a stop, refusals."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from task1.cli import main
from task1.config import Dataset, dataset
from task1.corpus.index import build_index
from task1.corpus.synthetic import is_current, synthesise, write
from task1.corpus.verify import verify
from task1.errors import InputError


@pytest.fixture(scope="module")
def small() -> Dataset:
    """Twenty moments of 1 s."""
    facts = dataset("embedded-1s-tiny-dev")
    part = facts.synthetic.test.model_copy(update={"devices": {"a": 10, "s1": 10}})
    sizes = facts.synthetic.model_copy(update={"cities": ("lyon",), "train": part, "test": part})
    return facts.model_copy(update={"synthetic": sizes, "root_dir": "small"})


@pytest.fixture(scope="module")
def evaluation() -> Dataset:
    facts = dataset("embedded-1s-tiny-eval")
    part = facts.synthetic.test.model_copy(update={"devices": {"d": 10}})
    sizes = facts.synthetic.model_copy(update={"test": part, "segments_per_moment": 2})
    return facts.model_copy(update={"synthetic": sizes, "root_dir": "hidden"})


@pytest.fixture(scope="module")
def corpora(small: Dataset, evaluation: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    synthesise(small, folder, 1)
    synthesise(evaluation, folder, 1)
    return folder


def _digests(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*")) if path.is_file()}


@given(arrays(np.float32, st.integers(1, 300), elements=st.floats(-2, 2, width=32)))
def test_wav_is_read_back_within_two_steps(signal: np.ndarray) -> None:
    content = write.wav(signal, 44100)
    assert len(content) == 44 + 3 * len(signal)
    back, rate = soundfile.read(io.BytesIO(content), dtype="int32")
    assert rate == 44100
    expected = np.clip(signal.astype(np.float64) * 2**23, -(2**23), 2**23 - 1)
    assert np.abs(back / 256 - expected).max() <= 2


def test_header_is_that_of_the_real_clips(corpora: Path, reference: Path) -> None:
    real = next((reference / "clips").glob("*.wav"))
    made = next((corpora / "small" / "audio").glob("*.wav"))
    assert made.stat().st_size == real.stat().st_size
    assert made.read_bytes()[:44] == real.read_bytes()[:44]


def test_clips_are_neither_silent_nor_alike(corpora: Path) -> None:
    levels = {path.name: soundfile.read(path)[0].std() for path in (corpora / "small" / "audio").glob("*.wav")}
    assert len(set(levels.values())) == len(levels) == 40
    assert min(levels.values()) > 1e-4
    assert max(levels.values()) < 0.5


def test_development_lists_agree_with_names_and_recordings(corpora: Path, small: Dataset) -> None:
    root = corpora / "small"
    index = build_index(small, root, allow_counts=True)
    assert index["split"].value_counts().to_dict() == {"train": 20, "test": 20}
    findings = [finding for finding in verify(small, root, True, 1).findings if finding.kind != "counts"]
    assert findings == []
    header = b"filename\tscene_label\tidentifier\tsource_label\n"
    assert (root / "meta.csv").read_bytes().startswith(header + b"audio/airport-lyon-0-0-0-a.wav\tairport\tlyon-0\ta\n")
    assert "SYNTHETIC" in (root / "README.md").read_text()
    assert not list(corpora.glob("*.partial*"))


def test_evaluation_set_hides_its_truth_beside_it(corpora: Path) -> None:
    listed = pd.read_csv(corpora / "hidden/evaluation_setup/fold1_test.csv", sep="\t")
    truth = pd.read_csv(corpora / "hidden.truth.csv", sep="\t")
    assert list(listed.columns) == ["filename"]
    assert list(truth.columns) == ["filename", "scene_label", "identifier", "source_label"]
    assert list(listed["filename"]) == list(truth["filename"]) == [f"audio/{number}.wav" for number in range(20)]
    assert truth["scene_label"].value_counts().eq(2).all()
    assert sorted(path.name for path in (corpora / "hidden").iterdir()) == [
        ".synthetic.json", "README.md", "audio", "evaluation_setup"]


def test_workers_and_a_second_run_give_the_same_bytes(corpora: Path, small: Dataset, tmp_path: Path) -> None:
    synthesise(small, tmp_path, 2)
    assert _digests(tmp_path / "small") == _digests(corpora / "small")


def test_pieces_of_a_moment_are_its_consecutive_seconds(corpora: Path, evaluation: Dataset, tmp_path: Path) -> None:
    whole = evaluation.model_copy(update={
        "audio": evaluation.audio.model_copy(update={"clip_seconds": 2}), "root_dir": "whole",
        "synthetic": evaluation.synthetic.model_copy(update={"segments_per_moment": 1})})
    synthesise(whole, tmp_path, 1)
    truth, long_truth = (pd.read_csv(path, sep="\t") for path in (corpora / "hidden.truth.csv",
                                                                 tmp_path / "whole.truth.csv"))
    row = long_truth.iloc[0]
    parts = truth[truth["identifier"] == row["identifier"]]["filename"]
    seconds = [soundfile.read(corpora / "hidden" / name)[0] for name in parts]
    moment = soundfile.read(tmp_path / "whole" / row["filename"])[0]
    best = min(np.abs(np.concatenate(order) - moment).max() for order in (seconds, seconds[::-1]))
    assert best < 4 / 2**23  # the dither differs


def test_an_interrupted_run_goes_on(corpora: Path, small: Dataset, tmp_path: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def stop_at_fifth(task: write.Task, *rest: object) -> None:
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append(task.scene)
        original(task, *rest)

    original = write.make
    monkeypatch.setattr(write, "make", stop_at_fifth)
    with pytest.raises(KeyboardInterrupt):
        synthesise(small, tmp_path, 1)
    assert not (tmp_path / "small").exists()
    assert not is_current(small, tmp_path)
    torn = next((tmp_path / "small.partial" / "audio").glob("airport-*-a.wav"))
    torn.write_bytes(torn.read_bytes()[:1000])
    made.clear()
    monkeypatch.setattr(write, "make", lambda task, *rest: (made.append(task.scene), original(task, *rest)))
    synthesise(small, tmp_path, 1)
    assert len(made) == 17  # sixteen that were never made and the torn one
    assert _digests(tmp_path / "small") == _digests(corpora / "small")


def test_a_current_folder_is_left_alone_and_another_is_made_anew(small: Dataset, evaluation: Dataset,
                                                                 tmp_path: Path) -> None:
    synthesise(evaluation, tmp_path, 1)
    clip = tmp_path / "hidden/audio/0.wav"
    before = clip.stat().st_mtime_ns
    synthesise(evaluation, tmp_path, 1)
    assert clip.stat().st_mtime_ns == before
    other = evaluation.model_copy(update={"synthetic": evaluation.synthetic.model_copy(update={"seed": 99})})
    assert not is_current(other, tmp_path)
    content = clip.read_bytes()
    synthesise(other, tmp_path, 1)
    assert clip.read_bytes() != content
    (tmp_path / "hidden.truth.csv").unlink()
    assert not is_current(other, tmp_path)
    synthesise(other, tmp_path, 1)
    assert is_current(other, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hidden", "hidden.truth.csv"]


def test_a_folder_of_somebody_else_is_refused_and_stays(small: Dataset, tmp_path: Path) -> None:
    (tmp_path / "small/audio").mkdir(parents=True)
    mine = tmp_path / "small/audio/mine.wav"
    mine.write_bytes(b"precious")
    with pytest.raises(InputError, match=r"small: found a folder that `task1 corpus synth` did not make .*move it"):
        synthesise(small, tmp_path, 1)
    assert mine.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["tau2022mobile_dev", "nothing"])
def test_the_verb_names_what_it_can_make(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "synth", name, "--corpora", str(tmp_path)]) == 2
    assert f"found {name}, expected an embedded data set: embedded-10s-dev" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_verb_makes_a_whole_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["corpus", "synth", "embedded-1s-tiny-dev", "--corpora", str(tmp_path), "--jobs", "2"]
    assert main(arguments) == 0
    assert "320 clips" in capsys.readouterr().out
    facts = dataset("embedded-1s-tiny-dev")
    assert verify(facts, tmp_path / facts.root_dir, True, 1).findings == ()
    assert main(arguments) == 0
    assert "complete, left as it is" in capsys.readouterr().out
