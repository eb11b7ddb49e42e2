"""One file over HTTP(S), resumed where it stands.

In: an address, the size if a manifest states it. Out: `partial` holding every byte the source has. While it grows,
`<partial>.source` (address and ETag) lies beside it, so that a later run asks for the rest of the same file and nothing
else. Digests are the caller's business: a server that changes bytes silently is found there. Certificates are always
checked; proxies and an own certificate bundle come from the environment (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE).
"""

import configparser
import importlib.metadata
import json
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import urllib3

from task1.errors import InputError
from task1.files import write_json

CHUNK = 1 << 16
RETRIED = frozenset({429, 500, 502, 503, 504})
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", re.IGNORECASE)

Report = Callable[[int, int | None], None]
"""Told the bytes there are and, once known, the bytes there will be."""


class Interrupted(Exception):
    """Told to stop; what is there resumes."""


class Unreachable(InputError):
    """The source gave nothing more, however often it was asked."""


class _Again(Exception):
    """This attempt failed in a way that passes; `asked` is the wait in seconds that the server asks for."""

    def __init__(self, problem: str, asked: float = 0.0) -> None:
        super().__init__(problem)
        self.asked = asked


@dataclass(frozen=True)
class Patience:
    """How long a source is waited for, in seconds. Sleep, clock and chance can be replaced."""

    attempts: int = 8  # in a row without one byte of progress
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked: float = 600.0  # a Retry-After beyond it is not waited for in full
    connect_timeout: float = 20.0
    read_timeout: float = 60.0
    sleep: Callable[[threading.Event, float], object] = threading.Event.wait  # ends early when told to stop
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random

    def wait(self, failures: int, asked: float) -> float:
        """Doubles with each failure; the upper half is left to chance, so that many clients do not return at once."""
        backoff = min(self.longest_wait, self.first_wait * 2 ** (failures - 1)) * (1 + self.chance()) / 2
        return max(backoff, min(asked, self.longest_asked))

    def asked(self, retry_after: str | None) -> float:
        """Seconds of a Retry-After header, which holds seconds or an HTTP date."""
        text = (retry_after or "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self.now())
        except (ValueError, OverflowError):
            return 0.0


def fetch(url: str, partial: Path, size: int | None, patience: Patience, stop: threading.Event, report: Report) -> None:
    """Fetch `url` into `partial`, going on where it stands; `size` is None where nobody states it.

    Raises Interrupted once `stop` is set, Unreachable after `patience.attempts` failures in a row, InputError when
    asking again cannot help. Whatever is raised, `partial` is fit to be resumed.
    """
    transfer = _Transfer(url, partial, size, patience, stop, report)
    furthest, failures = _length(partial), 0
    with _session() as session:
        while True:
            try:
                transfer.attempt(session)
                transfer.source_note.unlink(missing_ok=True)
                return
            except _Again as error:
                problem, asked = str(error), error.asked
            have = _length(partial)
            failures = 1 if have > furthest else failures + 1
            furthest = max(furthest, have)
            if failures >= patience.attempts:
                raise Unreachable(f"{url}: {problem}; tried {failures} times without getting further; run the same "
                                  f"command later to go on after {have} bytes")
            patience.sleep(stop, patience.wait(failures, asked))
            if stop.is_set():
                raise Interrupted


@dataclass(frozen=True)
class _Transfer:
    url: str
    partial: Path
    size: int | None
    patience: Patience
    stop: threading.Event
    report: Report

    @property
    def source_note(self) -> Path:
        return self.partial.with_name(self.partial.name + ".source")

    def attempt(self, session: requests.Session) -> None:
        """One request, for what is missing. Returns when all is there."""
        have = _length(self.partial)
        if self.size is not None and have > self.size:  # left by another version of the file, or not by us
            have = self._discard()
        if have == self.size:
            return
        tag = self._tag() if have else None
        headers = {"Range": f"bytes={have}-"} if have else {}
        if tag:
            headers["If-Range"] = tag
        timeouts = (self.patience.connect_timeout, self.patience.read_timeout)
        try:
            with session.get(self.url, headers=headers, stream=True, timeout=timeouts) as response:
                self._receive(response, have, tag)
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise InputError(f"{self.url}: the server's certificate cannot be verified and nothing is fetched "
                                 "unverified; if your network has its own authority, name its file in "
                                 "REQUESTS_CA_BUNDLE") from None
            raise _Again(f"connection failed ({_root_cause(error)})") from None
        except requests.RequestException as error:
            raise InputError(f"{self.url}: cannot be fetched ({error}); check the address") from None

    def _receive(self, response: requests.Response, have: int, tag: str | None) -> None:
        answer = f"the server answered {response.status_code} {response.reason}"
        if response.status_code in RETRIED:
            raise _Again(answer, self.patience.asked(response.headers.get("Retry-After")))
        if response.status_code == 416 and have:
            if self.size is None and _content_range(response) == (None, have):
                return  # nothing is missing
            self._discard()
            raise _Again(f"the server has no byte {have}")
        if response.status_code not in (200, 206):
            raise InputError(f"{self.url}: {answer}, expected the file; check on the record's page that it is there, "
                             "or name another source with --mirror")
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            raise InputError(f"{self.url}: the server sends the file re-encoded ({encoding}), expected its bytes; name "
                             "another source with --mirror")
        start, announced = self._extent(response, have, tag)
        if self.size is not None and announced not in (None, self.size):
            raise _Again(f"the server announces {announced} bytes, the manifest states {self.size}")
        self._write(response, start, self.size if self.size is not None else announced)

    def _extent(self, response: requests.Response, have: int, tag: str | None) -> tuple[int, int | None]:
        """Where the body starts, and the size of the whole file if told."""
        if response.status_code == 200:
            length = response.headers.get("Content-Length", "")
            return 0, int(length) if length.isascii() and length.isdigit() else None
        start, total = _content_range(response)
        other_file = tag and response.headers.get("ETag", tag) != tag
        if start != have or other_file:
            self._discard()
            raise _Again(f"asked from byte {have}, the server sent {response.headers.get('Content-Range', 'no range')}"
                         f"{' of another file' if other_file else ''}")
        return have, total

    def _write(self, response: requests.Response, start: int, expected: int | None) -> None:
        position = start
        with self.partial.open("ab" if start else "wb") as sink:
            if not start:
                self._note(response.headers.get("ETag"))
            self.report(position, expected)
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                if self.stop.is_set():
                    raise Interrupted
                sink.write(chunk)
                position += len(chunk)
                self.report(position, expected)
                if expected is not None and position > expected:
                    break
        if expected is not None and position > expected:
            self._discard()
            raise _Again(f"the server sent more than the expected {expected} bytes")
        if expected is not None and position < expected:
            raise _Again(f"the connection ended after {position} of {expected} bytes")

    def _discard(self) -> int:
        self.partial.unlink(missing_ok=True)
        self.source_note.unlink(missing_ok=True)
        return 0

    def _note(self, etag: str | None) -> None:
        """Keep a strong ETag; a weak one (W/) names no bytes and may not stand in If-Range."""
        if etag and etag.startswith('"'):
            write_json(self.source_note, {"url": self.url, "etag": etag})
        else:
            self.source_note.unlink(missing_ok=True)

    def _tag(self) -> str | None:
        """The ETag of what is there, if it came from this address: another server has other tags for the same bytes."""
        try:
            note = json.loads(self.source_note.read_text(encoding="utf-8"))
            return str(note["etag"]) if note["url"] == self.url else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def version() -> str:
    """Version of this project: installed, or run from a checkout."""
    try:
        return importlib.metadata.version("task1")
    except importlib.metadata.PackageNotFoundError:
        setup = configparser.ConfigParser()
        setup.read(Path(__file__).resolve().parents[2] / "setup.cfg", encoding="utf-8")
        return setup.get("metadata", "version", fallback="unknown")


def _session() -> requests.Session:
    session = requests.Session()
    session.headers.update({"User-Agent": f"task1/{version()}", "Accept-Encoding": "identity"})
    return session


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and total of a Content-Range header; None where it does not say."""
    match = CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if not match:
        return None, None
    start, total = match.groups()
    return int(start) if start else None, int(total) if total != "*" else None


def _root_cause(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
