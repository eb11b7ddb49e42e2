"""A local server that misbehaves by script, and tiny data sets to serve."""

import hashlib
import io
import threading
import time
import zipfile
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from task1.config.facts import Archive, AudioFormat, Counts, Dataset, Record
from task1.corpus.archives import MARKER, UNDER_WAY

ETAG = '"version-1"'
PIECE = 4096


@dataclass(frozen=True)
class Answer:
    """How one request is answered; as it stands, well."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # bytes of the body, then the connection is cut
    ranges: bool = True
    if_range: bool = True
    announce: int = 0  # added to the true Content-Length
    no_length: bool = False
    extra: bytes = b""  # sent after the file
    flip: bool = False  # the first byte of the body is wrong
    shift: int = 0  # added to where the range really starts
    etag: str | None = ETAG
    pause: float = 0.0  # seconds before every piece
    gate: threading.Barrier | None = None  # the body waits there for others


@dataclass(frozen=True)
class Request:
    name: str
    path: str
    headers: dict[str, str]
    status: int


class FlakyServer:
    """Serves `files` on 127.0.0.1. `script[name]` holds the answers to the next requests; later ones get `default`."""

    def __init__(self, files: dict[str, bytes], default: Answer | None = None) -> None:
        self.files, self.default = files, default or Answer()
        self.script: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self.requests: list[Request] = []
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads, self._server.block_on_close = True, False
        self.url = f"http://127.0.0.1:{self._server.server_port}/files/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def plan(self, name: str, answers: Iterable[Answer]) -> None:
        self.script[name].extend(answers)

    def ranges(self, name: str) -> list[str | None]:
        """The Range headers of the requests for a file."""
        return [request.headers.get("Range") for request in self.requests if request.name == name]

    def __enter__(self) -> "FlakyServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: FlakyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            with server.lock:
                self.counted = True
                server.busy += 1
                server.busiest = max(server.busiest, server.busy)
                answer = server.script[name].popleft() if server.script[name] else server.default
            try:
                self.answer(name, answer)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client has left
            finally:
                self.leave()

        def leave(self) -> None:
            with server.lock:
                server.busy -= self.counted
                self.counted = False

        def answer(self, name: str, answer: Answer) -> None:
            content = server.files.get(name)
            status = answer.status or (404 if content is None else 200)
            asked = self.headers.get("Range")
            start = 0
            if status == 200 and content is not None and asked and answer.ranges:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                status = 206 if start < len(content) else 416
                if answer.if_range and self.headers.get("If-Range", answer.etag) != answer.etag:
                    start, status = 0, 200
            with server.lock:
                server.requests.append(Request(name, self.path, dict(self.headers), status))
            self.send_response(status)
            for key, value in answer.headers.items():
                self.send_header(key, value)
            if status == 416:
                self.send_header("Content-Range", f"bytes */{len(content or b'')}")
            if status not in (200, 206) or content is None:
                self.end_headers()
                return
            body = content[start:]
            if answer.flip:
                body = bytes([body[0] ^ 1]) + body[1:]
            if answer.etag:
                self.send_header("ETag", answer.etag)
            if status == 206:
                first = start + answer.shift
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content) + answer.announce}")
            if not answer.no_length:
                self.send_header("Content-Length", str(len(body) + answer.announce))
            self.end_headers()
            if answer.gate:
                answer.gate.wait(20)
            self.send_body((body + answer.extra)[:answer.cut_after], answer.pause)

        def send_body(self, body: bytes, pause: float) -> None:
            for start in range(0, len(body), PIECE):
                time.sleep(pause)
                if start + PIECE >= len(body):
                    self.leave()  # before the client can know that it has all, and ask for more
                self.wfile.write(body[start:start + PIECE])

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent."""

    return Handler


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive with these members, compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress."""
    return np.random.default_rng(seed).bytes(size)


@dataclass(frozen=True)
class Made:
    """A data set of a text and two audio archives, and what it must be on disk once downloaded."""

    facts: Dataset
    archives: dict[str, bytes]
    files: dict[str, bytes]


def make_dataset(name: str = "made", sizes: bool = True, clip_bytes: int = 20_000,
                 superseded_by: str | None = None) -> Made:
    root = f"{name}-root"
    parts = {
        "doc": {f"{root}/README.md": b"made for tests\n", f"{root}/evaluation_setup/fold1_test.csv": b"filename\n"},
        "audio.1": {f"{root}/audio/{clip}.wav": noise(clip, clip_bytes) for clip in (0, 1)},
        "audio.2": {f"{root}/audio/{clip}.wav": noise(clip, clip_bytes) for clip in (2, 3)},
    }
    archives = {f"{root}.{part}.zip": zipped(members) for part, members in parts.items()}
    record = Record(id=1, files_url="https://record.invalid/files/", archives=tuple(
        Archive(name=file, type="audio" if ".audio." in file else "documentation",
                bytes=len(content) if sizes else None, md5=hashlib.md5(content).hexdigest())
        for file, content in archives.items()))
    facts = Dataset(name=name, title=name, part="development", origin="recorded", root_dir=root, grammar="2022",
                    audio=AudioFormat(sample_rate=44100, bits=24, channels=1, clip_seconds=1), counts=Counts(files=4),
                    labels_public=False, record=record, superseded_by=superseded_by)
    return Made(facts, archives, {file: content for members in parts.values() for file, content in members.items()})


def recordings(corpora: Path) -> dict[str, bytes]:
    """All files below `corpora` but archives and records."""
    return {path.relative_to(corpora).as_posix(): path.read_bytes() for path in corpora.rglob("*")
            if path.is_file() and path.name not in (MARKER, UNDER_WAY) and path.parts[len(corpora.parts)] != "archives"}


def archives(corpora: Path, made: Made) -> dict[str, bytes]:
    folder = corpora / "archives" / made.facts.root_dir
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def name(made: Made, part: str) -> str:
    return f"{made.facts.root_dir}.{part}.zip"
