"""What has happened to a run's files since the pipeline made them, and what is done about it before it goes on.

Snakemake asks whether a file is stale; whether it is still what was written, nobody asks. Here, of every sealed file
(task1/workflow/seals.py) that belongs to the run and to the stages asked for:

    gone             made again; caches (index, features, copies) only when something needs them
    changed, broken  kept beside as `<name>.kept-1`, made again
    changed, usable  taken as it is, with a warning: somebody may have meant it
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from task1.config import Run
from task1.layout import Layout
from task1.workflow.seals import Seal, Seals
from task1.workflow.whole import companions, damage

CACHES = ("corpus", "verify", "index", "features", "copies")
"""Rules whose files are of use only to what comes behind them."""


@dataclass(frozen=True)
class Fault:
    """`usable`: only named. `kept`: what is moved aside before the file is made again."""

    path: Path
    rule: str
    what: str
    usable: bool = False
    kept: Path | None = None


def survey(at: Layout, run: Run, seals: Seals, rules: Sequence[str] | None = None, deep: bool = False) -> list[Fault]:
    """Faults of the run's sealed files made by `rules` (None: by any), in the order of the paths."""
    found = (_fault(path, seal, deep) for path, seal in _own(at, run, seals) if rules is None or seal.rule in rules)
    return [fault for fault in found if fault]


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
        told = seal.wildcards
        if path in shared or (path.is_relative_to(at.run) and told.get("model", next(iter(run.models))) in run.trainings
                              and int(told.get("system", next(iter(run.systems)))) in run.systems
                              and (seal.rule != "seeds" or run.seeds > 1)):
            yield path, seal


def _fault(path: Path, seal: Seal, deep: bool) -> Fault | None:
    if not path.exists():
        return None if seal.rule in CACHES else Fault(path, seal.rule, "found no such file")
    if not seal.broken(path, deep):
        beside = companions(path)
        return Fault(path, seal.rule, beside, kept=_archive(path)) if beside else None
    wrong = damage(path, deep)
    if wrong:
        return Fault(path, seal.rule, wrong, kept=path)
    return Fault(path, seal.rule, "changed since the pipeline made it, by hand or by the disk, but usable", usable=True)


def _archive(path: Path) -> Path | None:
    """A package that is not what was packed may be somebody's work."""
    return next(path.parent.glob("*.zip"), None) if path.name == "package.json" else None
