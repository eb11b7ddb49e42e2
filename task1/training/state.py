"""Everything about a training that has to survive a kill, to and from a checkpoint.

No state of random numbers and of the schedule is among it: both are functions of the recipe's seed and of the epoch.
"""

from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch.optim import Optimizer

from task1.config import Training
from task1.training import averaging
from task1.training.checkpoint import (
    Tensors,
    clone_state,
    of_prefix,
    optimizer_tensors,
    restore_optimizer,
    with_prefix,
)
from task1.training.progress import Record


@dataclass
class State:
    """Epochs done, their history, the weights kept so far and the running sums of averaged weights."""

    epoch: int = 0
    history: list[Record] = field(default_factory=list)
    kept: Tensors = field(default_factory=dict)
    kept_record: Record | None = None
    sums: Tensors = field(default_factory=dict)
    sums_weight: float = 0.0

    def after_epoch(self, network: nn.Module, record: Record, settings: Training) -> None:
        """Take note of a finished epoch and of its weights, where the recipe wants them."""
        self.epoch = record["epoch"]
        self.history.append(record)
        if self.kept_record is None or _rank(record, settings.keep) > _rank(self.kept_record, settings.keep):
            self.kept, self.kept_record = clone_state(network), record
        weight = averaging.weight_of(settings.averaging, self.epoch, settings.epochs)
        if weight:
            self.sums = averaging.accumulate(self.sums, network.state_dict(), weight)
            self.sums_weight += weight

    def result(self) -> Tensors:
        """The weights to ship: the mean the recipe asks for, else those of the best epoch."""
        return averaging.mean(self.sums, self.sums_weight, self.kept) if self.sums_weight else self.kept

    def to_checkpoint(self, network: nn.Module, optimizer: Optimizer) -> tuple[Tensors, dict[str, Any]]:
        tensors = {**with_prefix("network", dict(network.state_dict())),
                   **with_prefix("optimizer", optimizer_tensors(optimizer)),
                   **with_prefix("kept", self.kept), **with_prefix("sums", self.sums)}
        return tensors, {"epoch": self.epoch, "history": self.history, "kept": self.kept_record,
                         "sums_weight": self.sums_weight}


def from_checkpoint(saved: tuple[Tensors, dict[str, Any]], network: nn.Module, optimizer: Optimizer) -> State:
    """The state as it was; `network` and `optimizer` are brought to it."""
    tensors, facts = saved
    network.load_state_dict(of_prefix("network", tensors))
    restore_optimizer(optimizer, of_prefix("optimizer", tensors))
    return State(facts["epoch"], facts["history"], of_prefix("kept", tensors), facts["kept"],
                 of_prefix("sums", tensors), facts["sums_weight"])


def _rank(record: Record, keep: str) -> tuple[float, ...]:
    """Greater is better; of equals the earlier epoch stays."""
    if keep == "last":
        return (record["epoch"],)
    if keep == "best_loss":
        return (-record["validation_loss"],)
    return (record["validation_accuracy"], -record["validation_loss"])
