"""The organisers' baseline network on the machine that predicted, for comparison between machines.

Its recipe is the block `baseline` of the edition's file. Energy does not depend on what a network has learned or hears:
fresh weights, made-up log-mels of its input size, as many clips as were predicted, in the batches and by the library
that execute this program's own float networks. The organisers execute theirs as integers in TensorFlow Lite, clip after
clip, so the figure compares machines, not programs.
"""

from pathlib import Path

import torch

from task1.config import Edition
from task1.energy.measure import measured
from task1.energy.records import read_record
from task1.inference import BATCHES, LAYOUT
from task1.models import build


def measure_baseline(path: Path, like: Path, rules: Edition, clips: int, device: torch.device) -> None:
    """Measure into `path` what the baseline takes for `clips` clips, where the work of record `like` was measured.

    Not again where that is known: of as many clips, on the same kind of device and the same machine.
    """
    prediction = read_record(like)
    if rules.baseline is None or prediction is None:
        return
    known = read_record(path)
    if known and (known.of, known.last.machine) == (prediction.of, prediction.last.machine):
        return
    with measured(path, prediction.of):
        execute(build(rules.baseline.network, "baseline.network"), rules.baseline.shape, clips, device)


@torch.inference_mode()
def execute(network: torch.nn.Module, shape: tuple[int, int, int], clips: int, device: torch.device) -> int:
    """Classify so many clips of `shape` (channel, mel, frame); return how many were."""
    network.to(device, memory_format=LAYOUT).eval()  # type: ignore[call-overload]
    batch, done = BATCHES[device.type], 0
    logmels = torch.randn((min(batch, clips), *shape), generator=torch.Generator().manual_seed(0))
    while done < clips:
        part = logmels[:clips - done].to(device).contiguous(memory_format=LAYOUT)
        done += len(network(part).softmax(dim=1).cpu())
    return done
