"""What it takes until something happens: help of every verb, a run with nothing to do, and a whole demo run.

All of it as commands, in processes of their own. The runs are made in full size only: ./run_all.sh, in a temporary
folder, in the environment that it has made (made first if it is not there; that is not counted).
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median

from task1.bench.rows import Row, Size
from task1.bench.timing import seconds, typical
from task1.commands import ROOT
from task1.config.bench import bench
from task1.errors import InputError

SECTION = "startup"
PROGRAMS = ("task1", "submission")
ROUNDS = {Size.QUICK: 1, Size.FULL: 5}
VERB = re.compile(r"^    (\w+)(?:\s|$)", re.MULTILINE)  # its line in a list of verbs; explanations stand further right


def measure(size: Size) -> Iterator[Row]:
    wishes = bench().startup
    for program in PROGRAMS:
        times = {" ".join(command): typical(partial(help_of, command), ROUNDS[size]) for command in commands(program)}
        worst = max(times, key=lambda command: times[command])
        yield Row(SECTION, f"--help of every {program} command, the slowest of {len(times)}", times[worst], "s",
                  target=wishes.help.seconds, note=f"{worst}; median {median(times.values()):.2f} s")
    if size is Size.QUICK:
        return
    with tempfile.TemporaryDirectory(prefix="task1-bench-") as work:
        _run_all("--list")  # makes the environment
        yield Row(SECTION, "./run_all.sh, from nothing", seconds(partial(_run_all, "--work", work)), "s",
                  target=wishes.demo.seconds, note="default entry on the embedded corpus, after installing")
        yield Row(SECTION, "./run_all.sh, nothing to do", typical(partial(_run_all, "--work", work), ROUNDS[size]), "s",
                  target=wishes.nothing_to_do.seconds, note="the same run again")


def commands(program: str) -> list[tuple[str, ...]]:
    """Every command of a program: itself, its verbs and, where a verb has some, their actions."""
    found: list[tuple[str, ...]] = [(program,)]
    for verb in _verbs((program,)):
        found += [(program, verb), *((program, verb, action) for action in _verbs((program, verb)))]
    return found


def help_of(command: Sequence[str]) -> str:
    """What a command says about itself."""
    program, *verbs = command
    return _run([sys.executable, "-m", program, *verbs, "--help"])


def _verbs(command: Sequence[str]) -> list[str]:
    _, *listed = re.split(r"^(?:verbs|actions):$", help_of(command), maxsplit=1, flags=re.MULTILINE)
    return VERB.findall(listed[0]) if listed else []


def _run_all(*arguments: str) -> str:
    return _run([str(ROOT / "run_all.sh"), *arguments])


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        said = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise InputError(f"{' '.join(command)}: ended with status {done.returncode} and said: {said}")
    return done.stdout
