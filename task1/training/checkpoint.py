"""What a killed training needs to go on: one safetensors file an epoch, written whole, the one before it kept.

The file's header holds the facts (epoch, history) as JSON; nothing in it is code. A checkpoint of another recipe or
other data (another `identity`) is not ours and is ignored.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.optim import Optimizer

from task1.errors import InputError
from task1.files import atomic_path

Tensors = dict[str, Tensor]


class Checkpoint:
    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder
        self.identity = identity
        self.current, self.previous = folder / "state.safetensors", folder / "previous.safetensors"

    def save(self, tensors: Tensors, facts: dict[str, Any]) -> None:
        """Write the state; killed in between, at least one whole file is there."""
        with atomic_path(self.folder / "new.safetensors") as temporary:
            save_tensors(tensors, temporary, json.dumps({"identity": self.identity, **facts}))
        if self.current.exists():
            self.current.replace(self.previous)
        (self.folder / "new.safetensors").replace(self.current)

    def load(self) -> tuple[Tensors, dict[str, Any]] | None:
        """The newest state of this identity that can be read, or None; InputError if there are only damaged ones."""
        damaged = None
        for path in (self.current, self.previous):
            if not path.exists():
                continue
            try:
                with safe_open(path, framework="pt") as stream:
                    facts = json.loads(stream.metadata()["facts"])
                    if facts["identity"] != self.identity:
                        continue
                    return {key: stream.get_tensor(key) for key in stream.keys()}, facts  # noqa: SIM118
            except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
                damaged = f"{path}: damaged checkpoint ({error})"
                print(f"{damaged}; trying the one before it", file=sys.stderr)
        if damaged:
            raise InputError(f"{damaged}, and there is no other; delete {self.folder} to train from the beginning")
        return None

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def save_tensors(tensors: Tensors, path: Path, facts: str | None = None) -> None:
    """Tensors as a safetensors file, `facts` in its header; the same tensors give the same bytes."""
    whole = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    path.write_bytes(save(whole, metadata=None if facts is None else {"facts": facts}))  # a full disk is an OSError


def optimizer_tensors(optimizer: Optimizer) -> Tensors:
    """The optimizer's memory, as `<parameter number>.<name>`."""
    return {f"{number}.{name}": value for number, memory in optimizer.state_dict()["state"].items()
            for name, value in memory.items() if isinstance(value, Tensor)}


def restore_optimizer(optimizer: Optimizer, tensors: Tensors) -> None:
    """Give a fresh optimizer of the same recipe the memory that `optimizer_tensors` wrote down."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def with_prefix(prefix: str, tensors: Tensors) -> Tensors:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def of_prefix(prefix: str, tensors: Tensors) -> Tensors:
    return {name.removeprefix(f"{prefix}."): tensor for name, tensor in tensors.items()
            if name.startswith(f"{prefix}.")}


def clone_state(module: torch.nn.Module) -> Tensors:
    """A copy of all parameters and buffers that later steps do not change."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
