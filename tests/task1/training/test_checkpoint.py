"""Checkpoints on a disk that is full."""

import errno
from pathlib import Path

import pytest
import torch

from task1.training.checkpoint import Checkpoint, save_tensors

FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@needs_full_device
def test_a_full_disk_is_the_systems_error_and_no_fault_of_ours() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        save_tensors({"weight": torch.zeros(100_000)}, FULL)
    assert caught.value.errno == errno.ENOSPC


def test_what_is_saved_comes_back_with_its_facts(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "checkpoint", "this recipe")
    weight = torch.arange(12.0).reshape(3, 4).T  # not contiguous
    checkpoint.save({"weight": weight}, {"epoch": 3})
    assert Checkpoint(checkpoint.folder, "another recipe").load() is None
    loaded = checkpoint.load()
    assert loaded is not None
    tensors, facts = loaded
    assert torch.equal(tensors["weight"], weight)
    assert facts["epoch"] == 3
