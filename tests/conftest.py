"""Shared fixtures."""

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
    """A work folder after one undisturbed run, and what the run said. Tests leave it as it is."""
    work = tmp_path_factory.mktemp("undisturbed") / "work"
    shown = run(work)
    assert shown.returncode == 0, shown.stderr
    assert begun(shown) == [stage.name for stage in STAGES]
    return work, shown.stdout
