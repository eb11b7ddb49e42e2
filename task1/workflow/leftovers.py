"""Jobs in Slurm's queue that a killed driver left behind; they would write beside those of the run that goes on.

A job is known by the folder it was submitted from, which is the work folder (locked by this run, so no other run can
own it), and by its name, which the plugin makes from a UUID. Others' jobs and a user's own are left alone.
"""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from task1.errors import InputError

NAME = re.compile(r"(?:.*_)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WAIT_SECONDS = 120.0
POLL_SECONDS = 1.0


def end_leftovers(work: Path) -> None:
    """Cancel the jobs of earlier runs of this work folder and wait until they have ended."""
    if shutil.which("squeue") is None:
        raise InputError("--executor slurm: found no squeue on this machine; give the command on a machine that "
                         "submits to Slurm (a login node)")
    jobs = _queued(work)
    if not jobs:
        return
    print(f"Slurm jobs of a run that was killed are still there; cancelled: {' '.join(jobs)}", file=sys.stderr)
    subprocess.run(["scancel", *jobs], check=False)
    patience = time.monotonic() + WAIT_SECONDS
    while jobs := _queued(work):
        if time.monotonic() > patience:
            raise InputError(f"Slurm jobs {' '.join(jobs)} of an earlier run of {work} were cancelled and have not "
                             "ended; wait until squeue no longer shows them and give the command again")
        time.sleep(POLL_SECONDS)


def _queued(work: Path) -> list[str]:
    asked = subprocess.run(["squeue", "--me", "--noheader", "--format=%i|%j|%Z"], capture_output=True, text=True,
                           check=False)
    if asked.returncode:
        said = asked.stderr.strip().splitlines() or ["no answer"]
        raise InputError(f"--executor slurm: squeue failed ({said[-1]}); wait until Slurm answers and give the "
                         "command again")
    rows = (line.split("|", 2) for line in asked.stdout.splitlines() if line.count("|") >= 2)
    return [job for job, name, folder in rows if NAME.fullmatch(name) and Path(folder) == work]
