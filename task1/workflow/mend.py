"""What has happened to a run's files since the pipeline made them, and what is done about it before it goes on.

Snakemake asks whether a file is stale; whether it is still what was written, nobody asks. Here, of every sealed file
(task1/workflow/seals.py) that belongs to the run and to the stages asked for:

    gone             made again; caches (index, features, copies) only when something needs them
    changed, broken  kept beside as `<name>.kept-1`, made again
    changed, usable  taken as it is, with a warning: somebody may have meant it; kept beside when a job writes it anew
"""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from task1.config import Run
from task1.config.replicas import model_and_number
from task1.layout import Layout
from task1.workflow.seals import Seal, Seals
from task1.workflow.whole import companions, damage

CACHES = ("corpus", "verify", "index", "features", "copies")
"""Rules whose files are of use only to what comes behind them."""


@dataclass(frozen=True)
class Fault:
    """`usable`: only named. `kept`: what is moved aside before the file is made again."""

    path: Path
    what: str
    usable: bool = False
    kept: tuple[Path, ...] = ()


def survey(at: Layout, run: Run, seals: Seals, rules: Sequence[str] | None = None, deep: bool = False) -> list[Fault]:
    """Faults of the run's sealed files made by `rules` (None: by any), in the order of the paths."""
    found = (_fault(path, seal, run, deep) for path, seal in _own(at, run, seals)
             if rules is None or seal.rule in rules)
    return [fault for fault in found if fault]


def leave_no_future(seals: Seals) -> None:
    """Give the present time to files of a clock that has been set back since.

    What a job makes from them would be older than they are, which Snakemake takes for a fault of the job.
    """
    now = time.time()
    for path, _ in seals:
        if path.is_file() and path.stat().st_mtime > now:
            os.utime(path, (now, now))


def clear_unfinished(at: Layout) -> None:
    """Delete the unfinished files (task1/files.py) that killed jobs have left in the folder of the run."""
    for path in at.run.rglob(".part-*"):
        if path.is_file():
            path.unlink(missing_ok=True)


def keep_aside(path: Path) -> Path:
    """Rename a file to the next free `<name>.kept-<number>`; return that path."""
    number = 1
    while (kept := path.with_name(f"{path.name}.kept-{number}")).exists():
        number += 1
    return path.rename(kept)


def _own(at: Layout, run: Run, seals: Seals) -> Iterator[tuple[Path, Seal]]:
    sets = (run.development, run.evaluation)
    shared = {path for name in sets for path in (at.index(name), at.corpus_stamp(name), at.verified(name),
                                                 at.features(run, name) / "store.json")}
    for path, seal in seals:
        if path in shared or (path.is_relative_to(at.run) and _belongs(run, seal)):
            yield path, seal


def _belongs(run: Run, seal: Seal) -> bool:
    """Whether the run as it is now has a job that made this; an earlier recipe or selection may have left it."""
    told, models = seal.wildcards, [run.model(name) for name in run.trainings]
    if "model" in told and told["model"] not in run.trainings:
        return False
    if "system" in told and int(told["system"]) not in run.systems:
        return False
    fitted = [system for system in run.systems.values() if system.is_fitted]
    match seal.rule:
        case "copies":
            from task1.augment.copies import copies_of

            return told["copies"] in {name for training in run.trainings for name in copies_of(run, training)}
        case "teach":
            return told["model"] in {teacher for model in models for teacher in model.teachers}
        case "hold_out":
            return model_and_number(told["model"])[0] in {member for system in fitted for member in system.models}
        case "fuse":
            return run.systems[int(told["system"])].is_fitted
        case "quantization":
            return any(model.compression.weights == "int8" for model in models)
        case "seeds":
            return run.seeds > 1
    return True


def _fault(path: Path, seal: Seal, run: Run, deep: bool) -> Fault | None:
    if not path.exists():
        return None if seal.rule in CACHES else Fault(path, "found no such file", kept=_archives(path))
    if not seal.broken(path, deep):
        beside = companions(path)
        return Fault(path, beside, kept=_archives(path)) if beside else None
    wrong = damage(path, deep, run)
    if wrong:
        return Fault(path, wrong, kept=(path, *_archives(path)))
    return Fault(path, "changed since the pipeline made it, by hand or by the disk, but usable", usable=True)


def _archives(path: Path) -> tuple[Path, ...]:
    """Packages that the record at `path` does not vouch for (unreadable: all of them); they may be somebody's work."""
    if path.name != "package.json":
        return ()
    try:
        archive = path.with_name(json.loads(path.read_bytes())["package"])
    except (OSError, ValueError, KeyError, TypeError):
        return tuple(sorted(path.parent.glob("*.zip")))
    return (archive,) if archive.is_file() else ()
