"""Shared fixtures."""

import fcntl
import os
from pathlib import Path

import pytest

from task1.workflow.stages import STAGES
from tests.pipeline import begun, run

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with the real TAU lists and clips; their licence keeps them out of the project."""
    if not REFERENCE.is_dir():
        pytest.skip("the real TAU lists and clips (shared/reference) are not beside this checkout")
    return REFERENCE


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A work folder after one undisturbed run, and what the run said. It is read, and copied; nobody runs in it.

    Tests in parallel processes share it: it takes longer than most of them.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "undisturbed"
    folder.mkdir(exist_ok=True)
    work, said = folder / "work", folder / "said.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            shown = run(work)
            assert shown.returncode == 0, shown.stderr
            assert begun(shown) == [stage.name for stage in STAGES]
            said.write_text(shown.stdout)
    return work, said.read_text()
