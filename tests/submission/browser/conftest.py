"""One headless Chromium for all tests of the page, and a report to look at with it; without one they are skipped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submission.package import package
from submission.report import write_report
from task1.config import load_run
from tests.submission import report_run
from tests.submission.browser.chromium import NAMES, Browser, find

_MADE: dict[str, Path] = {}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find() is None:
        pytest.skip(f"no browser: found none of {', '.join(NAMES)} (on Debian: apt-get install chromium)")
    with Browser() as started:
        try:
            started.call("Browser.getVersion")
        except (AssertionError, OSError) as error:
            pytest.skip(f"the browser {find()} does not start: {error}")
        yield started


@pytest.fixture
def page_file(make_run: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """index.html of a made-up run that has everything: two systems, int8, recordings, histories, paper, leaderboard."""
    if "page" not in _MADE:
        models = load_run(make_run("unchanged")).model_dump(mode="json")["models"]
        folder = report_run.enrich(make_run(models={
            name: model | {"compression": {"weights": "int8"}} for name, model in models.items()}))
        report_run.quantize(folder)
        report_run.items(folder)
        package(folder)
        write_report(folder)
        kept = tmp_path_factory.mktemp("report") / "run"
        folder.rename(kept)
        _MADE["page"] = kept / "report" / "index.html"
    return _MADE["page"]
