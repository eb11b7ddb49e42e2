"""A cluster that does not answer for a while loses no job, and a run that is interrupted leaves none.

Snakemake asks a plugin every few seconds which jobs are still active. Where the question fails, the Slurm plugin
(2.8.0: no answer to any of its attempts, or `sacct` asked without accounting while the controller is away) and the
Kubernetes plugin (0.5.1: an error of the API) answer with none of the jobs and report none as ended: Snakemake forgets
them and waits for ever. Here a job that is neither said to be active nor reported is asked about again.

An interrupted Snakemake cancels the jobs it knows of, which are not those that it is just asking about, and waits for
the next time to ask, minutes away. Here all jobs are cancelled that were submitted and have not ended, without waiting.
"""

import threading
from collections.abc import AsyncGenerator, Sequence
from typing import Any

FAREWELL_SECONDS = 2.0
"""For what a plugin clears away at its end."""


def patient(executor: type[Any]) -> type[Any]:
    """The plugin's executor class with this mended."""

    class Patient(executor):
        is_patient = True

        def __init__(self, *arguments: Any, **more: Any) -> None:
            self._known: set[int] = set()  # jobs of which something was said since the last question began
            self._submitted: dict[int, Any] = {}  # and have not ended
            super().__init__(*arguments, **more)

        async def check_active_jobs(self, active_jobs: Sequence[Any]) -> AsyncGenerator[Any, None]:
            self._known.clear()
            async for job in super().check_active_jobs(active_jobs):
                self._known.add(id(job))
                yield job
            for job in active_jobs:
                if id(job) not in self._known:
                    yield job

        def report_job_submission(self, job_info: Any, *arguments: Any, **more: Any) -> None:
            self._submitted[id(job_info)] = job_info
            super().report_job_submission(job_info, *arguments, **more)

        def report_job_success(self, job_info: Any) -> None:
            self._ended(job_info)
            super().report_job_success(job_info)

        def report_job_error(self, job_info: Any, *arguments: Any, **more: Any) -> None:
            self._ended(job_info)
            super().report_job_error(job_info, *arguments, **more)

        def _ended(self, job_info: Any) -> None:
            self._known.add(id(job_info))
            self._submitted.pop(id(job_info), None)

        def cancel(self) -> None:
            self.cancel_jobs(list(self._submitted.values()))
            farewell = threading.Thread(target=self.shutdown, daemon=True)
            farewell.start()
            farewell.join(FAREWELL_SECONDS)

    return Patient
