"""`task1 predict`: the output tables of a system or of one model."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb
from task1.processes import spin_briefly

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Write official output tables from the trained networks and the cached features of a run.

  --system K     RUN/system<K>/<PART>.output.csv: every model of the system predicts, their tables are combined
  --model NAME   RUN/models/<NAME>/<PART>.output.csv: one model, a teacher as well

Parts: `development` is the test fold of the development set, `evaluation` the evaluation set; of a model also
`learning`, every clip that it or a student of it may learn from, and `validation`, the clips its training held back.

examples:
  task1 predict --run work/runs/wang2023-demo --system 1 --part development
  task1 predict --run work/runs/zhao2021-demo --model teacher1 --part learning
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "predict", "official output table of a system or a model", DESCRIPTION)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, with its config.yaml")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--system", type=int, metavar="K", help="the system's number")
    what.add_argument("--model", metavar="NAME", help="one model of the run")
    parser.add_argument("--part", choices=("development", "evaluation", "learning", "validation"), required=True,
                        help="which clips")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where to compute; auto: an NVIDIA GPU where there is one (default: %(default)s)")
    parser.set_defaults(handler=_predict)


def _predict(arguments: argparse.Namespace) -> None:
    spin_briefly()
    from task1.errors import InputError
    from task1.inference import choose_device
    from task1.predictions import predict_model, predict_system

    if arguments.system is not None and arguments.part not in ("development", "evaluation"):
        raise InputError(f"--part {arguments.part} is a part of single models; use --model NAME")
    predict, which = ((predict_model, arguments.model) if arguments.system is None
                      else (predict_system, arguments.system))
    print(predict(arguments.run, which, arguments.part, choose_device(arguments.device)))
