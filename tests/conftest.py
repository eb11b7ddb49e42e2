"""Shared fixtures."""

from pathlib import Path

import pytest

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with the real TAU lists and clips; their licence keeps them out of the project."""
    if not REFERENCE.is_dir():
        pytest.skip("the real TAU lists and clips (shared/reference) are not beside this checkout")
    return REFERENCE
