"""What the tests of faults share: work folders of their own, small disks, and the mark of those that take long."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline import copy_of

Disk = Callable[[int], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here is slow; what is marked `long` runs by tests/faults/run.sh --long alone."""
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("long") and not os.environ.get("TASK1_LONG_FAULTS"):
            item.add_marker(pytest.mark.skip(reason="takes many minutes: tests/faults/run.sh --long"))


@pytest.fixture
def work(finished: tuple[Path, str], tmp_path: Path) -> Path:
    """A finished work folder to break."""
    return copy_of(finished[0], tmp_path / "work")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mounts a disk in memory of so many bytes; skips where this user may not."""
    mounted: list[Path] = []

    def mount(size: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        shown = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)],
                               capture_output=True, text=True, check=False)
        if shown.returncode:
            pytest.skip(f"no small disk can be mounted here: {shown.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
