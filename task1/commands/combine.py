"""`task1 combine`: a system's output table from the tables of its models."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Combine the output tables of a system's models (`task1 predict --model`) as the recipe says, into
RUN/system<K>/<PART>.output.csv. With --fit instead: fit the weights of the members, where the recipe leaves them to the
validation clips, into RUN/system<K>/fusion.json. Tables of anybody: `task1 ensemble`.

examples:
  task1 combine --run work/runs/shao2022-demo --system 1 --fit
  task1 combine --run work/runs/shao2022-demo --system 1 --part development
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "combine", "a system's table from those of its models", DESCRIPTION)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, with its config.yaml")
    parser.add_argument("--system", type=int, required=True, metavar="K", help="the system's number")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--part", choices=("development", "evaluation"), help="which clips")
    what.add_argument("--fit", action="store_true", help="fit the members' weights on their validation clips")
    parser.set_defaults(handler=_combine)


def _combine(arguments: argparse.Namespace) -> None:
    from task1.predictions import combine_system, fit_system

    print(fit_system(arguments.run, arguments.system) if arguments.fit
          else combine_system(arguments.run, arguments.system, arguments.part))
