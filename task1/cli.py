"""Command line `task1`: one verb a stage. Nothing heavy is imported before a verb runs."""

import argparse
import sys
from collections.abc import Sequence

from task1.commands import (
    bench,
    classify,
    combine,
    complexity,
    copies,
    corpus,
    doctor,
    ensemble,
    facts,
    features,
    leaderboard,
    predict,
    quantization,
    rank,
    score,
    seeds,
    train,
)
from task1.commands import run as pipeline
from task1.errors import InputError, fail
from task1.processes import follow_driver

GROUPS = (pipeline, corpus, features, copies, train, predict, combine, classify, ensemble, score, seeds, quantization,
          rank, leaderboard, complexity, facts, doctor, bench)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="task1", description=__doc__)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for group in GROUPS:
        group.register(verbs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return its exit status: 0, 1 for findings, 2 for bad input, 130 when interrupted."""
    return run(parser(), arguments)


def run(top: argparse.ArgumentParser, arguments: Sequence[str] | None) -> int:
    """Parse, run the verb's handler, turn bad input into one sentence."""
    chosen = top.parse_args(arguments)
    follow_driver()
    try:
        return chosen.handler(chosen) or 0
    except InputError as error:
        return fail(error, top.prog)
    except KeyboardInterrupt:
        print(f"{top.prog}: interrupted; run the same command again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output (head, less) has left
        sys.stderr.close()
        return 0
    except OSError as error:  # no room, no permission, a disk that has gone: the machine's matter, not a fault of ours
        what = f"{error.filename or 'a file'}: {error.strerror or error}"
        return fail(InputError(f"{what}; mend this and run the same command again"), top.prog)
