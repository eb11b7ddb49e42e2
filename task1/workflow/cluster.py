"""A cluster's profile: which of Snakemake's executor plugins runs the jobs, and what every rule asks the cluster for.

In: a Snakemake profile, YAML, whose keys are Snakemake's own options: task1/workflow/profiles/<executor>/config.yaml,
or a team's own (--cluster-profile). Of Snakemake's options those of `Profile` are understood, and every option of the
plugin (`slurm-...`, `kubernetes-...`). Out: Snakemake's settings objects.
"""

import dataclasses
import importlib.util
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, NonNegativeInt, PositiveInt

from task1.config import check
from task1.config.base import Strict, read_yaml
from task1.errors import InputError
from task1.processes import DRIVER_VARIABLE
from task1.workflow.patience import patient
from task1.workflow.stages import STAGES

if TYPE_CHECKING:
    from snakemake.settings.types import ExecutionSettings, RemoteExecutionSettings, ResourceSettings

PROFILES = Path(__file__).with_name("profiles")
FILE = "config.yaml"
INSTALL = ".venv/bin/pip install -c requirements.lock --no-build-isolation -e '.[cluster]'"

Value = int | str
Option = bool | int | float | str | tuple[str, ...]


class Profile(Strict):
    """The keys of a profile, named and meant as Snakemake's command line options are."""

    executor: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    jobs: PositiveInt = Field(description="how many may be in the cluster's queue at the same time")
    latency_wait: NonNegativeInt = Field(default=30, alias="latency-wait",
                                         description="seconds that a shared file system may take to show a file")
    retries: NonNegativeInt = Field(default=0, description="of a job that failed or was killed")
    keep_going: bool = Field(default=False, alias="keep-going", description="with what does not depend on a failure")
    container_image: str | None = Field(default=None, alias="container-image")
    default_resources: dict[str, Value] = Field(default={}, alias="default-resources")
    set_resources: dict[str, dict[str, Value]] = Field(default={}, alias="set-resources")
    set_threads: dict[str, PositiveInt] = Field(default={}, alias="set-threads")
    set_scatter: dict[str, PositiveInt] = Field(default={}, alias="set-scatter")


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster as a profile describes it; `options` are those of the plugin, by their names on Snakemake's line."""

    file: Path
    profile: Profile
    options: Mapping[str, Option]

    @property
    def executor(self) -> str:
        return self.profile.executor

    def resources(self, cores: int) -> "ResourceSettings":
        """What jobs ask for; `cores` of this machine are for the rules that stay here."""
        from snakemake.cli import parse_set_resources, parse_set_scatter, parse_set_threads
        from snakemake.resources import Resources
        from snakemake.settings.types import ResourceSettings

        profile = self.profile
        return ResourceSettings(
            nodes=profile.jobs, local_cores=cores,
            overwrite_threads=parse_set_threads(_assignments(profile.set_threads)),
            overwrite_scatter=parse_set_scatter(_assignments(profile.set_scatter)),
            overwrite_resources=parse_set_resources([f"{rule}:{asked}" for rule, values in profile.set_resources.items()
                                                     for asked in _assignments(values)]),
            default_resources=Resources.parse(_assignments(profile.default_resources), allow_expressions=True,
                                              defaults="bare"))

    def execution(self) -> "ExecutionSettings":
        from snakemake.settings.types import ExecutionSettings

        return ExecutionSettings(lock=False, keep_going=self.profile.keep_going, retries=self.profile.retries,
                                 latency_wait=self.profile.latency_wait)

    def remote(self, work: Path) -> "RemoteExecutionSettings":
        """Jobs begin in the work folder; the variable that ends a job with its driver means nothing on a cluster."""
        from snakemake.settings.types import RemoteExecutionSettings

        image = {"container_image": self.profile.container_image} if self.profile.container_image else {}
        return RemoteExecutionSettings(precommand=f"cd {shlex.quote(str(work))} && unset {DRIVER_VARIABLE}", **image)

    def plugin_settings(self) -> Any:
        """The plugin's own settings; one sentence where the plugin or one of its options is not there."""
        from snakemake.common.argparse import ArgumentParser
        from snakemake.exceptions import WorkflowError
        from snakemake_interface_executor_plugins.registry import (  # type: ignore[import-untyped]
            ExecutorPluginRegistry,
        )

        plugin = ExecutorPluginRegistry().get_plugin(self.executor)
        _adapt(plugin)
        known = {item["cliarg"].removeprefix("--") for item in plugin.get_settings_info()}
        for name in self.options:
            if name not in known:
                raise InputError(f"{self.file}: unknown key {name}; the {self.executor} plugin has "
                                 f"{', '.join(sorted(known))}")
        parser = ArgumentParser()
        plugin.register_cli_args(parser, "executor")
        try:
            return plugin.get_settings(parser.parse_args(_arguments(self.options)))
        except (WorkflowError, TypeError, ValueError, SystemExit) as error:
            raise InputError(f"{self.file}: the {self.executor} plugin does not take its options ({error})") from None


def read_cluster(executor: str, path: Path | None = None) -> Cluster:
    """The cluster that runs jobs through Snakemake's plugin `executor`, by a profile's file or folder."""
    file = PROFILES / executor / FILE if path is None else path / FILE if path.is_dir() else path
    if path is None and not file.is_file():
        raise InputError(f"--executor {executor}: found no profile for it, expected local or one of "
                         f"{', '.join(sorted(folder.name for folder in PROFILES.iterdir()))}; for another plugin of "
                         "Snakemake's write a profile and name it with --cluster-profile")
    content, lines = read_yaml(file)
    prefix = f"{executor}-"
    options = {str(key): value for key, value in content.items() if str(key).startswith(prefix)} \
        if isinstance(content, dict) else {}
    rest = {key: value for key, value in content.items() if key not in options} if options else content
    profile = check(Profile, rest, str(file), lines)
    if profile.executor != executor:
        raise InputError(f"{file}: found executor: {profile.executor}, expected {executor}, as --executor says")
    known = {rule for stage in STAGES for rule in stage.rules}
    for rule in (*profile.set_resources, *profile.set_threads):
        if rule not in known:
            raise InputError(f"{file}: unknown rule {rule}; there are: {', '.join(sorted(known))}")
    for name, value in options.items():
        if not isinstance(value, bool | int | float | str | list):
            raise InputError(f"{file}, line {lines.get((name,), 1)}: {name}: found {value!r}, expected a number, a "
                             "text, true, false or a list")
    return Cluster(file, profile, options)


def require_plugin(executor: str) -> None:
    """One sentence where Snakemake's plugin for this executor is not installed."""
    module = f"snakemake_executor_plugin_{executor.replace('-', '_')}"
    if importlib.util.find_spec(module) is None:
        raise InputError(f"--executor {executor}: the package {module.replace('_', '-')} is not installed; install it "
                         f"with {INSTALL} (in the project's folder)")


def _adapt(plugin: Any) -> None:
    """Work folder, recordings and environment lie where every job sees them, whatever the plugin was made for."""
    plugin.common_settings = dataclasses.replace(plugin.common_settings, implies_no_shared_fs=False,
                                                 job_deploy_sources=False, auto_deploy_default_storage_provider=False)
    if not getattr(plugin.executor, "is_patient", False):
        plugin.executor = patient(plugin.executor)


def _assignments(values: Mapping[str, Value]) -> list[str]:
    """As Snakemake reads a profile: what looks like a number and is a text keeps its quotes."""
    return [f"{name}={value!r}" if isinstance(value, str) and value.lstrip("+-").replace(".", "", 1).isdigit()
            else f"{name}={value}" for name, value in values.items()]


def _arguments(options: Mapping[str, Option]) -> list[str]:
    arguments = []
    for name, value in options.items():
        if isinstance(value, bool):
            arguments += [f"--{name}"] if value else []
        elif isinstance(value, list | tuple):
            arguments += [f"--{name}", *map(str, value)]
        else:
            arguments.append(f"--{name}={value}")
    return arguments
