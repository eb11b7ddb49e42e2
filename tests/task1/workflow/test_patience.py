"""An executor that forgets jobs when the cluster does not answer, as the plugins do, and what is made of it."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from task1.workflow.patience import patient


@dataclass(frozen=True)
class Job:
    name: str


class Forgetful:
    """The part of a plugin that matters: `says` is what the cluster answers of each job, None that it does not."""

    def __init__(self, says: dict[str, str] | None) -> None:
        self.says = says
        self.ended: list[str] = []
        self.active_jobs: list[Job] = []
        self.cancelled: list[str] = []
        self.questions = threading.Event()

    def report_job_submission(self, job_info: Job) -> None:
        self.active_jobs.append(job_info)

    def cancel_jobs(self, active_jobs: list[Job]) -> None:
        self.cancelled += [job.name for job in active_jobs]

    def cancel(self) -> None:
        self.cancel_jobs(self.active_jobs)
        self.shutdown()

    def shutdown(self) -> None:
        """Waits for the next question about jobs."""
        self.questions.wait()

    def report_job_success(self, job_info: Job) -> None:
        self.ended.append(f"{job_info.name} well")

    def report_job_error(self, job_info: Job, msg: str | None = None) -> None:
        self.ended.append(f"{job_info.name} {msg}")

    async def check_active_jobs(self, active_jobs: list[Job]) -> AsyncGenerator[Job, None]:
        for job in active_jobs if self.says is not None else []:
            if self.says[job.name] == "COMPLETED":
                self.report_job_success(job)
            elif self.says[job.name] == "FAILED":
                self.report_job_error(job, msg="badly")
            elif self.says[job.name] == "RUNNING":
                yield job


JOBS = [Job("a"), Job("b"), Job("c"), Job("d")]


def still_active(executor: Forgetful) -> list[str]:
    async def ask() -> list[str]:
        return [job.name async for job in executor.check_active_jobs(JOBS)]

    return asyncio.run(ask())


def test_without_it_jobs_are_forgotten() -> None:
    assert still_active(Forgetful(None)) == []


def test_jobs_of_which_nothing_was_said_stay_active() -> None:
    executor = patient(Forgetful)(None)
    assert still_active(executor) == ["a", "b", "c", "d"]
    executor.says = {"a": "COMPLETED", "b": "FAILED", "c": "RUNNING", "d": "no answer for this one"}
    assert still_active(executor) == ["c", "d"]
    assert executor.ended == ["a well", "b badly"]
    executor.says = None
    assert still_active(executor) == ["a", "b", "c", "d"]  # a question of its own


def test_a_job_that_could_not_be_submitted_is_reported_before_anything_is_asked() -> None:
    executor = patient(Forgetful)({})
    executor.report_job_error(Job("e"), "badly")
    assert executor.ended == ["e badly"]


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED"])
def test_a_job_that_ended_is_asked_about_no_more(state: str) -> None:
    assert still_active(patient(Forgetful)(dict.fromkeys("abcd", state))) == []


def test_an_interrupted_run_cancels_all_its_jobs_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("task1.workflow.patience.FAREWELL_SECONDS", 0.1)
    executor = patient(Forgetful)({"a": "COMPLETED", "b": "FAILED", "c": "RUNNING", "d": "RUNNING"})
    for job in JOBS:
        executor.report_job_submission(job)
    still_active(executor)
    executor.active_jobs.clear()  # as while it asks
    began = time.monotonic()
    executor.cancel()
    assert time.monotonic() - began < 5.0
    assert executor.cancelled == ["c", "d"]
    executor.questions.set()
