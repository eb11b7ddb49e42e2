"""Slurm jobs that a killed driver left behind, with a queue played by two small scripts."""

import os
from pathlib import Path

import pytest

from task1.errors import InputError
from task1.workflow import leftovers
from task1.workflow.leftovers import end_leftovers

UUID = "0c4ee7c1-5b4a-4c0e-9d55-6a2f3f6f8a10"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The queue as a file of rows as squeue shows them; scancel takes rows out of it."""
    commands, rows = tmp_path / "bin", tmp_path / "queue"
    commands.mkdir()
    (commands / "squeue").write_text(f"#!/bin/sh\ncat {rows}\n")
    (commands / "scancel").write_text(f'#!/bin/sh\nfor job; do echo "$job" >>{rows}.cancelled; '
                                      f'sed -i "/^$job|/d" {rows}; done\n')
    for command in commands.iterdir():
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    return rows


def test_jobs_of_this_folder_are_cancelled_and_others_left(queue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = Path("/shared/work")
    others = [f"9|{UUID}|/shared/work2", "10|my-own-job|/shared/work", "11|bash|/shared/work"]
    queue.write_text("\n".join([f"7|{UUID}|{mine}", f"8_2|team_{UUID}|{mine}", *others, ""]))
    end_leftovers(mine)
    assert queue.with_name("queue.cancelled").read_text().split() == ["7", "8_2"]
    assert queue.read_text().splitlines() == others
    assert "cancelled: 7 8_2" in capsys.readouterr().err


def test_an_empty_queue_is_silent(queue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queue.write_text("")
    end_leftovers(Path("/shared/work"))
    assert capsys.readouterr().err == ""


def test_a_job_that_does_not_end_is_told(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.write_text(f"7|{UUID}|/shared/work\n")
    (queue.parent / "bin" / "scancel").write_text("#!/bin/sh\n")
    monkeypatch.setattr(leftovers, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(leftovers, "POLL_SECONDS", 0.05)
    with pytest.raises(InputError, match="Slurm jobs 7 of an earlier run of /shared/work were cancelled and have not"):
        end_leftovers(Path("/shared/work"))


def test_a_slurm_that_does_not_answer_is_told(queue: Path) -> None:
    (queue.parent / "bin" / "squeue").write_text("#!/bin/sh\necho 'Unable to contact slurm controller' >&2\nexit 1\n")
    with pytest.raises(InputError, match=r"squeue failed \(Unable to contact slurm controller\)"):
        end_leftovers(Path("/shared/work"))


def test_a_machine_without_slurm_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match=r"found no squeue on this machine.*login node"):
        end_leftovers(Path("/shared/work"))
