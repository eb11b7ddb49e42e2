"""What earlier runs left for the next one: features and copies whole, checkpoints, models and tables usable."""

from collections.abc import Iterator
from pathlib import Path

from task1.config import Run
from task1.doctor.finding import Finding, ok, problem, warning
from task1.layout import Layout
from task1.workflow.mend import CACHES, survey
from task1.workflow.seals import Seals
from task1.workflow.whole import CHECKS, companions, damage

READ_AT_MOST = 100 * 10**6
"""Bytes of results that are read without being asked for with --deep."""
AGAIN = "the next run makes it again"
STORES_AGAIN = "the next run computes what is missing or broken"


def look(at: Layout, run: Run, deep: bool) -> Iterator[Finding]:
    yield from _stores(at, run, deep)
    yield from _checkpoints(at)
    yield from _results(at, run, deep)


def _stores(at: Layout, run: Run, deep: bool) -> Iterator[Finding]:
    places = [*(at.features(run, name) for name in (run.development, run.evaluation)),
              *sorted((at.run / "copies").glob("*"))]
    for folder in places:
        parts = list(folder.glob("part-*.h5"))
        if not (folder / "store.json").exists():
            done = f" ({len(parts)} parts are done and are kept)" if parts else ""
            yield ok("caches", f"{folder}: not complete{done}; the next run that needs it computes it")
        elif wrong := damage(folder / "store.json", deep):
            yield warning("caches", f"{folder / 'store.json'}: {wrong}", STORES_AGAIN)
        else:
            yield ok("caches", f"{folder}: {len(parts)} parts, {'content as written' if deep else 'sizes as written'}")


def _checkpoints(at: Layout) -> Iterator[Finding]:
    for folder in sorted(at.run.glob("models/*/checkpoint")):
        states = [path for path in (folder / "state.safetensors", folder / "previous.safetensors") if path.exists()]
        bad = [(path, wrong) for path in states if (wrong := damage(path))]
        if bad and len(bad) == len(states):
            yield problem("caches", f"{bad[0][0]}: {bad[0][1]}, and there is no other checkpoint",
                          f"delete {folder}: the training begins anew")
        elif bad:
            yield warning("caches", f"{bad[0][0]}: {bad[0][1]}", "the training goes on from the one before it")
        elif states:
            yield ok("caches", f"{folder}: of a training under way or killed, which goes on from there")


def _results(at: Layout, run: Run, deep: bool) -> Iterator[Finding]:
    """Sealed files by their seals, all files by their form."""
    faults = [fault for fault in survey(at, run, Seals(at.work), deep=deep) if fault.path.name != "store.json"]
    for fault in faults:
        if fault.usable:
            yield warning("results", f"{fault.path}: {fault.what}", "taken as it is; to have it made again, delete it")
        else:
            names = " and ".join(path.name for path in fault.kept)
            kept = f" (and keeps {names} under another name)" if names else ""
            yield warning("results", f"{fault.path}: {fault.what}", AGAIN + kept)
    told = {fault.path for fault in faults}
    files = [path for path in _files(at) if path not in told]
    chosen = files if deep or sum(path.stat().st_size for path in files) < READ_AT_MOST else []
    sealed = {path for path, seal in Seals(at.work) if seal.rule not in CACHES}
    for path in chosen:
        if wrong := damage(path) or companions(path):
            yield problem("results", f"{path}: {wrong}", AGAIN if path in sealed else
                          "delete it and whatever was made from it, and run again")
            told.add(path)
    if chosen and not told:
        yield ok("results", f"{at.run}: {len(chosen)} files (networks, tables, scores, package) can be read"
                 + (" and are what was written" if deep else ""))
    elif not chosen and files:
        yield ok("results", f"{at.run}: {len(files)} files are there; --deep reads them")


def _files(at: Layout) -> list[Path]:
    """Files of the run whose form is known, kept ones and unfinished ones left out."""
    folders = [*at.run.glob("models/*"), *at.run.glob("system*"), at.run / "scores", at.submission, at.report]
    return sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir()
                  if path.is_file() and path.name.endswith(tuple(CHECKS)) and not path.name.startswith("."))
