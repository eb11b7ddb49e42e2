"""Snakemake, as this project uses it: which files and rules, on this machine or on a cluster, and who listens.

The lock of a run is the driver's (task1/workflow/driver.py); Snakemake's own, which a kill leaves behind, is off.
"""

import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from task1.files import write_text
from task1.processes import driver_environment
from task1.workflow.cluster import Cluster
from task1.workflow.gpus import gpus
from task1.workflow.interruption import stop

SNAKEFILE = Path(__file__).with_name("Snakefile")
CHECKSUMMED_BYTES = 1 << 30
"""Inputs up to this size are compared by content, not by time alone: a clock set back makes nothing stale."""


@dataclass(frozen=True)
class Engine:
    """`config` is what the Snakefile is told; `cluster` is None where all jobs run here, on `cores`."""

    work: Path
    config: Mapping[str, str | int]
    cores: int
    cluster: Cluster | None = None

    def execute(self, listener: logging.Handler, *, targets: Collection[str] = (), forced: Collection[str] = (),
                rules: Collection[str] = (), dry_run: bool = False, **config: str) -> None:
        """Bring targets (none: the Snakefile's own) up to date; raises one of Snakemake's exceptions where it cannot.

        `forced`: rules and files made again in any case; `rules`: the only ones that may run (none: all).
        """
        from snakemake.api import SnakemakeApi
        from snakemake.scheduling.job_scheduler import JobScheduler
        from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings

        os.environ.update(driver_environment())
        JobScheduler.exit_gracefully = staticmethod(stop)  # its handler of SIGTERM would wait for jobs to end
        write_text(self.work / "CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
        with SnakemakeApi(OutputSettings(dryrun=dry_run)) as api:
            log = api.logger_manager.logger
            for handler in list(log.handlers):
                log.removeHandler(handler)
            log.addHandler(listener)
            workflow = api.workflow(
                resource_settings=self._resources(), snakefile=SNAKEFILE, workdir=self.work,
                config_settings=ConfigSettings(config={"cores": self.cores, "gpus": self.gpus, "stores": "",
                                                       **self.config, **config}))
            graph = workflow.dag(DAGSettings(
                targets=frozenset(targets), forcerun=frozenset(forced), force_incomplete=True,
                max_checksum_file_size=CHECKSUMMED_BYTES, allowed_rules=frozenset(rules)))
            graph.execute_workflow(**self._execution(dry_run))

    @cached_property
    def gpus(self) -> int:
        """How many jobs may have a GPU at the same time, each one; of a cluster's it is enough that they ask."""
        device = str(self.config["device"])
        return int(device == "cuda") if self.cluster else gpus(device)

    def _resources(self) -> Any:
        from snakemake.settings.types import ResourceSettings

        if self.cluster:
            return self.cluster.resources(self.cores)
        return ResourceSettings(cores=self.cores, resources={"gpu": self.gpus} if self.gpus else {})

    def _execution(self, dry_run: bool) -> dict[str, Any]:
        from snakemake.settings.types import ExecutionSettings

        if dry_run or self.cluster is None:
            return {"executor": "dryrun" if dry_run else "local",
                    "execution_settings": ExecutionSettings(lock=False, keep_going=False)}
        return {"executor": self.cluster.executor, "executor_settings": self.cluster.plugin_settings(),
                "execution_settings": self.cluster.execution(),
                "remote_execution_settings": self.cluster.remote(self.work)}


class Due(logging.Handler):
    """Listens to a dry run: the data sets of which log-mels are due."""

    def __init__(self) -> None:
        super().__init__()
        self.stores: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        said = record.__dict__
        if said.get("event") == "job_info" and said["rule_name"] == "features":
            self.stores.add(str(dict(said["wildcards"])["dataset"]))
