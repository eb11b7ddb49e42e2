"""Which commands there are, and what is said of the slowest."""

import argparse
from collections.abc import Callable

import pytest

from submission import cli as submission_cli
from task1 import cli
from task1.bench import startup
from task1.bench.rows import Size
from task1.errors import InputError

Command = tuple[str, ...]


def in_parser(parser: argparse.ArgumentParser, command: Command) -> dict[Command, argparse.ArgumentParser]:
    """All commands that argparse knows."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    inner = [in_parser(own, (*command, name)) for group in groups for name, own in group.choices.items()]
    return {command: parser, **{found: own for known in inner for found, own in known.items()}}


@pytest.mark.parametrize(("program", "parser"), [("submission", submission_cli.parser), ("task1", cli.parser)])
def test_every_command_is_found(program: str, parser: Callable[[], argparse.ArgumentParser],
                                monkeypatch: pytest.MonkeyPatch) -> None:
    known = in_parser(parser(), (program,))
    monkeypatch.setattr(startup, "help_of", lambda command: known[tuple(command)].format_help())
    assert sorted(startup.commands(program)) == sorted(known)


def test_help_is_that_of_the_command() -> None:
    assert startup.help_of(("submission", "package")).startswith("usage: submission package [-h] --run DIR")


def test_the_slowest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = {"task1": 0.1, "task1 corpus synth": 0.4, "task1 rank": 0.2}
    monkeypatch.setattr(startup, "PROGRAMS", ("task1",))
    monkeypatch.setattr(startup, "commands", lambda _: [tuple(command.split()) for command in taken])
    monkeypatch.setattr(startup, "typical", lambda work, _: taken[" ".join(work.args[0])])
    (row,) = startup.measure(Size.QUICK)
    assert (row.ours, row.note, row.met) == (0.4, "task1 corpus synth; median 0.20 s", False)


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(InputError, match=r"nothing-of-the-kind --help: ended with status 2 and said: .*invalid choice"):
        startup.help_of(("submission", "nothing-of-the-kind"))
