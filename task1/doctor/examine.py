"""All that the doctor looks at, for one run: what it needs, and what is there.

In: a resolved run and where its work folder lies; nothing is changed. Out: findings, worst news where they arise.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from task1.config import Run
from task1.doctor import caches, corpus, environment, machine, work
from task1.doctor.finding import Finding, problem
from task1.doctor.needs import needs
from task1.errors import InputError
from task1.layout import Layout
from task1.workflow.gpus import gpus


@dataclass(frozen=True)
class Patient:
    """A run that is there or would be: its recipe and its folder `<work>/runs/<name>`."""

    run: Run
    folder: Path
    device: str = "auto"

    @property
    def at(self) -> Layout:
        return Layout(self.folder.absolute())


def examine(patient: Patient, deep: bool = False) -> Iterator[Finding]:
    """Findings one by one; `deep` reads every cache and result, and the header of every recording."""
    run, at = patient.run, patient.at
    cores = machine.cores()
    needed = needs(run, min(cores, gpus(patient.device) or cores))
    yield from machine.look(needed, _to_be_written(at, run), patient.device)
    place = work.existing(at.work)
    if os.access(place, os.W_OK):
        yield from _safely("environment", environment.look(place))
    yield from _safely("corpus", corpus.look(at, run, deep))
    yield from _safely("caches", caches.look(at, run, deep))
    yield from work.look(at.work)


def _to_be_written(at: Layout, run: Run) -> dict[Path, int]:
    """Bytes that are not there yet, by folder."""
    needed = needs(run, machine.cores())
    there = sum(size for name, size in needed.features.items() if (at.features(run, name) / "store.json").exists())
    done = at.report.is_dir()
    return {at.work: max(0, needed.disk - there - (needed.disk - sum(needed.features.values()) if done else 0)),
            at.corpora(run): corpus.still_to_be_written(at, run)}


def _safely(area: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """A disk that fails while it is looked at is a finding, too."""
    try:
        yield from findings
    except OSError as error:
        yield problem(area, f"{error.filename or 'a file'}: cannot be read ({error.strerror})", "mend the disk or the "
                      "permissions")
    except InputError as error:
        yield problem(area, str(error), "mend this first")
