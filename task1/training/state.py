"""Everything about a training that has to survive a kill, to and from a checkpoint.

No state of random numbers and of the schedule is among it: both are functions of the recipe's seed and of the epoch.
"""

from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch.optim import Optimizer

from task1.compress.prune import Masks, Widths, widths_of
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
    """Epochs done, their history, the weights kept so far and the running sums of averaged weights.

    `unrounded`: what would have shipped when rounding began; `masks` and `widths`: what pruning has taken.
    """

    epoch: int = 0
    history: list[Record] = field(default_factory=list)
    kept: Tensors = field(default_factory=dict)
    kept_record: Record | None = None
    sums: Tensors = field(default_factory=dict)
    sums_weight: float = 0.0
    unrounded: Tensors = field(default_factory=dict)
    unrounded_record: Record | None = None
    masks: Masks = field(default_factory=dict)
    widths: Widths = field(default_factory=dict)

    def begin_rounding(self) -> None:
        """Epochs that did not round are no candidates any more, but what they came to is kept for comparison."""
        self.unrounded, self.unrounded_record = (self.result(), self.kept_record) if self.kept else ({}, None)
        self.kept_record = None

    def begin_fine_tuning(self, pruned: nn.Module, masks: Masks, widths: Widths) -> None:
        """Only what comes after pruning is a candidate, and the pruned weights themselves where nothing comes."""
        self.kept, self.kept_record, self.sums, self.sums_weight = clone_state(pruned), None, {}, 0.0
        self.masks, self.widths = masks, widths

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
                   **with_prefix("kept", self.kept), **with_prefix("sums", self.sums),
                   **with_prefix("unrounded", self.unrounded), **with_prefix("masks", self.masks)}
        return tensors, {"epoch": self.epoch, "history": self.history, "kept": self.kept_record,
                         "sums_weight": self.sums_weight, "unrounded": self.unrounded_record, "widths": self.widths}


def from_checkpoint(saved: tuple[Tensors, dict[str, Any]], network: nn.Module, optimizer: Optimizer) -> State:
    """The state as it was; `network` (as narrow as pruning has made it) and `optimizer` are brought to it."""
    tensors, facts = saved
    network.load_state_dict(of_prefix("network", tensors))
    restore_optimizer(optimizer, of_prefix("optimizer", tensors))
    device = next(network.parameters()).device
    masks = {name: tensor.to(device) for name, tensor in of_prefix("masks", tensors).items()}
    return State(facts["epoch"], facts["history"], of_prefix("kept", tensors), facts["kept"],
                 of_prefix("sums", tensors), facts["sums_weight"], of_prefix("unrounded", tensors),
                 facts["unrounded"], masks, widths_of(facts))


def _rank(record: Record, keep: str) -> tuple[float, ...]:
    """Greater is better; of equals the earlier epoch stays."""
    if keep == "last":
        return (record["epoch"],)
    if keep == "best_loss":
        return (-record["validation_loss"],)
    return (record["validation_accuracy"], -record["validation_loss"])
