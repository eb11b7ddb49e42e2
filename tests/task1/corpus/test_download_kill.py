"""A download killed in the middle, by Ctrl-C or for good, goes on at the byte where it stood."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from task1.corpus.archives import MARKER
from task1.corpus.download import Settings, download
from tests.signals import hear_signals
from tests.task1.corpus.flaky_server import Answer, FlakyServer, Made, make_dataset

PROGRAM = """\
import sys
from pathlib import Path
from task1.config.facts import Dataset
from task1.corpus.download import Settings, download
download(Dataset.model_validate_json(sys.argv[1]), Path(sys.argv[2]), Settings(mirror=sys.argv[3], jobs=1))
"""


@pytest.fixture
def made() -> Made:
    return make_dataset(clip_bytes=400_000)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_killed_and_resumed(how: signal.Signals, made: Made, server: FlakyServer, tmp_path: Path) -> None:
    name = f"{made.facts.root_dir}.audio.1.zip"
    partial = tmp_path / "archives" / made.facts.root_dir / f"{name}.partial"
    server.plan(name, [Answer(pause=0.25)])  # far longer in all than a busy machine needs to notice its beginning
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, made.facts.model_dump_json(), str(tmp_path), server.url],
                               stderr=subprocess.PIPE, env=environment, cwd=Path(__file__).resolve().parents[3],
                               preexec_fn=hear_signals)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if partial.exists() and partial.stat().st_size > 0:
            break
        time.sleep(0.005)
    process.send_signal(how)
    sent = time.monotonic()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == -how, errors.decode()
    assert time.monotonic() - sent < 10
    stood = partial.stat().st_size
    assert 0 < stood < len(made.archives[name])
    assert partial.read_bytes() == made.archives[name][:stood]
    assert not (tmp_path / made.facts.root_dir / MARKER).exists()

    download(made.facts, tmp_path, Settings(mirror=server.url, jobs=1))
    assert server.ranges(name) == [None, f"bytes={stood}-"]
    assert server.ranges(f"{made.facts.root_dir}.doc.zip") == [None]
    assert {file: (tmp_path / file).read_bytes() for file in made.files} == made.files
    assert (tmp_path / made.facts.root_dir / MARKER).exists()
    assert not partial.exists()
