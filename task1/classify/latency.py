"""How long classifying takes on this machine, and how much memory.

`measure` runs in a process of its own, so that the memory it reports is that of classifying and of nothing else.
Latency is that of one clip at a time, as on a device, not of batches.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from task1.errors import InputError, fail

WARM_UP = 5
"""Clips before the first that counts."""
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Latency:
    """Milliseconds of the network alone, from its input to probabilities, on random input, one clip at a time."""

    clips: int
    threads: int
    clip_seconds: float
    median_ms: float
    p95_ms: float
    peak_bytes: int
    """Greatest resident memory of the process, Python and its libraries included."""
    model_bytes: int
    """What of it came with opening and running the model."""

    @property
    def real_time_factor(self) -> float:
        """Share of a clip's own duration."""
        return self.median_ms / 1000 / self.clip_seconds


def measure(model: Path, clips: int, threads: int = 1) -> Latency:
    """Latency and memory of the exported file, in a process of its own."""
    command = [sys.executable, "-c", "from task1.classify.latency import child; child()", str(model), str(clips),
               str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stderr.strip() or f"ended with status {done.returncode}").splitlines()[-1]
        raise InputError(told.removeprefix("measure: "))
    return Latency(**json.loads(done.stdout))


def median_p95(seconds: Sequence[float]) -> tuple[float, float]:
    """In milliseconds."""
    import numpy as np

    median, p95 = np.percentile(seconds, (50, 95)) * 1000
    return float(median), float(p95)


def peak_memory() -> int:
    """Greatest resident memory of this process so far, in bytes."""
    if _STATUS.exists():  # what getrusage tells on Linux may be that of the process that started this one
        words = _STATUS.read_text(encoding="ascii").split()
        return int(words[words.index("VmHWM:") + 1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def _measure(model: Path, clips: int, threads: int) -> Latency:
    import torch

    from task1.compress.run_onnx import OnnxModel
    from task1.compress.runtime import library

    library()
    torch.set_num_threads(threads)
    before = peak_memory()
    network = OnnxModel(model, threads)
    features, spent = network.features, []
    generator = torch.Generator().manual_seed(0)
    for _ in range(WARM_UP + clips):
        x = network.network_input(torch.randn(1, features.n_mels, features.frames, generator=generator).half())
        begun = perf_counter()
        network.run(x)
        spent.append(perf_counter() - begun)
    peak = peak_memory()
    return Latency(clips, threads, features.clip_seconds, *median_p95(spent[WARM_UP:]), peak, peak - before)


def child() -> None:
    """What the process that `measure` starts does: print the Latency as JSON."""
    try:
        print(json.dumps(asdict(_measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))))
    except InputError as error:
        sys.exit(fail(error, "measure"))
