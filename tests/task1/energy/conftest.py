"""codecarbon as it is needed: there, or not."""

import sys

import pytest

from tests.task1.energy.fake_codecarbon import Fake


@pytest.fixture
def codecarbon(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setitem(sys.modules, "codecarbon", fake.module)
    return fake
