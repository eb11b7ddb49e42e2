"""Runs the workflow: resolves the run, locks the work folder, hands over to Snakemake, sums up.

The lock is the kernel's (flock): it vanishes with the process that held it, so a killed run leaves nothing to clear.
"""

import fcntl
import os
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from task1.config import Run, dataset, resolve, save_run
from task1.errors import InputError
from task1.layout import Layout
from task1.workflow import stages
from task1.workflow.cluster import Cluster, read_cluster, require_plugin
from task1.workflow.engine import Due, Engine
from task1.workflow.interruption import Interrupted, interruptible, unswallowed
from task1.workflow.leftovers import end_leftovers
from task1.workflow.mend import Fault, clear_unfinished, keep_aside, leave_no_future, survey
from task1.workflow.progress import Progress
from task1.workflow.seals import Seals
from task1.workflow.summary import print_summary, typed
from task1.workflow.view import view

LOCK = ".lock"


@dataclass(frozen=True)
class Request:
    """What the user typed."""

    entry: str
    profile: str
    settings: Sequence[str]
    systems: Sequence[int]
    work: Path
    data: Path | None
    first: str | None
    last: str | None
    forced: Sequence[str]
    skip_bad: bool
    seeds: int
    name: str | None
    jobs: int
    device: str
    precision: str
    dry_run: bool
    executor: str
    cluster_profile: Path | None


def run(request: Request) -> int:
    """Bring the requested stages up to date; 0 when everything asked for is there."""
    chosen = stages.between(request.first, request.last)
    forced = {stages.STAGES[stages.position(text)].name for text in request.forced}
    outside = forced - {stage.name for stage in chosen}
    if outside:
        raise InputError(f"--force {' '.join(sorted(outside))}: not among the stages to run "
                         f"({chosen[0].name} to {chosen[-1].name})")
    work = request.work.resolve()
    data = request.data.resolve() if request.data else None
    cluster = _cluster(request)
    resolved = resolve(request.entry, request.profile, request.settings, data or Path("corpora"),
                       request.systems, request.skip_bad, request.seeds, request.name)
    folder = work / "runs" / resolved.name
    at = Layout(folder)
    _announce(resolved, folder)
    config = {"run": str(folder.relative_to(work)), "first": chosen[0].name if request.first else "",
              "last": chosen[-1].name, "device": request.device, "precision": request.precision}
    started = time.monotonic()
    try:
        with interruptible(), (_seen if request.dry_run else _locked)(at, resolved) as place:
            engine = Engine(place, config, request.jobs, cluster)
            progress = Progress(request.dry_run, Seals(work))
            complete = _bring_up_to_date(request, resolved, at, chosen, forced, engine, progress)
    except Interrupted as signal:
        with suppress(OSError):  # a terminal that has gone hears nothing
            print(f"Interrupted ({signal.name}): running jobs were ended; the same command goes on from there.",
                  file=sys.stderr, flush=True)
        return 128 + signal.number
    if not complete:
        print(f"Stopped: {'; '.join(progress.problems)}. Mend what is told above; the same command then goes on from "
              "there.", file=sys.stderr)
        return 1
    if request.dry_run:
        print(f"{len(progress.jobs)} jobs to do." if progress.jobs else "Nothing to do: everything is up to date.")
        return 0
    _say_time(progress, time.monotonic() - started)
    if chosen[-1].name == stages.STAGES[-1].name:
        print_summary(resolved, at)
    return 0


def _bring_up_to_date(request: Request, run: Run, at: Layout, chosen: Sequence[stages.Stage], forced: Collection[str],
                      engine: Engine, progress: Progress) -> bool:
    """All passes of Snakemake that it takes; whether all of them ended well."""
    if engine.cluster and engine.cluster.executor == "slurm" and not request.dry_run:
        end_leftovers(at.work)
    _tell_changed_config(at, progress.seals, request.dry_run)
    if not request.dry_run:
        save_run(run, at.config)
        progress.seals.set("config", {}, [str(at.config.relative_to(at.work))])
        for stamp in _orphaned_stamps(at, run):
            stamp.unlink()
        leave_no_future(progress.seals)
        clear_unfinished(at)
    work_out = partial(_execute, engine, request, chosen, progress)
    broken: set[str] = set()
    for stage in stages.between(chosen[0].name if request.first else None, chosen[-1].name):
        # one stage after the other: what comes out as it was makes nothing stale, and what follows is judged by it
        found = _broken(request, at, run, progress.seals, stage)
        missing = {name for name in found if not (at.work / name).exists()}
        if missing and not request.dry_run and not work_out(missing, ()):
            return False
        broken |= found
    forced = {*forced, *broken} if request.dry_run else forced
    stores = _due_shares(engine, chosen, forced)
    if request.dry_run:
        if broken:
            print("Told as if what is made again came out otherwise; of what comes out as it was nothing follows.",
                  file=sys.stderr)
        apart = {*broken, *(["shares"] if stores else [])}
        return work_out({*apart, "up_to"} if apart else (), forced, stores=stores)
    return (not stores or work_out({"shares"}, (), stores=stores)) and work_out((), forced)


def _announce(run: Run, folder: Path) -> None:
    corpus = "embedded corpus (synthetic recordings)" if run.embedded else dataset(run.development).title
    print(f"Entry {run.entry}, profile {run.profile}, on the {corpus}\nRun folder: {typed(folder)}", flush=True)
    for text in run.settings:
        print(f"  with {text}", flush=True)


@contextmanager
def _locked(at: Layout, run: Run) -> Iterator[Path]:
    """The work folder for this run alone; a second one is refused by name of the first."""
    try:
        at.work.mkdir(parents=True, exist_ok=True)
        handle = os.open(at.work / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(f"{at.work}: cannot be written ({error.strerror}); choose another folder with "
                         "--work") from None
    try:
        _take(handle, fcntl.LOCK_EX, at.work)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield at.work
    finally:
        os.close(handle)


@contextmanager
def _seen(at: Layout, run: Run) -> Iterator[Path]:
    """A view of the work folder as it would be for this run; refused while a run works there, but hindering none."""
    try:
        handle = os.open(at.work / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(f"{at.work}: cannot be read ({error.strerror}); choose another folder with --work") from None
    else:
        try:
            _take(handle, fcntl.LOCK_SH, at.work)
        finally:
            os.close(handle)
    with view(at, run, tuple(_orphaned_stamps(at, run))) as place:
        yield place


def _take(handle: int, how: int, work: Path) -> None:
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(handle, 100).decode(errors="replace").strip() or "unknown"
        raise InputError(f"{work}: another run (process {owner}) works in this folder; wait for it, or use another "
                         "folder with --work") from None


def _orphaned_stamps(at: Layout, run: Run) -> list[Path]:
    """A stamp says that a corpus is there; without the corpus it says nothing, so the corpus stage runs again."""
    return [at.corpus_stamp(name) for name in (run.development, run.evaluation)
            if at.corpus_stamp(name).exists() and not at.root(run, name).is_dir()]


def _tell_changed_config(at: Layout, seals: Seals, dry_run: bool) -> None:
    """config.yaml says what this run is; what somebody wrote into it by hand is kept beside it."""
    if at.config.exists() and any(path == at.config and seal.broken(path) for path, seal in seals):
        done = "would be kept aside" if dry_run else f"kept as {keep_aside(at.config).name}"
        print(f"{typed(at.config)}: changed since the pipeline wrote it; {done} and written again (to change a "
              "parameter, use --set or an entry of your own)", file=sys.stderr)


def _broken(request: Request, at: Layout, run: Run, seals: Seals, stage: stages.Stage) -> set[str]:
    """Files of a stage that have to be made again because of what has happened to them; all of it is told.

    They are gone afterwards: kept under another name, or deleted where they are as they were and only what lies beside
    them is not.
    """
    broken: set[str] = set()
    for fault in survey(at, run, seals, stage.rules):
        done = _what_is_done(fault, request.dry_run)
        print(f"{typed(fault.path)}: {fault.what}; {done}", file=sys.stderr)
        if not fault.usable:
            broken.add(str(fault.path.relative_to(at.work)))
            if not request.dry_run:
                fault.path.unlink(missing_ok=True)
    return broken


def _what_is_done(fault: Fault, dry_run: bool) -> str:
    """Said in words; what may be somebody's work is renamed here."""
    if fault.usable:
        return "taken as it is (to have it made again, delete it)"
    if dry_run:
        return "would be made again"
    kept = " and ".join(keep_aside(path).name for path in fault.kept)
    return f"kept as {kept}, made again" if kept else "made again"


def _cluster(request: Request) -> Cluster | None:
    if request.executor == "local":
        if request.cluster_profile:
            raise InputError("--cluster-profile: means nothing on this machine alone; give --executor slurm, too")
        return None
    if not request.dry_run:
        require_plugin(request.executor)
    return read_cluster(request.executor, request.cluster_profile)


def _execute(engine: Engine, request: Request, chosen: Sequence[stages.Stage], progress: Progress,
             targets: Collection[str], forced: Collection[str], **config: str) -> bool:
    """Bring the targets (none: all that the chosen stages make) up to date, with the rules of the chosen stages."""
    progress.jobs.clear()
    names = [stage.name for stage in chosen]
    everything = len(chosen) == len(stages.STAGES)
    try:
        with unswallowed():
            engine.execute(progress, targets=targets, forced=forced, dry_run=request.dry_run,
                           rules=() if everything else (*_allowed(request, names), "up_to", "shares"), **config)
    except InputError:
        raise
    except Exception as error:  # Snakemake raises its own family, all of which it can print
        if not progress.problems:
            progress.problems.append(_told(error, names))
        return False
    return True


def _due_shares(engine: Engine, chosen: Sequence[stages.Stage], forced: Collection[str]) -> str:
    """On a cluster, log-mels that are due are computed by several jobs a data set; `features` then lists their parts.

    In a pass of their own: as inputs of `features` their marks would make it stale, and with it all trainings, when a
    run goes on elsewhere.
    """
    if engine.cluster is None or "features" not in [stage.name for stage in chosen]:
        return ""
    due = Due()
    with unswallowed(), suppress(Exception):  # what is wrong is told by the pass that is meant
        engine.execute(due, forced=forced, dry_run=True)
    return " ".join(sorted(due.stores))


def _allowed(request: Request, chosen: Sequence[str]) -> Sequence[str]:
    """The rules that may run. With --from, earlier stages are taken as they are; without, brought up to date, too."""
    first = chosen[0] if request.first else None
    return [rule for stage in stages.between(first, chosen[-1]) for rule in stage.rules]


def _told(error: Exception, chosen: Sequence[str]) -> str:
    if type(error).__name__ == "MissingInputException":
        return (f"stage {chosen[0]} lacks what the stages before it make; run them first: "
                f"./run_all.sh {stages.STAGES[max(0, stages.position(chosen[0]) - 1)].name}")
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _say_time(progress: Progress, seconds: float) -> None:
    if not progress.finished:
        print("Nothing to do: everything is up to date.")
        return
    slowest = sorted(progress.finished, key=lambda job: -job[1])[:3]
    told = ", ".join(f"{name} {took:.0f} s" for name, took in slowest)
    print(f"{len(progress.finished)} jobs in {seconds:.0f} s (longest: {told}).")
