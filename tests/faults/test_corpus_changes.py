"""Recordings changed or deleted between stages: named, and nothing is computed from what is not there."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.pipeline import begun, digests, only, run, task1


@pytest.fixture
def audio(work: Path) -> Path:
    return only(work / "corpora", "*-development/audio")


def test_a_deleted_recording_is_named_before_features_are_computed(work: Path, audio: Path) -> None:
    gone = min(audio.iterdir())
    gone.unlink()
    shown = run(work, "--force", "features", "features")
    assert shown.returncode == 1
    assert f"{gone.name}: no such file; 1 of the 320 recordings" in shown.stderr


@pytest.mark.long
def test_the_doctor_tells_of_a_deleted_recording(work: Path, audio: Path) -> None:
    min(audio.iterdir()).unlink()
    doctor = task1("doctor", "--profile", "tiny", "--work", work)
    assert doctor.returncode == 1
    assert "found 319 WAV files, expected 320; delete this folder, and the next run makes it anew" in doctor.stdout


@pytest.mark.long
def test_a_changed_recording_is_told_and_computed_again(finished: tuple[Path, str], work: Path, audio: Path) -> None:
    first, second = sorted(audio.iterdir())[:2]
    shutil.copyfile(second, first)
    later = time.time() + 5
    os.utime(first, (later, later))
    doctor = task1("doctor", "--profile", "tiny", "--work", work, "--deep")
    assert f"{first.name}: changed after the features were computed (1 of 320 looked at)" in doctor.stdout
    shown = run(work, "--force", "verify", "features")
    assert shown.returncode == 0, shown.stderr
    assert begun(shown) == ["verify", "index", "features"]
    before, after = (digests(folder, ("features/*/*/*.h5",)) for folder in (finished[0], work))
    assert sum(before[name] != after[name] for name in before) == 1  # the part with this clip


@pytest.mark.long
def test_a_recording_cut_off_between_verify_and_features(work: Path, audio: Path) -> None:
    shutil.rmtree(work / "features")
    cut = min(audio.iterdir())
    os.truncate(cut, 1000)
    shown = run(work, "--force", "features", "features")
    assert shown.returncode == 1
    assert "Traceback" not in shown.stderr
    assert cut.name in shown.stderr
    assert not list(work.glob("features/*/embedded-1s-tiny-dev/store.json"))


@pytest.mark.long
def test_a_deleted_corpus_is_made_again_when_it_is_needed(finished: tuple[Path, str], work: Path) -> None:
    shutil.rmtree(only(work / "corpora", "*-development"))
    assert not begun(run(work, "--dry-run"))
    shutil.rmtree(only(work, "features/*/embedded-1s-tiny-dev"))
    shown = run(work, "features")
    assert shown.returncode == 0, shown.stderr
    assert begun(shown)[0] == "corpus"
    patterns = ("corpora/*/audio/*", "features/*/*/*.h5")
    assert digests(work, patterns) == digests(finished[0], patterns)


def test_a_folder_of_the_user_in_the_place_of_the_corpus_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "work" / "corpora" / "embedded-1s-tiny-development"
    own.mkdir(parents=True)
    (own / "thesis.txt").write_text("years of work")
    shown = run(tmp_path / "work")
    assert shown.returncode == 1
    assert "will not overwrite" in shown.stderr
    assert (own / "thesis.txt").read_text() == "years of work"
