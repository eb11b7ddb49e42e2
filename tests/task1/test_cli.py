"""The command line: help of everything, at once, without heavy imports; errors as sentences."""

import argparse
import subprocess
import sys

import pytest

from submission.cli import parser as submission_parser
from task1.cli import parser

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
