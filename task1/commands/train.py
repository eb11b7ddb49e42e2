"""`task1 train`: one network of a run."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb
from task1.processes import spin_briefly

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Train one network of a run, from its recipe and the cached features, into RUN/models/MODEL/:

  model.onnx         what ships, whatever its type; of int8 it is what is executed
  model.float.onnx   beside int8: the network before quantisation
  model.safetensors  weights      model.json  recipe, origin, results      history.csv  one row an epoch

Killed at any moment, the same command goes on from the last finished epoch and ends in the same weights (same machine,
same number of threads). TensorBoard's event files are written as well where the extra `tracking` is installed
(pip install .[tracking]). What the recipe asks for and this version cannot do is printed and written into model.json.

example:
  task1 train --run work/runs/wang2023-demo --model model1 --threads 4
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "train", "train one network", DESCRIPTION)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, with its config.yaml")
    parser.add_argument("--model", required=True, metavar="NAME", help="a model of the run")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where to train; auto: an NVIDIA GPU where there is one (default: %(default)s)")
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32",
                        help="bf16: faster on a GPU; epochs that round to integers stay float32 (default: %(default)s)")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (default: PyTorch's choice)")
    parser.set_defaults(handler=_train)


def _train(arguments: argparse.Namespace) -> None:
    spin_briefly()
    import torch

    from task1.allocator import keep_freed_memory
    from task1.errors import InputError
    from task1.inference import choose_device
    from task1.training.train import train

    keep_freed_memory()
    if arguments.threads is not None:
        if arguments.threads < 1:
            raise InputError(f"--threads {arguments.threads}: expected 1 or more")
        torch.set_num_threads(arguments.threads)
    print(train(arguments.run, arguments.model, choose_device(arguments.device), arguments.precision))
