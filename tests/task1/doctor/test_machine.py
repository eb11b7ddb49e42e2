"""What is said of machine and environment, with machines made up."""

from collections import namedtuple
from pathlib import Path

import pytest

from task1.doctor import environment, machine
from task1.doctor.finding import Finding
from task1.doctor.needs import TRAINING_PROCESS_BYTES, Needs

NEEDED = Needs({"a": 10**9}, 0, 3 * 10**9, 8 * 10**9, 2)
Usage = namedtuple("Usage", "total used free")


def look(on_disk: dict[Path, int], device: str = "auto") -> list[Finding]:
    return list(machine.look(NEEDED, on_disk, device))


def about(findings: list[Finding], word: str) -> Finding:
    (found,) = (finding for finding in findings if word in finding.what)
    return found


@pytest.mark.parametrize(("available", "level", "mend"), [
    (16 * 10**9, "ok", ""),
    (16 * 10**9 - 1, "warning", "if a training is killed, use fewer --jobs or a smaller training.batch_size"),
    (2 * (TRAINING_PROCESS_BYTES + 3 * 10**9), "warning",
     "if a training is killed, use fewer --jobs or a smaller training.batch_size"),
    (2 * (TRAINING_PROCESS_BYTES + 3 * 10**9) - 1, "problem", "use --jobs 1, so that fewer run at a time"),
    (10**9, "problem", "stop other programs, or use a machine with more memory"),
])
def test_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available: int, level: str, mend: str) -> None:
    monkeypatch.setattr(machine, "available_memory", lambda: available)
    monkeypatch.setattr(machine, "graphics_memory", lambda: None)
    found = about(look({}), "memory")
    assert (found.level, found.mend) == (level, mend)


@pytest.mark.parametrize(("free", "level"), [(2 * 10**9, "ok"), (11 * 10**8, "warning"), (10**9 - 1, "problem")])
def test_room_is_counted_for_a_disk_not_for_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int,
                                                     level: str) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage(10**10, 0, free))
    found = about(look({tmp_path / "work": 4 * 10**8, tmp_path / "data" / "not there": 6 * 10**8}), "still to be")
    assert found.level == level
    assert "about 1.0 GB" in found.what


@pytest.mark.parametrize(("gpu", "build", "level", "said"), [
    (None, None, "ok", "no GPU is used"),
    (8 * 10**9, None, "warning", "a build for processors"),
    (8 * 10**9, "12.8", "ok", "for CUDA 12.8"),
    (2 * 10**9, "12.8", "problem", "the clips of the largest training take 3.0 GB"),
])
def test_graphics(monkeypatch: pytest.MonkeyPatch, gpu: int | None, build: str | None, level: str, said: str) -> None:
    monkeypatch.setattr(machine, "graphics_memory", lambda: gpu)
    monkeypatch.setattr(machine, "cuda_build", lambda: build)
    assert about(look({}), said).level == level


def test_a_gpu_that_is_asked_for_and_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "graphics_memory", lambda: None)
    assert about(look({}, "cuda"), "no NVIDIA driver").level == "problem"


def test_the_build_is_what_torch_itself_says() -> None:
    import torch

    assert machine.cuda_build() == torch.version.cuda


def test_cores_and_memory_are_those_that_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text("MemTotal:  8 kB\nMemAvailable:    4000 kB\n")
    monkeypatch.setattr(machine, "CGROUP_LIMIT", tmp_path / "max")
    monkeypatch.setattr(machine, "CGROUP_USED", tmp_path / "used")
    assert machine.available_memory() == 4_096_000
    (tmp_path / "max").write_text("3000000\n")
    (tmp_path / "used").write_text("1000000\n")
    assert machine.available_memory() == 2_000_000
    (tmp_path / "max").write_text("max\n")
    assert machine.available_memory() == 4_096_000


def test_this_environment_computes(tmp_path: Path) -> None:
    found = list(environment.look(tmp_path))
    assert {finding.level for finding in found} <= {"ok", "warning"}
    for word in ("Python 3", "libsndfile", "executes int8", "HDF5", "file locks hold", "clock"):
        assert about(found, word).level == "ok"
    assert not list(tmp_path.iterdir())


def test_the_product_of_integers() -> None:
    assert environment.multiply_integers() == -42


def test_other_versions_than_the_locked_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "LOCK", tmp_path / "requirements.lock")
    (tmp_path / "requirements.lock").write_text("# exact\nnumpy==1.0  # old\n")
    found = about(list(environment.look(tmp_path)), "differ")
    assert found.level == "warning"
    assert "locked 1.0" in found.what
    (tmp_path / "requirements.lock").write_text("no-such-package-here==1.0\n")
    assert about(list(environment.look(tmp_path)), "not installed").level == "problem"


def test_a_clock_that_was_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    assert "clock" in about(list(environment.look(tmp_path)), "clock").what
    assert about(list(environment.look(tmp_path)), "clock").level == "warning"
