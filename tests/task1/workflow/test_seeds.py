"""Several seeds in the workflow: the jobs of the graph, the argument, and the last words of a run."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from task1.cli import main
from task1.config import resolve, save_run
from task1.layout import Layout
from task1.workflow.engine import Engine
from task1.workflow.mend import survey
from task1.workflow.seals import Seals
from task1.workflow.summary import _over_seeds

Jobs = dict[str, dict[str, Any]]


class Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.jobs: Jobs = {}

    def emit(self, record: logging.LogRecord) -> None:
        said = record.__dict__
        if said.get("event") == "job_info":
            self.jobs[" ".join([said["rule_name"], *map(str, dict(said["wildcards"]).values())])] = said


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., Jobs]:
    """The jobs of a run that has nothing yet, by rule and wildcards."""

    def jobs(entry: str, seeds: int, cores: int = 2) -> Jobs:
        save_run(resolve(entry, "tiny", seeds=seeds), tmp_path / "runs" / "x" / "config.yaml")
        listener = Listener()
        Engine(tmp_path, {"run": "runs/x", "first": "", "last": "report", "device": "cpu", "precision": "float32"},
               cores).execute(listener, dry_run=True)
        return listener.jobs

    return jobs


def test_one_seed_leaves_the_graph_as_it_was(plan: Callable[..., Jobs]) -> None:
    assert not [name for name in plan("wang2023", 1) if "seed" in name]


def test_replicas_are_trained_and_predict_what_is_needed_of_them(plan: Callable[..., Jobs]) -> None:
    """Copies, teachers, students and what a fusion is fitted on, but no official table of the evaluation set."""
    one, two = plan("shao2022", 1), plan("shao2022", 2)
    run = resolve("shao2022", "tiny", seeds=2)
    expected = {f"train {name}.seed2" for name in run.models}
    expected |= {f"predict {name}.seed2 development" for name in run.models}
    expected |= {f"hold_out {name}.seed2" for system in run.systems.values() if system.is_fitted
                 for name in system.models}
    expected |= {f"teach {name}.seed2" for recipe in run.models.values() for name in recipe.teachers}
    added = set(two) - set(one)
    assert {name for name in added if not name.startswith("copies ")} == {*expected, "seeds"}
    assert len([name for name in added if name.startswith("copies ")]) == len(
        [name for name in one if name.startswith("copies ")]) == 1
    assert set(one) <= set(two)
    needed = " ".join(map(str, two["train student1.seed2"]["input"]))
    assert "models/teacher_x.seed2/learning.output.csv" in needed
    assert "models/teacher_x/" not in needed


@pytest.mark.parametrize(("seeds", "threads"), [(1, 8), (2, 4), (5, 1), (20, 1)])
def test_trainings_share_the_cores(plan: Callable[..., Jobs], seeds: int, threads: int) -> None:
    jobs = plan("wang2023", seeds, cores=8)
    assert {job["threads"] for name, job in jobs.items() if name.startswith("train ")} == {threads}


def test_files_of_replicas_are_looked_after_while_they_are_asked_for(tmp_path: Path) -> None:
    at = Layout(tmp_path / "runs" / "shao2022-tiny")
    made = {"train": at.model("student1.seed2") / "history.csv",
            "teach": at.model_output("teacher_x.seed2", "learning"),
            "hold_out": at.model_output("student1.seed2", "validation"), "seeds": at.seeds}
    seals = Seals(tmp_path)
    for rule, path in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("made")
        told = {} if rule == "seeds" else {"model": path.parent.name}
        seals.set(rule, told, [str(path.relative_to(tmp_path))])
        path.unlink()
    assert {fault.path for fault in survey(at, resolve("shao2022", "tiny", seeds=2), seals)} == set(made.values())
    assert survey(at, resolve("shao2022", "tiny"), seals) == []


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", ""])
def test_what_is_no_number_of_seeds_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["run", "--seeds", text, "--dry-run"])
    assert f"argument --seeds: expected a whole number of 1 or more, not '{text}'" in capsys.readouterr().err


def test_the_last_words_say_mean_and_deviation() -> None:
    spread = {"mean": 0.583, "standard_deviation": 0.0124}
    losses = {"mean": 1.2661, "standard_deviation": 0.0314}
    document = {"seeds": 5, "subjects": [
        {"kind": "system", "name": "1", "spread": {"accuracy": spread, "log_loss": losses, "accuracy_seen": spread,
                                                   "accuracy_unseen": None}}, {"kind": "model", "name": "model1"}]}
    _, first, header, line = _over_seeds(document, {1: "1 model1"}, 14)
    assert first.startswith("Over 5 seeds")
    assert line.split() == ["1", "model1", "58.3", "+-", "1.2", "%", "1.266", "+-", "0.031", "58.3", "+-", "1.2", "%",
                            "-"]
    assert len(line) == len(header)
