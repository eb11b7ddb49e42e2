"""What a person sees of a training: a live bar in a terminal, one line an epoch elsewhere; history.csv; TensorBoard."""

import importlib.util
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from tqdm import tqdm

from task1.files import write_text

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

Record = dict[str, Any]
SECONDS_BETWEEN = 0.5  # reading a value off a GPU stops it, so not with every batch


class Progress:
    """Of a training of `epochs` epochs with `clips` clips each, of which `done` epochs are over, in `folder`."""

    def __init__(self, name: str, epochs: int, clips: int, done: int, folder: Path) -> None:
        self.name, self.epochs, self.done, self.began = name, epochs, done, time.monotonic()
        self.shown = 0.0
        self.events = _writer(folder, done)
        self.bar = tqdm(total=epochs * clips, initial=done * clips, desc=name, unit=" samples", unit_scale=True,
                        disable=None, dynamic_ncols=True)

    def batch(self, clips: int, lr: float, totals: Tensor) -> None:
        """After a batch; `totals` are the epoch's running sums (clips, loss, clips right) on the device."""
        self.bar.update(clips)
        if not self.bar.disable and time.monotonic() - self.shown > SECONDS_BETWEEN:
            self.shown = time.monotonic()
            seen, loss, right = totals[:3].tolist()
            self.bar.set_postfix_str(f"loss {loss / seen:.3f} acc {100 * right / seen:.1f} % lr {lr:.2g}",
                                     refresh=False)

    def epoch(self, record: Record, epochs_here: int) -> None:
        """After an epoch; the line goes above the bar, or to the log where there is none."""
        if self.events:
            for key, value in record.items():
                if value is not None and key != "epoch":
                    self.events.add_scalar(key, value, record["epoch"])
            self.events.flush()
        left = (time.monotonic() - self.began) / epochs_here * (self.epochs - record["epoch"])
        validation = ""
        if record["validation_loss"] is not None:
            validation = (f"  validation loss {record['validation_loss']:.3f} "
                          f"acc {100 * record['validation_accuracy']:.1f} %")
        line = (f"{self.name}: epoch {record['epoch']}/{self.epochs}  lr {record['lr']:.3g}  loss {record['loss']:.3f} "
                f"acc {100 * record['accuracy']:.1f} %{validation}  {record['samples_per_second']:,.0f} samples/s  "
                f"left {_clock(left)}")
        if self.bar.disable:
            print(line, file=sys.stderr, flush=True)
        else:
            self.bar.set_postfix_str(validation.strip(), refresh=False)

    def close(self) -> None:
        self.bar.close()
        if self.events:
            self.events.close()


def new_totals(device: torch.device) -> Tensor:
    """Running sums of an epoch, kept on the device: clips, loss, clips right, scene loss, super-class loss."""
    return torch.zeros(5, dtype=torch.float64, device=device)


def write_history(path: Path, history: list[Record]) -> None:
    """One row an epoch, whole or not at all."""
    if history:
        rows = [",".join(history[0]), *(",".join("" if value is None else f"{value:.6g}" for value in record.values())
                                        for record in history)]
        write_text(path, "\n".join(rows) + "\n")


def _writer(folder: Path, done: int) -> "SummaryWriter | None":
    """For TensorBoard, where the extra `tracking` is installed. Epochs that a killed run had noted are noted anew."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"), purge_step=done + 1)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
