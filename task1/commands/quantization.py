"""`task1 quantization`: what int8 costs, and whether what runs is what was simulated."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb
from task1.processes import spin_briefly

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Set the forms of every int8 model of a run side by side, on the development test fold: before quantisation, integers
simulated, integers executed by ONNX Runtime. Beside them the share of decisions on which the last two agree, the
operations left in floating point (an exit status of 1 says that there are any), the size of what ships, and what the
entry's paper prints. The table is printed; all figures go into RUN/scores/quantization.json.

example:
  task1 quantization --run work/runs/wang2023-demo
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "quantization", "int8 models before quantisation, simulated and executed", DESCRIPTION)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, with its config.yaml")
    parser.add_argument("--model", metavar="NAME", help="only this model, printed and not written")
    parser.set_defaults(handler=_quantization)


def _quantization(arguments: argparse.Namespace) -> int:
    spin_briefly()
    from task1.compress.compare import compare
    from task1.compress.compare_table import render
    from task1.files import write_json
    from task1.layout import Layout

    compared = compare(arguments.run, arguments.model)
    if arguments.model is None:
        write_json(Layout(arguments.run).quantization, compared)
    print(render(compared), end="")
    return int(any(row["float_operations"] for row in compared["models"]))
