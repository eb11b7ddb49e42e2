"""`task1 predict`: the output tables of a system."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb
from task1.processes import spin_briefly

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Write the official output table of a system of a run, RUN/system<K>/<PART>.output.csv, from its trained networks and
the cached features. Part `development` is the test fold of the development set, `evaluation` the evaluation set.

example:
  task1 predict --run work/runs/wang2023-demo --system 1 --part development
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "predict", "official output table of a system", DESCRIPTION)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, with its config.yaml")
    parser.add_argument("--system", type=int, required=True, metavar="K", help="the system's number")
    parser.add_argument("--part", choices=("development", "evaluation"), required=True, help="which clips")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where to compute; auto: an NVIDIA GPU where there is one (default: %(default)s)")
    parser.set_defaults(handler=_predict)


def _predict(arguments: argparse.Namespace) -> None:
    spin_briefly()
    from task1.inference import choose_device, predict_system

    print(predict_system(arguments.run, arguments.system, arguments.part, choose_device(arguments.device)))
