"""The machine: cores, memory, room on disks, the GPU and the PyTorch build for it, shared memory, temporary files."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from task1.corpus.archives import readable
from task1.doctor.finding import Finding, ok, problem, warning
from task1.doctor.needs import Needs

MEMINFO = Path("/proc/meminfo")
CGROUP_LIMIT, CGROUP_USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
SHARED_MEMORY = Path("/dev/shm")
LITTLE = 50 * 10**6
TIGHT = 1.2
"""Less room than so many times what is needed is worth a word."""


def look(needed: Needs, on_disk: dict[Path, int], device: str) -> Iterator[Finding]:
    """`on_disk`: bytes still to be written, by folder."""
    yield ok("machine", f"{cores()} processor cores for this process")
    gpu = graphics_memory() if device != "cpu" else None
    yield from _graphics(gpu, needed, device)
    yield from _memory(needed, on_gpu=bool(gpu))
    for folder, size in _by_disk(on_disk).items():
        yield _room(folder, size)
    for folder in (Path(tempfile.gettempdir()), *([SHARED_MEMORY] if SHARED_MEMORY.is_dir() else [])):
        yield _scratch(folder)


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_memory() -> int | None:
    """Bytes that processes may still take: of the machine, or of the container around us if that is less."""
    free = None
    if MEMINFO.exists():
        told = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        free = int(told["MemAvailable"].split()[0]) * 1024
    if CGROUP_LIMIT.exists() and (limit := CGROUP_LIMIT.read_text().strip()).isdigit():
        of_group = int(limit) - (int(CGROUP_USED.read_text()) if CGROUP_USED.exists() else 0)
        free = of_group if free is None else min(free, of_group)
    return free


def graphics_memory() -> int | None:
    """Bytes of the first NVIDIA GPU, as its driver tells, or None without one."""
    try:
        shown = subprocess.run(["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"],
                               capture_output=True, text=True, check=True, timeout=5)
        return int(shown.stdout.split()[0]) * 2**20
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None


def cuda_build() -> str | None:
    """The CUDA version that PyTorch was built for, without importing it; None for the CPU build."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return None
    lines = (Path(found.origin).parent / "version.py").read_text(encoding="utf-8").splitlines()
    told = next((line.split("=", 1)[1].strip() for line in lines if line.startswith("cuda")), "None")
    return None if told == "None" else told.strip("'\"")


def _graphics(gpu: int | None, needed: Needs, device: str) -> Iterator[Finding]:
    build = cuda_build()
    version = metadata.version("torch")
    if gpu is None:
        if device == "cuda":
            yield problem("machine", "no NVIDIA driver answers (nvidia-smi), but --device cuda is asked for",
                          "install the driver, or use --device cpu")
        else:
            yield ok("machine", f"no GPU is used; torch {version} computes on the processor")
    elif build is None:
        yield warning("machine", f"a GPU of {readable(gpu)} is there, but torch {version} is a build for processors",
                      "set up again with TORCH=cuda ./setup.sh to use it")
    elif gpu < needed.training:
        yield problem("machine", f"the GPU has {readable(gpu)}, the clips of the largest training take "
                      f"{readable(needed.training)}", "train with --device cpu, or on a larger GPU")
    else:
        yield ok("machine", f"GPU of {readable(gpu)}, torch {version} for CUDA {build}; clips take "
                 f"{readable(needed.training)}")


def _memory(needed: Needs, on_gpu: bool) -> Iterator[Finding]:
    free, asked = available_memory(), needed.memory(on_gpu)
    told = (f"{needed.at_once} trainings at a time take" if needed.at_once > 1 else "a training takes")
    if free is None:
        yield ok("machine", f"memory cannot be told here; {told} about {readable(asked)}")
    elif free >= max(asked, 0 if on_gpu else needed.at_once * needed.generous):
        yield ok("machine", f"memory: {readable(free)} to be had, {told} about {readable(asked)}")
    elif free >= asked:
        yield warning("machine", f"memory: {readable(free)} to be had, {told} {readable(asked)} and, with a hungry "
                      f"network, up to {readable(needed.at_once * needed.generous)}", "if a training is killed, use "
                      "fewer --jobs or a smaller training.batch_size")
    else:
        one = asked // needed.at_once
        fewer = (f"use --jobs {max(1, free // one)}, so that fewer run at a time" if free >= one
                 else "stop other programs, or use a machine with more memory")
        yield problem("machine", f"memory: {readable(free)} to be had, but {told} about {readable(asked)}", fewer)


def _by_disk(on_disk: dict[Path, int]) -> dict[Path, int]:
    """Sums for the disks: what lies on the same one is put together under the first folder."""
    firsts: dict[int, Path] = {}
    sums: dict[Path, int] = {}
    for folder, size in on_disk.items():
        existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        first = firsts.setdefault(existing.stat().st_dev, existing)
        sums[first] = sums.get(first, 0) + size
    return sums


def _room(folder: Path, size: int) -> Finding:
    free = shutil.disk_usage(folder).free
    told = f"{folder}: {readable(free)} free, about {readable(size)} still to be written"
    if free < size:
        return problem("machine", told, "make room, or choose another disk with --work DIR and --data DIR")
    if free < TIGHT * size or free < LITTLE:
        return warning("machine", told, "make room before something else takes it")
    return ok("machine", told)


def _scratch(folder: Path) -> Finding:
    what = "workers exchange data" if folder == SHARED_MEMORY else "temporary files go"
    elsewhere = ("mount it with more room (containers: --shm-size=1g)" if folder == SHARED_MEMORY
                 else "make room, or set TMPDIR to another folder")
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return problem("machine", f"{folder}, where {what}: cannot be written ({error.strerror})", elsewhere)
    if free < LITTLE:
        return problem("machine", f"{folder}, where {what}: {readable(free)} free", elsewhere)
    return ok("machine", f"{folder}: can be written, {readable(free)} free")
