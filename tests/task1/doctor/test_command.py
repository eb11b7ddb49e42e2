"""`task1 doctor` on work folders in every state, made by hand; whole runs are looked at in tests/faults."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from task1.cli import main
from task1.config import dataset, resolve, save_run
from task1.corpus.synthetic import synthesise
from task1.layout import Layout

TINY = ("doctor", "--profile", "tiny", "--work")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    synthesise(dataset("embedded-1s-tiny-eval"), folder, 1)
    return folder


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    """Level, area, what and mend of each; the exit status has to be 1 exactly where there are problems."""
    status = main([*arguments, "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert status == (1 if told["counts"]["problem"] else 0)
    assert sum(told["counts"].values()) == len(told["findings"])
    return told["findings"]


def about(found: list[dict[str, str]], word: str) -> dict[str, str]:
    (one,) = (finding for finding in found if word in finding["what"])
    return one


def test_before_a_first_run_nothing_would_fail_and_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("task1.doctor.machine.available_memory", lambda: 10**11)
    found = findings(capsys, *TINY, str(tmp_path / "work"))
    assert not [finding for finding in found if finding["level"] == "problem"]
    assert "the first run makes it (43.3 MB)" in about(found, "embedded-1s-tiny-dev: not there yet")["what"]
    assert "will be made there" in about(found, "can be written;")["what"]
    assert not list(tmp_path.iterdir())


def test_one_line_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([*TINY, str(tmp_path / "work")])
    *lines, last = capsys.readouterr().out.splitlines()
    assert all(line.split()[0] in ("ok", "warning", "problem") for line in lines)
    assert {line.split()[1] for line in lines} == {"machine", "environment", "corpus", "caches", "work"}
    assert last.endswith((".", "fail."))


def test_real_recordings_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = findings(capsys, "doctor", "--profile", "full", "--work", str(tmp_path), "--data", str(tmp_path / "tau"))
    one = about(found, "tau2022mobile_dev would be downloaded")
    assert one["level"] == "warning"
    assert one["mend"].endswith("with --data DIR")


def test_a_whole_corpus_and_its_faults(tmp_path: Path, corpora: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = (*TINY, str(tmp_path), "--data", str(corpora))
    root = corpora / "embedded-1s-tiny-evaluation"
    assert about(findings(capsys, *at), "220 recordings as the manifest says")["level"] == "ok"
    last = max((root / "audio").iterdir())
    content = last.read_bytes()
    last.write_bytes(content[:-1])
    assert about(findings(capsys, *at, "--deep"), "found 132,299 bytes of samples")["level"] == "problem"
    last.unlink()
    assert "delete this folder" in about(findings(capsys, *at), "found 219 WAV files, expected 220")["mend"]
    last.write_bytes(content)
    (root / "evaluation_setup" / "fold1_test.csv").rename(root / "moved")
    assert about(findings(capsys, *at), "found no evaluation_setup/fold1_test.csv")["level"] == "problem"
    (root / "moved").rename(root / "evaluation_setup" / "fold1_test.csv")


def test_features_not_complete_cut_or_altered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = resolve("wang2023", "tiny")
    folder = Layout(tmp_path / "runs" / "wang2023-tiny").features(run, run.development)
    folder.mkdir(parents=True)
    (folder / "part-00000.h5").write_bytes(b"abc")
    assert "1 parts are done and are kept" in about(findings(capsys, *TINY, str(tmp_path)), str(folder))["what"]
    whole = {"parts": [{"name": "part-00000.h5", "bytes": 3, "sha256":
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}]}
    (folder / "store.json").write_text(json.dumps(whole))
    assert about(findings(capsys, *TINY, str(tmp_path), "--deep"), str(folder))["level"] == "ok"
    (folder / "part-00000.h5").write_bytes(b"abd")
    assert about(findings(capsys, *TINY, str(tmp_path)), str(folder))["level"] == "ok"
    assert "other content" in about(findings(capsys, *TINY, str(tmp_path), "--deep"), str(folder))["what"]
    (folder / "part-00000.h5").write_bytes(b"ab")
    assert "found 2 bytes" in about(findings(capsys, *TINY, str(tmp_path)), str(folder))["what"]


def test_checkpoints_and_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = resolve("wang2023", "tiny")
    at = Layout(tmp_path / "runs" / "wang2023-tiny")
    save_run(run, at.config)
    checkpoint = at.model("model1") / "checkpoint"
    checkpoint.mkdir(parents=True)
    (checkpoint / "state.safetensors").write_bytes(b"x")
    (at.model("model1") / "model.onnx").write_bytes(b"y")
    at.output(1, "evaluation").parent.mkdir()
    at.output(1, "evaluation").write_text("filename\n")
    found = findings(capsys, "doctor", "--run", str(at.run))
    assert about(found, "there is no other checkpoint")["mend"] == f"delete {checkpoint}: the training begins anew"
    assert about(found, "model.onnx: no ONNX model that can be run")["level"] == "problem"
    assert about(found, "evaluation.output.csv: row 1: ")["level"] == "problem"
    assert not [finding for finding in found if "\n" in finding["what"]]


def test_leftovers_and_kept_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / ".part-scores.json-abc").write_text("half")
    (tmp_path / "runs" / "a.csv.kept-1").write_text("mine")
    found = findings(capsys, *TINY, str(tmp_path))
    assert about(found, "1 unfinished files of killed runs (4 bytes)")["level"] == "warning"
    assert about(found, "kept aside")["level"] == "warning"


def test_who_holds_the_work_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = os.open(tmp_path / ".lock", os.O_RDWR | os.O_CREAT)
    os.write(lock, f"{os.getpid()}\n".encode())
    assert about(findings(capsys, *TINY, str(tmp_path)), "no run holds it")["level"] == "ok"
    fcntl.flock(lock, fcntl.LOCK_EX)
    assert about(findings(capsys, *TINY, str(tmp_path)), f"process {os.getpid()} works in it")["level"] == "warning"
    os.close(lock)


@pytest.mark.parametrize(("arguments", "told"), [
    (("--run", "no/such/folder"), "is not the folder of a run"),
    (("--run", "a", "--profile", "tiny"), "give one or the other"),
    (("--entry", "wang2032"), "there are: .*wang2023"),
])
def test_bad_input(arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    import re

    assert main(["doctor", *arguments]) == 2
    assert re.search(told, capsys.readouterr().err)
