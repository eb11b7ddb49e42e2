"""GPUs of this machine: how many, by a made-up `nvidia-smi`, and that no more jobs at a time compute on them."""

import logging
import os
from pathlib import Path

import pytest

from task1.config import resolve, save_run
from task1.doctor import machine
from task1.workflow import engine
from task1.workflow.engine import Engine
from task1.workflow.gpus import gpus

SNAKEFILE = """
rule all:
    input: expand("{number}.txt", number=range(3))
rule compute:
    output: "{number}.txt"
    resources: **({"gpu": 1} if config["gpus"] else {})
    shell: "date +%s.%N >{output}; sleep 1; date +%s.%N >>{output}"
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An nvidia-smi that lists two GPUs, one of them divided, and a PyTorch that can use them."""
    script = tmp_path / "bin" / "nvidia-smi"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\n[ "$1" = -L ] || exit 9\necho "GPU 0: Some GPU (UUID: GPU-a)"\n'
                      'echo "  MIG 1g.10gb Device 0: (UUID: MIG-b)"\necho "GPU 1: Some GPU (UUID: GPU-c)"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "cuda_build", lambda: "12.8")
    return script


@pytest.mark.parametrize(("device", "expected"), [("cpu", 0), ("cuda", 2), ("auto", 2)])
def test_as_many_as_the_driver_lists(driver: Path, device: str, expected: int) -> None:
    assert gpus(device) == expected


@pytest.mark.parametrize(("visible", "expected"), [("1", 1), ("0,1", 2), ("GPU-c, GPU-a", 2), ("0,1,2,3", 2), ("", 0),
                                                   ("-1", 0)])
def test_those_that_processes_may_see(driver: Path, monkeypatch: pytest.MonkeyPatch, visible: str,
                                      expected: int) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus("auto") == expected
    assert gpus("cuda") == max(1, expected)


def test_auto_takes_none_where_pytorch_is_a_build_for_processors(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cuda_build", lambda: None)
    assert gpus("auto") == 0


@pytest.mark.parametrize("script", [None, "#!/bin/sh\necho 'no driver'; exit 9\n", "#!/bin/sh\necho 'No devices'\n"])
def test_without_a_driver_that_answers_cuda_is_taken_at_its_word(driver: Path, monkeypatch: pytest.MonkeyPatch,
                                                                 script: str | None) -> None:
    if script:
        driver.write_text(script)
    else:
        monkeypatch.setenv("PATH", "/nowhere")
    assert (gpus("auto"), gpus("cuda")) == (0, 1)


@pytest.mark.parametrize(("device", "at_once"), [("cpu", 3), ("cuda", 2), ("auto", 2)])
def test_no_more_jobs_at_a_time_than_gpus(driver: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str,
                                          at_once: int) -> None:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    monkeypatch.setattr(engine, "SNAKEFILE", tmp_path / "Snakefile")
    work = tmp_path / "work"
    Engine(work, {"device": device}, 3).execute(logging.NullHandler())
    times = [tuple(map(float, path.read_text().split())) for path in work.glob("*.txt")]
    assert len(times) == 3
    assert max(sum(begin <= moment < end for begin, end in times) for moment, _ in times) == at_once


@pytest.mark.parametrize(("device", "asked"), [("cpu", None), ("auto", 1), ("cuda", 1)])
def test_rules_that_compute_on_a_gpu_ask_for_one(driver: Path, tmp_path: Path, device: str, asked: int | None) -> None:
    save_run(resolve("wang2023", "tiny"), tmp_path / "runs" / "x" / "config.yaml")
    found: dict[str, int | None] = {}

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if getattr(record, "event", None) == "job_info":
                found[record.__dict__["rule_name"]] = record.__dict__["resources"].get("gpu")

    Engine(tmp_path, {"run": "runs/x", "first": "", "last": "report", "device": device, "precision": "float32"},
           2).execute(Listener(), dry_run=True)
    assert {rule for rule, number in found.items() if number} == ({"train", "predict"} if asked else set())
    assert found["train"] == asked
