"""The pipeline as a user runs it, on the smallest embedded corpus; for tests of workflow and faults."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from task1.workflow.stages import STAGES

KEPT = ("index/*.csv", "features/*/*/*.h5", "features/*/*/store.json", "runs/*/models/*/*.onnx",
        "runs/*/models/*/model.safetensors", "runs/*/models/*/*.output.csv", "runs/*/system*/*.output.csv",
        "runs/*/scores/*.json", "runs/*/submission/*")
"""What has to be the same, byte for byte, however often a run was interrupted."""


def command(work: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "task1", "run", "--profile", "tiny", "--work", str(work), "--jobs", "2", *arguments]


def run(work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(work, *arguments), capture_output=True, text=True, check=False)


def task1(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Any verb."""
    return subprocess.run([sys.executable, "-m", "task1", *map(str, arguments)], capture_output=True, text=True,
                          check=False)


def digests(work: Path, patterns: Sequence[str] = KEPT) -> dict[str, str]:
    files = sorted(path for pattern in patterns for path in work.glob(pattern)
                   if path.is_file() and ".kept-" not in path.name)
    return {str(path.relative_to(work)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def begun(shown: subprocess.CompletedProcess[str]) -> Sequence[str]:
    """The stages of which a job began."""
    return stages_begun(shown.stderr)


def stages_begun(said: str) -> Sequence[str]:
    numbers = sorted(set(map(int, re.findall(r"^\[(\d)/\d\] \w+", said, flags=re.MULTILINE))))
    return [STAGES[number - 1].name for number in numbers]


def copy_of(work: Path, target: Path) -> Path:
    """The work folder with everybody's times of change, so that nothing in it is stale."""
    shutil.copytree(work, target)
    return target


def only(folder: Path, pattern: str) -> Path:
    """The one path below `folder` that the pattern fits."""
    (path,) = folder.glob(pattern)
    return path


def jobs_of(work: Path) -> list[int]:
    """Processes at work in the folder: jobs of a run and their workers."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == work and b"task1" in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found
