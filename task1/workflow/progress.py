"""What a person sees of the workflow: one line when a job begins, one when it ends, the sentence when it fails."""

import logging
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from task1.workflow.interruption import interrupted
from task1.workflow.mend import keep_aside
from task1.workflow.seals import Seals
from task1.workflow.stages import STAGES

ORDER = {rule: index + 1 for index, stage in enumerate(STAGES) for rule in stage.rules}


@dataclass
class Job:
    number: int
    rule: str
    label: str
    reason: str
    wildcards: dict[str, str]
    outputs: tuple[str, ...]
    started: float = field(default_factory=time.monotonic)


class Progress(logging.Handler):
    """Turns Snakemake's log events into lines; keeps what is told again at the end; seals what has been made."""

    def __init__(self, dry_run: bool, seals: Seals) -> None:
        super().__init__()
        self.dry_run, self.seals = dry_run, seals
        self.jobs: dict[int, Job] = {}
        self.finished: list[tuple[str, float]] = []
        self.problems: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if interrupted():  # that jobs fail which are being ended is no news
            return
        event = getattr(record, "event", None)
        if event == "job_info":
            self._begin(record)
        elif event == "job_finished":
            self._end(self.jobs.get(record.__dict__["job_id"]))
        elif event == "job_error":
            self._fail(record)
        elif event == "error" and record.__dict__.get("exception") != "RuleException":  # that is a job's
            print(f"      {' '.join(record.getMessage().splitlines())}", file=sys.stderr, flush=True)

    def _begin(self, record: logging.LogRecord) -> None:
        said = record.__dict__
        rule = said["rule_name"]
        if rule not in ORDER:
            return
        labels = [value for name, value in dict(said["wildcards"]).items() if name != "digest"]
        wildcards = {name: str(value) for name, value in dict(said["wildcards"]).items()}
        job = Job(said["jobid"], rule, " ".join(labels), said["reason"], wildcards,
                  tuple(name.split(" (")[0] for name in said["output"]))
        if job.number in self.jobs and not self.dry_run:
            return
        self.jobs[job.number] = job
        because = f"   ({_short(job.reason)})" if self.dry_run else ""
        print(f"[{ORDER[rule]}/{len(STAGES)}] {rule} {job.label}{because}", file=sys.stderr, flush=True)
        if not self.dry_run:
            self._make_way(job)

    def _make_way(self, job: Job) -> None:
        """The job is about to overwrite its outputs: what somebody has changed in them since they were made is kept."""
        for path in self.seals.changed(job.outputs):
            print(f"      {path.name} was changed since it was made; kept as {keep_aside(path).name}", file=sys.stderr,
                  flush=True)
        self.seals.drop(job.outputs)

    def _end(self, job: Job | None) -> None:
        if job is None:
            return
        seconds = time.monotonic() - job.started
        self.seals.set(job.rule, job.wildcards, job.outputs)
        self.finished.append((f"{job.rule} {job.label}".strip(), seconds))
        print(f"      {job.rule} {job.label} done in {seconds:.1f} s", file=sys.stderr, flush=True)

    def _fail(self, record: logging.LogRecord) -> None:
        said = record.__dict__
        job = self.jobs.get(said.get("jobid", -1))
        problem = f"stage {said['rule_name']}" + (f" ({job.label})" if job and job.label else "")
        if problem not in self.problems:  # a cluster may have tried several times
            self.problems.append(problem)
        number = (said.get("aux") or {}).get("external_jobid")
        why = (said.get("rule_msg") or "").split("For further error details")[0].strip()
        if number:  # what it said stands in a file of the cluster's
            why = f"the cluster's job {number} failed" + "".join(
                f"; see {log}{_last_words(Path(log))}" for log in said["log"][-1:])
        if why:
            print(f"      {problem.removeprefix('stage ')}: {why}", file=sys.stderr, flush=True)


def _last_words(log: Path) -> str:
    """The sentence with which one of our commands ended, if the log has one."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    told = [line for line in lines if line.startswith(("task1: ", "submission: "))]
    return f"\n      {told[-1]}" if told else ""


def _short(reason: str) -> str:
    first = reason.split(";")[0].strip()
    return first if len(first) <= 90 else first[:87] + "..."
