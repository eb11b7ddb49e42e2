"""What is done and told when jobs begin, by Snakemake's log events."""

import logging
from pathlib import Path

import pytest

from task1.workflow.progress import Progress
from task1.workflow.seals import Seals

OUTPUT = "runs/r/report/report.md"


def begins(progress: Progress) -> None:
    record = logging.makeLogRecord({"event": "job_info", "jobid": 1, "rule_name": "report", "wildcards": {},
                                    "reason": "Forced execution; and more", "output": [OUTPUT]})
    progress.emit(record)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / OUTPUT
    path.parent.mkdir(parents=True)
    path.write_text("made")
    Seals(tmp_path).set("report", {}, [OUTPUT])
    return path


def test_an_output_that_was_changed_is_kept_before_it_is_overwritten(tmp_path: Path, report: Path,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    report.write_text("somebody's")
    begins(Progress(False, Seals(tmp_path)))
    assert not report.exists()
    assert report.with_name("report.md.kept-1").read_text() == "somebody's"
    assert capsys.readouterr().err == ("[9/9] report \n      report.md was changed since it was made; "
                                       "kept as report.md.kept-1\n")
    assert list(Seals(tmp_path)) == []


def test_an_output_as_it_was_made_is_left_to_the_job(tmp_path: Path, report: Path) -> None:
    begins(Progress(False, Seals(tmp_path)))
    assert [path.name for path in report.parent.iterdir()] == ["report.md"]
    assert list(Seals(tmp_path)) == []


def test_a_dry_run_touches_nothing(tmp_path: Path, report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.write_text("somebody's")
    begins(Progress(True, Seals(tmp_path)))
    assert report.read_text() == "somebody's"
    assert len(list(Seals(tmp_path))) == 1
    assert "(Forced execution)" in capsys.readouterr().err


def test_what_is_wrong_beside_a_job_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Such as outputs that a clock set back while they were made has dated before their inputs."""
    progress = Progress(False, Seals(tmp_path))
    for exception in ("WorkflowError", "RuleException"):
        record = logging.makeLogRecord({"event": "error", "exception": exception, "msg": "WorkflowError:\n100 % older"})
        progress.emit(record)
    assert capsys.readouterr().err == "      WorkflowError: 100 % older\n"
