"""The machine that figures belong to: processor, cores, memory, system, versions, and how busy it was."""

import os
import platform
from importlib import metadata
from pathlib import Path

CPUINFO, MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")
LIBRARIES = ("torch", "numpy", "scipy", "pandas", "librosa", "h5py", "onnxruntime")
BUSY = 0.5
"""Processes that were running on average before we began; more make every figure worse."""


def describe() -> dict[str, str]:
    """What to print above the table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    return {"processor": f"{_processor()}, {cores} cores", "memory": _memory(),
            "system": f"{platform.system()} {platform.machine()}",
            "versions": f"Python {platform.python_version()}, {versions}", "load": _load()}


def _processor() -> str:
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
                platform.processor() or "unknown processor")


def _memory() -> str:
    lines = MEMINFO.read_text().splitlines() if MEMINFO.exists() else []
    kib = next((int(line.split()[1]) for line in lines if line.startswith("MemTotal")), 0)
    return f"{kib * 1024 / 1e9:.0f} GB" if kib else "unknown"


def _load() -> str:
    if not hasattr(os, "getloadavg"):
        return "unknown"
    before = os.getloadavg()[0]
    busy = "; something else was running, so measure again when the machine is quiet" if before > BUSY else ""
    return f"{before:.1f} processes in the minute before{busy}"
