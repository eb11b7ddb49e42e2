"""A tiny data set, a server that has it, and a download from there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from task1.corpus.download import Settings, download_all
from task1.corpus.http import Patience
from tests.task1.corpus.flaky_server import FlakyServer, Made, make_dataset

ATTEMPTS = 4
Get = Callable[..., None]


@pytest.fixture
def made() -> Made:
    return make_dataset()


@pytest.fixture
def server(made: Made, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlakyServer]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with FlakyServer(dict(made.archives)) as running:
        yield running


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    return tmp_path / "corpora"


@pytest.fixture
def get(server: FlakyServer, corpora: Path) -> Get:
    """`get(*data sets, mirror=..., jobs=..., keep=...)` downloads them, from the server if no mirror is given."""

    def run(*wanted: Made, mirror: str | None = None, jobs: int = 1, keep: bool = True) -> None:
        patience = Patience(attempts=ATTEMPTS, read_timeout=5.0, sleep=lambda *_: None)
        settings = Settings(mirror=mirror or server.url, jobs=jobs, keep_archives=keep, patience=patience)
        download_all([each.facts for each in wanted], corpora, settings)

    return run
