"""Runs the pipeline here and through the Slurm that runs on this machine, and compares what comes out.

    python tests/cluster/trial.py FOLDER PIDFILE PROFILE [OPTION...]

Called by tests/cluster/slurm.sh; PIDFILE is the controller's.

In the Slurm run, in this order: the command is interrupted by SIGTERM while log-mels are computed (and given again), a
process that computes log-mels is killed, the command is killed while a training runs (and given again), that training
is cancelled, Slurm's controller is killed and started again. At the end everything has to be the same, byte for byte,
and the training must have gone on where it stood each time.
"""

import csv
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TypeVar

import yaml

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
LONGER = {"tiny": ("--set", "training.epochs=12")}
"""Trainings that are too short to be disturbed."""
PATIENCE_SECONDS = 1800.0
DOWN_SECONDS = 20.0
KEPT = ("index/*.csv", "features/*/*/*.h5", "features/*/*/store.json", "runs/*/models/*/model.safetensors",
        "runs/*/models/*/model.onnx", "runs/*/models/*/*.output.csv", "runs/*/system*/*.output.csv",
        "runs/*/scores/*.json", "runs/*/submission/*")
"""What has to be the same."""


def main(folder: Path, controller: Path, profile: str, *options: str) -> None:
    here, there = folder / "local", folder / "on-slurm"
    asked = (*of(profile), *options)
    cluster = write_profile(folder / "profile.yaml")
    say(f"a run without Slurm: {' '.join(asked)}")
    finish(begin(here, folder / "local.log", *asked))
    say("the same through Slurm, with kills")
    disturb(there, folder, (*asked, "--executor", "slurm", "--cluster-profile", str(cluster)), controller)
    same(digests(here), digests(there))


def disturb(work: Path, folder: Path, on_slurm: Sequence[str], controller: Path) -> None:
    driver = begin(work, folder / "slurm-1.log", *on_slurm)
    until("a job computes log-mels", driver, lambda: next(workers(work, "--share"), None))
    began = time.monotonic()
    driver.terminate()
    ended = driver.wait(PATIENCE_SECONDS)
    expect(ended == 143, f"SIGTERM ends the command, in {time.monotonic() - began:.0f} s")
    until("its jobs are cancelled", None, lambda: not queued(work))

    driver = begin(work, folder / "slurm-2.log", *on_slurm)
    victim = until("a job computes log-mels", driver, lambda: next(workers(work, "--share"), None))
    os.kill(victim, signal.SIGKILL)
    say(f"killed process {victim} of that job")
    until("a training has finished an epoch", driver, lambda: len(epochs(work)) >= 1 and training(work))
    kept = epochs(work)[0]
    driver.kill()
    driver.wait()
    left = training(work)
    expect(left is not None, "the training outlives its driver")
    say(f"killed the driver; Slurm job {left} goes on by itself")

    driver = begin(work, folder / "slurm-3.log", *on_slurm)
    second = until("another training goes on", driver, lambda: other(training(work), left) and len(epochs(work)) >= 4
                   and training(work))
    subprocess.run(["scancel", str(second)], check=True)
    say(f"cancelled Slurm job {second}, the training")
    until("it goes on in a third job", driver, lambda: other(training(work), second))
    so_far = len(epochs(work))
    third = until("which has finished an epoch", driver, lambda: len(epochs(work)) > so_far and training(work))
    os.kill(int(controller.read_text()), signal.SIGKILL)
    say(f"killed Slurm's controller during job {third}")
    time.sleep(DOWN_SECONDS)
    subprocess.run(["slurmctld"], check=True)
    say("started it again")
    finish(driver)
    said = (folder / "slurm-3.log").read_text()
    expect(re.search(rf"Slurm jobs of a run that was killed .*cancelled: .*\b{left}\b", said) is not None,
           "the job left behind is named and cancelled")
    expect(epochs(work)[0] == kept, "the first epoch is the one of the first job: nothing was trained twice")
    expect(not list(work.glob("features/*/*/share-*")), "marks of shares are cleared away")


def of(profile: str) -> tuple[str, ...]:
    """What both runs are asked for."""
    return "--profile", profile, *LONGER.get(profile, ()), "--jobs", "1"


def write_profile(path: Path) -> Path:
    """The project's own profile, for one small node without accounting."""
    content = yaml.safe_load((ROOT / "task1" / "workflow" / "profiles" / "slurm" / "config.yaml").read_text())
    content |= {"latency-wait": 10, "slurm-status-command": "squeue", "slurm-init-seconds-before-status-checks": 3,
                "set-threads": dict.fromkeys(content["set-threads"], 1), "set-scatter": {"features": 2},
                "slurm-keep-successful-logs": True}
    path.write_text(yaml.safe_dump(content))
    return path


def begin(work: Path, log: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    stream: IO[bytes] = log.open("wb")
    return subprocess.Popen([sys.executable, "-m", "task1", "run", "--work", str(work), *arguments], stdout=stream,
                            stderr=subprocess.STDOUT, cwd=ROOT)


def finish(driver: "subprocess.Popen[bytes]") -> None:
    expect(driver.wait(PATIENCE_SECONDS) == 0, "the run ends well")


def until(what: str, driver: "subprocess.Popen[bytes] | None", look: Callable[[], T | None]) -> T:
    """What `look` finds first that is true, while the driver goes on, if there is one."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        ended = driver is not None and driver.poll() is not None
        if ended or time.monotonic() > patience:
            raise SystemExit(f"FAILED: {what} (the run {'has ended' if ended else 'goes on'})")
        time.sleep(0.1)
    say(what)
    return found


def workers(work: Path, argument: str) -> Iterator[int]:
    """Processes of ours that work in the folder with this argument; not the shells and Snakemakes above them."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if argument.encode() in words and (process / "cwd").readlink() == work:
                yield int(process.name)
        except OSError:
            continue


def queued(work: Path, *states: str) -> list[tuple[str, str]]:
    """Slurm's jobs of that work folder and their comments, which name their rules."""
    chosen = [f"--states={','.join(states)}"] if states else []
    shown = subprocess.run(["squeue", "-h", *chosen, "-o", "%i|%Z|%k"], capture_output=True, text=True, check=False)
    rows = (line.split("|") for line in shown.stdout.splitlines())
    return [(job, comment) for job, folder, comment in rows if Path(folder) == work]


def training(work: Path) -> str | None:
    """The Slurm job that runs the training of a model."""
    return next((job for job, comment in queued(work, "running") if "rule_train" in comment), None)


def other(job: str | None, than: str | None) -> bool:
    return job is not None and job != than


def epochs(work: Path) -> list[dict[str, str]]:
    """Rows of the training's history, with the seconds that each epoch took."""
    for path in work.glob("runs/*/models/*/history.csv"):
        with path.open(newline="") as stream:
            return list(csv.DictReader(stream))
    return []


def digests(work: Path) -> dict[str, str]:
    files = sorted(path for pattern in KEPT for path in work.glob(pattern))
    return {str(path.relative_to(work)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def same(first: dict[str, str], second: dict[str, str]) -> None:
    other = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    expect(not other, f"{len(first)} files are the same, byte for byte" + "".join(f"\n  differs: {n}" for n in other))


def expect(true: bool, what: str) -> None:
    if not true:
        raise SystemExit(f"FAILED: {what}")
    say(f"ok: {what}")


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
