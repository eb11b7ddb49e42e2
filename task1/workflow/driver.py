"""Runs the workflow: resolves the run, locks the work folder, hands over to Snakemake, sums up.

The lock is the kernel's (flock): it vanishes with the process that held it, so a killed run leaves nothing to clear.
Snakemake's own lock, which a kill leaves behind, is therefore switched off.
"""

import fcntl
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from task1.config import Run, dataset, resolve, save_run
from task1.errors import InputError
from task1.files import write_text
from task1.layout import Layout
from task1.processes import driver_environment
from task1.workflow import stages
from task1.workflow.mend import Fault, keep_aside, survey
from task1.workflow.progress import Progress
from task1.workflow.seals import Seals
from task1.workflow.summary import print_summary, typed

SNAKEFILE = Path(__file__).with_name("Snakefile")
CHECKSUMMED_BYTES = 1 << 30
"""Inputs up to this size are compared by content, not by time alone: a clock set back makes nothing stale."""


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
    jobs: int
    device: str
    precision: str
    dry_run: bool


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
    resolved = resolve(request.entry, request.profile, request.settings, data or Path("corpora"),
                       request.systems, request.skip_bad)
    folder = work / "runs" / f"{resolved.entry}-{resolved.profile}"
    at = Layout(folder)
    _announce(resolved, folder)
    with _locked(work):
        seals = Seals(work)
        _save(resolved, at, seals)
        _drop_orphaned_stamps(at, resolved)
        progress = Progress(request.dry_run, seals)
        started = time.monotonic()
        broken = _broken(request, at, resolved, seals, chosen)
        names = [stage.name for stage in chosen]
        # On its own first: what comes out as it was before makes nothing that depends on it stale
        complete = (not broken or request.dry_run or _execute(request, at, names, set(), progress, broken)) and \
            _execute(request, at, names, forced, progress, broken if request.dry_run else ())
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


def _announce(run: Run, folder: Path) -> None:
    corpus = "embedded corpus (synthetic recordings)" if run.embedded else dataset(run.development).title
    print(f"Entry {run.entry}, profile {run.profile}, on the {corpus}\nRun folder: {typed(folder)}", flush=True)
    for text in run.settings:
        print(f"  with {text}", flush=True)


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    """Only one run at a time in a work folder; the second is refused by name of the first."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        handle = os.open(work / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(f"{work}: cannot be written ({error.strerror}); choose another folder with --work") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(handle, 100).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise InputError(f"{work}: another run (process {owner}) works in this folder; wait for it, or use another "
                         "folder with --work") from None
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _drop_orphaned_stamps(at: Layout, run: Run) -> None:
    """A stamp says that a corpus is there; without the corpus it says nothing, so the corpus stage runs again."""
    for name in (run.development, run.evaluation):
        if not at.root(run, name).is_dir():
            at.corpus_stamp(name).unlink(missing_ok=True)


def _save(run: Run, at: Layout, seals: Seals) -> None:
    """config.yaml says what this run is; what somebody wrote into it by hand is kept beside it."""
    name = str(at.config.relative_to(at.work))
    if at.config.exists() and any(path == at.config and seal.broken(path) for path, seal in seals):
        kept = keep_aside(at.config)
        print(f"{typed(at.config)}: changed since the pipeline wrote it; kept as {kept.name} and written again (to "
              "change a parameter, use --set or an entry of your own)", file=sys.stderr)
    save_run(run, at.config)
    seals.set("config", {}, [name])


def _broken(request: Request, at: Layout, run: Run, seals: Seals, chosen: Sequence[stages.Stage]) -> list[str]:
    """Names of files that have to be made again because of what has happened to them; all of it is told."""
    rules = _allowed(request, [stage.name for stage in chosen])
    faults = survey(at, run, seals, rules)
    for fault in faults:
        if fault.kept and not request.dry_run:
            print(f"{typed(fault.path)}: {fault.what}; kept as {keep_aside(fault.kept).name}, made again",
                  file=sys.stderr)
        else:
            print(f"{typed(fault.path)}: {fault.what}; {_what_is_done(fault, request.dry_run)}", file=sys.stderr)
    return [str(fault.path.relative_to(at.work)) for fault in faults if not fault.usable]


def _what_is_done(fault: Fault, dry_run: bool) -> str:
    if fault.usable:
        return "taken as it is (to have it made again, delete it)"
    return "would be made again" if dry_run else "made again"


def _execute(request: Request, at: Layout, chosen: Sequence[str], forced: set[str], progress: Progress,
             broken: Sequence[str] = ()) -> bool:
    """Bring the chosen stages up to date, or the `broken` files alone; of a dry run both."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import (
        ConfigSettings,
        DAGSettings,
        ExecutionSettings,
        OutputSettings,
        ResourceSettings,
    )

    everything = len(chosen) == len(stages.STAGES)
    progress.jobs.clear()
    os.environ.update(driver_environment())
    write_text(at.work / "CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
    with SnakemakeApi(OutputSettings(dryrun=request.dry_run)) as api:
        log = api.logger_manager.logger
        for handler in list(log.handlers):
            log.removeHandler(handler)
        log.addHandler(progress)
        try:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=request.jobs),
                config_settings=ConfigSettings(config={
                    "run": str(at.run.relative_to(at.work)), "first": chosen[0] if request.first else None,
                    "last": chosen[-1], "device": request.device,
                    "precision": request.precision}),
                snakefile=SNAKEFILE, workdir=at.work)
            graph = workflow.dag(DAGSettings(
                targets=frozenset({*broken, *(["up_to"] if request.dry_run else [])} if broken else ()),
                forcerun=frozenset({*forced, *broken}), force_incomplete=True,
                max_checksum_file_size=CHECKSUMMED_BYTES,
                allowed_rules=frozenset() if everything else frozenset({*_allowed(request, chosen), "up_to"})))
            graph.execute_workflow(executor="dryrun" if request.dry_run else "local",
                                   execution_settings=ExecutionSettings(lock=False, keep_going=False))
        except Exception as error:  # Snakemake raises its own family, all of which it can print
            if not progress.problems:
                progress.problems.append(_told(error, chosen))
            return False
    return True


def _allowed(request: Request, chosen: Sequence[str]) -> Sequence[str]:
    """The rules that may run. With --from, earlier stages are taken as they are; without, brought up to date, too."""
    first = chosen[0] if request.first else None
    return [rule for stage in stages.between(first, chosen[-1]) for rule in stage.rules]


def _told(error: Exception, chosen: Sequence[str]) -> str:
    if type(error).__name__ == "MissingInputException":
        return (f"stage {chosen[0]} lacks what the stages before it make; run them first: "
                f"./run_all.sh {stages.STAGES[max(0, stages.position(chosen[0]) - 1)].name}")
    return " ".join(str(error).split()) or type(error).__name__


def _say_time(progress: Progress, seconds: float) -> None:
    if not progress.finished:
        print("Nothing to do: everything is up to date.")
        return
    slowest = sorted(progress.finished, key=lambda job: -job[1])[:3]
    told = ", ".join(f"{name} {took:.0f} s" for name, took in slowest)
    print(f"{len(progress.finished)} jobs in {seconds:.0f} s (longest: {told}).")
