"""How many NVIDIA GPUs jobs on this machine may use: so many of them compute on GPUs at the same time.

PyTorch would tell, too, but takes seconds to import. The driver's `nvidia-smi`, by which setup.sh chooses the build of
PyTorch, lists what is there; CUDA_VISIBLE_DEVICES, where it is set, says which of it processes see.
"""

import os
import subprocess

PATIENCE_SECONDS = 20
"""For a driver that is loaded at the first question."""


def gpus(device: str) -> int:
    """For jobs with `--device` cpu, cuda or auto; 0: they compute on the processor."""
    if device == "cpu":
        return 0
    if device == "cuda":
        return max(1, _visible())  # in a container CUDA may work without nvidia-smi
    return _visible() if _is_for_cuda() else 0


def _visible() -> int:
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True,
                                timeout=PATIENCE_SECONDS).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    there = sum(line.startswith("GPU ") for line in listed.splitlines())
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return there
    return min(there, sum(name.strip() not in ("", "-1") for name in chosen.split(",")))


def _is_for_cuda() -> bool:
    """Whether the PyTorch of this environment can use them."""
    from task1.doctor.machine import cuda_build

    return cuda_build() is not None
