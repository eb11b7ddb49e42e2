"""Schema of meta/bench.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from task1.config import bench as wishes
from task1.errors import InputError


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`write(section, key, value)`: the file with one value changed, in place of the real one."""
    content = yaml.safe_load(wishes.PATH.read_text())
    wishes.bench.cache_clear()

    def make(section: str, key: str, value: object) -> Path:
        content[section][key] = value
        path = tmp_path / "bench.yaml"
        path.write_text(yaml.safe_dump(content))
        monkeypatch.setattr(wishes, "PATH", path)
        return path

    yield make
    wishes.bench.cache_clear()


@pytest.mark.parametrize(("section", "key", "value", "told"), [
    ("extraction", "entries", ["wang2032"], "extraction.entries: found 'wang2032', expected one of"),
    ("scoring", "audit", {"entry": "nobody", "seconds": 10}, "scoring.audit.entry: found 'nobody'"),
    ("extraction", "dataset", "tau", "tau"),
    ("growth", "rows", [1000, 100], "rows that rise"),
    ("startup", "demo", {"seconds": 0}, "startup.demo.seconds"),
    ("scoring", "minutes", 2, "unknown key scoring.minutes"),
])
def test_wrong_values_are_refused(write: Any, section: str, key: str, value: object, told: str) -> None:
    write(section, key, value)
    with pytest.raises(InputError, match=told.replace(".", r"\.")):
        wishes.bench()
