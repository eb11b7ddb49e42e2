"""Profiles of clusters: what they may say, and what every job then asks for and runs. No plugin is needed."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from task1.config import resolve, save_run
from task1.errors import InputError
from task1.workflow import cluster as clusters
from task1.workflow.cluster import PROFILES, read_cluster, require_plugin
from task1.workflow.engine import SNAKEFILE, Due, Engine
from task1.workflow.progress import Progress
from task1.workflow.seals import Seals
from task1.workflow.stages import STAGES

EXECUTORS = sorted(folder.name for folder in PROFILES.iterdir())
RULES = {rule for stage in STAGES for rule in stage.rules}
LOCAL = set(re.findall(r"\w+", re.findall(r"^localrules: (.*)$", SNAKEFILE.read_text(), re.MULTILINE)[0]))
ON_GPU = {"copies", "train", "predict", "teach", "hold_out"}

Jobs = list[dict[str, Any]]


class Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.jobs: Jobs = []

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", None) == "job_info" and record.__dict__["rule_name"] in RULES:
            self.jobs.append(record.__dict__)


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Jobs]:
    """The jobs of a run that has nothing yet, as Snakemake would begin them."""

    def jobs(executor: str | None, entry: str = "wang2023", device: str = "cpu", **asked: Any) -> Jobs:
        save_run(resolve(entry, "tiny", [], Path("corpora")), tmp_path / "runs" / "x" / "config.yaml")
        config = {"run": "runs/x", "first": "", "last": "report", "device": device, "precision": "float32"}
        listener = Listener()
        Engine(tmp_path, config, 2, read_cluster(executor) if executor else None).execute(
            listener, dry_run=True, **asked)
        return listener.jobs

    return jobs


def test_every_rule_stays_here_or_has_its_threads_and_time_in_every_profile() -> None:
    assert LOCAL < RULES
    assert EXECUTORS == ["kubernetes", "slurm"]
    for executor in EXECUTORS:
        profile = read_cluster(executor).profile
        assert set(profile.set_threads) == set(profile.set_resources) == RULES - LOCAL
        assert all(values["runtime"] for values in profile.set_resources.values())
        assert profile.set_scatter["features"] > 1


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_job_that_leaves_asks_for_memory_time_and_cores(executor: str, plan: Callable[..., Jobs]) -> None:
    jobs = plan(executor, "zhao2021", "cuda")
    assert {job["rule_name"] for job in jobs} >= {"features", "copies", "train", "predict", "teach", "combine"}
    for job in jobs:
        rule, asked = job["rule_name"], job["resources"]
        if rule in LOCAL:
            continue
        profile = read_cluster(executor).profile
        assert job["threads"] == profile.set_threads[rule]
        assert asked["runtime"] == profile.set_resources[rule]["runtime"]
        assert 1000 <= asked["mem_mb"] <= 20_000
        assert asked.get("gpu") == (1 if rule in ON_GPU else None)


def test_commands_have_the_threads_that_the_cluster_gives(plan: Callable[..., Jobs]) -> None:
    commands = {job["rule_name"]: job["shellcmd"] for job in plan("slurm", device="cuda")}
    assert re.search(r"-m task1 train --run runs/x --model model1 --threads 4 --device cuda ", commands["train"])
    assert "--workers 4" in commands["features"]
    assert re.search(r"corpus prepare \S+ --corpora corpora --jobs 2 ", commands["corpus"])  # of this machine


def test_without_a_cluster_nothing_asks_for_a_gpu_of_one_or_is_shared(plan: Callable[..., Jobs]) -> None:
    jobs = {job["rule_name"]: job for job in plan(None)}
    assert "gpu" not in jobs["train"]["resources"]
    assert jobs["train"]["threads"] == jobs["features"]["threads"] == 2
    assert "share" not in jobs


def test_log_mels_of_named_data_sets_are_computed_by_so_many_jobs(plan: Callable[..., Jobs], tmp_path: Path) -> None:
    due = Due()
    plan("slurm")
    config = {"run": "runs/x", "first": "", "last": "report", "device": "cpu", "precision": "float32"}
    Engine(tmp_path, config, 2, read_cluster("slurm")).execute(due, dry_run=True)
    assert due.stores == {"embedded-1s-tiny-dev", "embedded-1s-tiny-eval"}
    shares = [job for job in plan("slurm", targets={"shares"}, stores="embedded-1s-tiny-dev")
              if job["rule_name"] == "share"]
    assert {dict(job["wildcards"])["dataset"] for job in shares} == {"embedded-1s-tiny-dev"}
    told = [re.search(r"--dataset embedded-1s-tiny-dev --workers 4 --share (\d)-of-8$", job["shellcmd"])
            for job in shares]
    assert sorted(int(found[1]) for found in told if found) == list(range(1, 9))


def test_memory_grows_with_corpus_batch_and_attempt() -> None:
    from task1.workflow import memory

    tiny, full = (resolve("wang2023", profile, [], Path("corpora")) for profile in ("tiny", "full"))
    assert memory.for_training(full, "model1") - memory.for_training(tiny, "model1") > 5000  # 230,350 clips, float16
    wide = resolve("wang2023", "tiny", ["training.batch_size=64"], Path("corpora"))
    assert memory.for_training(wide, "model1") > memory.for_training(tiny, "model1") + 1000
    assert memory.for_features(8) > memory.for_features(1)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_second_attempt_gets_twice_the_memory(executor: str) -> None:
    text = SNAKEFILE.read_text()
    assert text.count("mem_mb=") == text.count("attempt * memory.")
    assert read_cluster(executor).profile.retries >= 1


@pytest.mark.parametrize(("change", "told"), [
    ({"jobs": 0}, r"line \d+: jobs: found 0, expected"),
    ({"jobs": None}, r"jobs: found None"),
    ({"executor": "lsf"}, "found executor: lsf, expected slurm"),
    ({"latency_wait": 3}, "unknown key latency_wait"),
    ({"max-jobs": 3}, "unknown key max-jobs"),
    ({"set-threads": {"trian": 3}}, "unknown rule trian; there are: .*train"),
    ({"set-resources": {"trian": {"runtime": 3}}}, "unknown rule trian"),
    ({"set-threads": {"train": "four"}}, r"set-threads.train: found 'four', expected"),
    ({"set-resources": {"train": 4}}, r"set-resources.train: found 4, expected"),
    ({"slurm-logdir": {"a": 1}}, "slurm-logdir: found .*, expected a number, a text"),
])
def test_mistakes_in_a_profile_are_told_in_a_sentence(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    content = yaml.safe_load((PROFILES / "slurm" / "config.yaml").read_text()) | change
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=told):
        read_cluster("slurm", tmp_path)


@pytest.mark.parametrize("text", ["", "3", "[1, 2]", "jobs: {", "executor: slurm"])
def test_what_is_no_profile_is_told_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(InputError, match=r"mine\.yaml"):
        read_cluster("slurm", tmp_path / "mine.yaml")


def test_an_executor_without_a_profile_or_plugin() -> None:
    with pytest.raises(InputError, match="--executor lsf: found no profile for it, expected local or one of kuber"):
        read_cluster("lsf")
    with pytest.raises(InputError, match="package snakemake-executor-plugin-none-such is not installed"):
        require_plugin("none-such")


def test_settings_for_snakemake_come_from_the_profile() -> None:
    cluster = read_cluster("slurm")
    resources, execution = cluster.resources(3), cluster.execution()
    assert (resources.nodes, resources.local_cores, resources.cores) == (cluster.profile.jobs, 3, None)
    assert (execution.lock, execution.retries, execution.latency_wait) == (False, 1, 60)
    # a pod begins in a folder of its own, and jobs elsewhere do not follow the driver's process
    assert cluster.remote(Path("/a b")).precommand == "cd '/a b' && unset TASK1_DRIVER"
    assert cluster.options["slurm-logdir"] == "logs/slurm"


def test_options_of_a_plugin_as_arguments_of_snakemake() -> None:
    assert clusters._arguments({"slurm-requeue": True, "slurm-no-account": False, "slurm-qos": "long",
                                "kubernetes-persistent-volumes": ("a:/a", "b:/b"), "slurm-status-attempts": 3}) == [
        "--slurm-requeue", "--slurm-qos=long", "--kubernetes-persistent-volumes", "a:/a", "b:/b",
        "--slurm-status-attempts=3"]
    assert clusters._assignments({"runtime": 60, "account": "a1", "partition": "007"}) == [
        "runtime=60", "account=a1", "partition='007'"]


def error_record(**said: Any) -> logging.LogRecord:
    record = logging.LogRecord("snakemake", logging.ERROR, "", 0, "Error in rule train", (), None)
    record.__dict__.update({"event": "job_error", "rule_name": "train", "jobid": 3, "log": [], "rule_msg": None} | said)
    return record


def test_what_a_job_of_the_cluster_said_last_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "12.log"
    log.write_text("model1: epoch 1/9\ntask1: features/x: found no store; run task1 features first\nsrun: error\n")
    progress = Progress(False, Seals(tmp_path))
    for _ in range(2):  # two attempts are one problem
        progress.emit(error_record(aux={"external_jobid": "12"}, log=["train.txt", str(log)]))
    assert progress.problems == ["stage train"]
    told = capsys.readouterr().err
    assert f"train: the cluster's job 12 failed; see {log}\n      task1: features/x: found no store;" in told
    progress.emit(error_record(rule_msg="SLURM sbatch failed. Invalid account. For further error details see ..."))
    assert capsys.readouterr().err == "      train: SLURM sbatch failed. Invalid account.\n"
