"""The pipeline as a user runs it, on the smallest embedded corpus: whole, again, changed. (Disturbed: tests/faults.)"""

import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.pipeline import begun, copy_of, digests, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def work(finished: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished work folder to run in."""
    return copy_of(finished[0], tmp_path_factory.mktemp("again") / "work")


def test_the_last_words_name_scores_package_report_and_next_steps(finished: tuple[Path, str]) -> None:
    work, said = finished
    assert "EMBEDDED corpus" in said
    (archive,) = work.glob("runs/*/submission/*.zip")
    assert archive.name in said
    assert "report/index.html" in said
    assert "Next:" in said
    assert zipfile.ZipFile(archive).testzip() is None


def test_a_second_run_does_nothing_and_says_so(work: Path) -> None:
    before = digests(work)
    shown = run(work)
    assert shown.returncode == 0
    assert not begun(shown)
    assert "Nothing to do" in shown.stdout
    assert digests(work) == before


@pytest.mark.parametrize(("setting", "expected"), [
    ("training.seed=7", ["train", "predict", "score", "package", "report"]),
    ("decision.scene_share=0.7", ["train", "predict", "score", "package", "report"]),
    ("texts.abbreviation=OTHER", ["package", "report"]),
    ("features.n_mels=64", ["features", "train", "predict", "score", "package", "report"]),
])
def test_a_changed_parameter_reruns_what_depends_on_it(work: Path, setting: str, expected: list[str]) -> None:
    shown = run(work, "--dry-run", "--set", setting)
    assert shown.returncode == 0, shown.stderr
    assert begun(shown) == expected
    assert "Nothing to do" in run(work).stdout  # and the run as it was is still complete


def test_a_forced_stage_runs_again_with_what_follows(work: Path) -> None:
    assert begun(run(work, "--dry-run", "--force", "score")) == ["score", "package", "report"]


def test_from_a_stage_without_its_inputs_is_told(tmp_path: Path) -> None:
    shown = run(tmp_path / "work", "--from", "train")
    assert shown.returncode == 1
    assert "run them first: ./run_all.sh features" in shown.stderr


def test_only_the_stages_asked_for(tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert begun(run(work, "index")) == ["corpus", "verify", "index"]
    assert begun(run(work, "--stage", "index", "--stop-stage", "4")) == ["features"]


@pytest.mark.parametrize(("arguments", "told"), [
    (["--entry", "wang2032"], "there are: .*wang2023"),
    (["--profile", "dmeo"], "there are: demo, full, tiny"),
    (["--set", "training.epoch=3"], "unknown key .*epoch"),
    (["--set", "training.epochs=three"], "found 'three', expected"),
    (["--set", "model.width=3"], "unknown key model"),
    (["--set", "models.model9.training.epochs=3"], "no model model9; there are: model1"),
    (["--set", "training.epochs"], "expected KEY=VALUE"),
    (["trian"], "no stage 'trian'; there are: 1 corpus"),
    (["--stage", "5", "--stop-stage", "2"], "stage train comes after verify"),
    (["--force", "train", "features"], "--force train: not among the stages to run"),
])
def test_mistakes_are_told_in_a_sentence(tmp_path: Path, arguments: list[str], told: str) -> None:
    shown = run(tmp_path / "work", *arguments)
    assert shown.returncode == 2
    assert re.search(told, shown.stderr), shown.stderr
    assert "Traceback" not in shown.stderr


def test_unusable_recordings_stop_the_run_or_are_left_out_everywhere(tmp_path: Path) -> None:
    work = tmp_path / "work"
    assert run(work, "corpus").returncode == 0
    (root,) = (path for path in (work / "corpora").glob("*-development") if path.is_dir())
    test_fold = (root / "evaluation_setup" / "fold1_test.csv").read_text().split()[1:]
    bad = root / test_fold[0]
    bad.write_bytes(bad.read_bytes()[:1000])
    refused = run(work)
    assert refused.returncode == 1
    assert "truncated" in refused.stdout
    assert bad.name in refused.stdout
    shown = run(work, "--skip-bad", "score")
    assert shown.returncode == 0, shown.stderr
    (table,) = work.glob("runs/*/system1/development.output.csv")
    predicted = {line.split("\t")[0] for line in table.read_text().splitlines()[1:]}
    assert predicted == {Path(name).name for name in test_fold} - {bad.name}
    (scores,) = work.glob("runs/*/scores/system1.development.json")
    assert json.loads(scores.read_text())["truth"]["left_out"] == [bad.name]


def test_more_seeds_train_the_new_replicas_and_nothing_else(finished: tuple[Path, str], tmp_path: Path) -> None:
    """And a replica is, byte for byte, what the setting of its seed trains."""
    work = copy_of(finished[0], tmp_path / "work")
    before = digests(work, ("runs/*/models/*/*", "runs/*/system*/*", "runs/*/scores/*"))
    shown = run(work, "--seeds", "2", "--jobs", "1")
    assert shown.returncode == 0, shown.stderr
    assert re.findall(r"^\[\d/\d\] train (\S+)", shown.stderr, re.MULTILINE) == ["model1.seed2"]
    assert re.findall(r"^\[\d/\d\] predict (\S+ \S+)", shown.stderr, re.MULTILINE) == ["model1.seed2 development"]
    assert before.items() <= digests(work, ("runs/*/models/*/*", "runs/*/system*/*", "runs/*/scores/*")).items()
    assert "Over 2 seeds" in shown.stdout
    (scores,) = work.glob("runs/*/scores/seeds.json")
    (system,) = (one for one in json.loads(scores.read_text())["subjects"] if one["kind"] == "system")
    (alone,) = json.loads(scores.with_name("system1.development.json").read_text())["systems"]
    assert system["values"]["accuracy"][0] == alone["scores"]["accuracy"]
    (page,) = work.glob("runs/*/report/index.html")
    assert "Several seeds" in page.read_text()
    assert "Nothing to do" in run(work, "--seeds", "2", "--dry-run").stdout
    assert begun(run(work, "--dry-run")) == ["package", "report"]  # and back, without the table of seeds
    assert run(work, "train", "--set", "training.seed=1001", "--jobs", "1").returncode == 0
    trained = digests(work, ("runs/*/models/*/model.safetensors",))
    assert len(trained) == 2
    assert len(set(trained.values())) == 1
