"""The command line: help of everything, at once, without heavy imports; errors as sentences."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from submission.cli import parser as submission_parser
from task1.cli import parser, run

HEAVY = ("torch", "pandas", "numpy", "pydantic", "snakemake", "librosa")


def verbs(top: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every verb of a parser, with its sub-verbs."""
    choices = [action.choices for action in top._actions if isinstance(action.choices, dict)]
    return [path, *(found for group in choices for name, inner in group.items()
                    for found in verbs(inner, (*path, name)))]


@pytest.mark.parametrize("words", verbs(parser()) + [("submission", *rest) for rest in verbs(submission_parser())],
                         ids=" ".join)
def test_every_verb_has_a_help_page(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    top, arguments = (submission_parser(), words[1:]) if words[:1] == ("submission",) else (parser(), words)
    with pytest.raises(SystemExit) as stopped:
        top.parse_args([*arguments, "--help"])
    assert stopped.value.code == 0
    assert "usage:" in capsys.readouterr().out


@pytest.mark.parametrize("module", ["task1", "submission"])
def test_help_imports_nothing_heavy(module: str) -> None:
    code = (f"import sys; from {module}.cli import parser; parser().format_help(); "
            f"print([name for name in {HEAVY!r} if name in sys.modules])")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_bad_input_is_one_sentence_and_exit_code_2() -> None:
    command = [sys.executable, "-m", "task1", "complexity", "no_such_entry"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 2
    assert shown.stderr.startswith("task1: ")
    assert "Traceback" not in shown.stderr


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    command = [sys.executable, "-m", "task1", "run", "--work", str(blocked / "work"), "--profile", "tiny"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 2
    assert "cannot be written (Not a directory); choose another folder with --work" in shown.stderr


def test_a_full_disk_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(_: object) -> int:
        raise OSError(28, "No space left on device", "work/index/x.csv")

    top = argparse.ArgumentParser(prog="task1")
    top.set_defaults(handler=full)
    assert run(top, []) == 2
    assert capsys.readouterr().err == ("task1: work/index/x.csv: No space left on device; mend this and run the same "
                                       "command again\n")
