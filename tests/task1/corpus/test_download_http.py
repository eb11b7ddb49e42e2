"""One fetch against a server that cuts, lies, stalls and refuses."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable
from email.utils import formatdate
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from task1.corpus.http import CHUNK, Interrupted, Patience, Unreachable, fetch, version
from task1.errors import InputError
from tests.task1.corpus.flaky_server import ETAG, Answer, FlakyServer, noise

NAME = "a.zip"
CONTENT = noise(1, 150_000)
NOW = 1_700_000_000.0
Fetch = Callable[..., Path]


@pytest.fixture
def server(server: FlakyServer) -> FlakyServer:
    server.files[NAME] = CONTENT
    return server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def positions() -> list[int]:
    return []


@pytest.fixture
def get(server: FlakyServer, tmp_path: Path, waits: list[float], positions: list[int]) -> Fetch:
    """`get(size=..., url=..., stop_after=...)` fetches and returns the partial file."""

    def run(size: int | None = len(CONTENT), url: str | None = None, stop_after: int | None = None,
            read_timeout: float = 5.0) -> Path:
        partial, stop = tmp_path / "a.zip.partial", threading.Event()
        patience = Patience(attempts=4, read_timeout=read_timeout, now=lambda: NOW, chance=lambda: 1.0,
                            sleep=lambda _, seconds: waits.append(seconds))

        def report(have: int, expected: int | None) -> None:
            positions.append(have)
            if stop_after is not None and have >= stop_after:
                stop.set()

        fetch(url or server.url + NAME, partial, size, patience, stop, report)
        return partial

    return run


def test_a_whole_file_comes_in_one_request_with_our_name(server: FlakyServer, get: Fetch) -> None:
    assert get().read_bytes() == CONTENT
    assert server.requests[0].headers["User-Agent"] == f"task1/{version()}"
    assert len(server.requests) == 1
    assert version()[0].isdigit()


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_cut_connections_go_on_at_the_byte(size: int | None, server: FlakyServer, get: Fetch,
                                           waits: list[float]) -> None:
    server.plan(NAME, [Answer(cut_after=40_000), Answer(cut_after=50_000)])
    assert get(size).read_bytes() == CONTENT
    assert server.ranges(NAME) == [None, "bytes=40000-", "bytes=90000-"]
    assert waits == [1.0, 1.0]  # each attempt got further, so patience starts anew


def test_an_end_without_notice_is_known_by_the_manifests_size(server: FlakyServer, get: Fetch) -> None:
    server.plan(NAME, [Answer(no_length=True, cut_after=40_000)])
    assert get().read_bytes() == CONTENT
    assert server.ranges(NAME) == [None, "bytes=40000-"]


def test_a_whole_file_leaves_no_note_and_is_not_asked_for_again(server: FlakyServer, get: Fetch) -> None:
    partial = get()
    assert [path.name for path in partial.parent.iterdir()] == [partial.name]
    get()
    assert len(server.requests) == 1


def test_without_a_size_a_whole_file_is_known_by_the_servers_416(server: FlakyServer, get: Fetch) -> None:
    get(None)
    assert get(None).read_bytes() == CONTENT
    assert [request.status for request in server.requests] == [200, 416]


def test_a_later_run_goes_on_and_names_the_version(server: FlakyServer, get: Fetch) -> None:
    with pytest.raises(Interrupted):
        get(stop_after=60_000)
    assert get().read_bytes() == CONTENT
    second = server.requests[1]
    assert second.status == 206
    assert second.headers["If-Range"] == ETAG


def test_another_version_on_the_server_starts_over(server: FlakyServer, get: Fetch) -> None:
    with pytest.raises(Interrupted):
        get(stop_after=60_000)
    server.files[NAME] = noise(2, len(CONTENT))
    server.default = Answer(etag='"version-2"')
    assert get().read_bytes() == server.files[NAME]
    assert [request.status for request in server.requests] == [200, 200]


def test_a_range_of_another_version_starts_over(server: FlakyServer, get: Fetch) -> None:
    with pytest.raises(Interrupted):
        get(stop_after=60_000)
    server.files[NAME] = noise(2, len(CONTENT))
    server.default = Answer(etag='"version-2"', if_range=False)  # answers with the rest of the new file all the same
    assert get().read_bytes() == server.files[NAME]
    assert [request.status for request in server.requests] == [200, 206, 200]


def test_a_weak_tag_is_not_used(server: FlakyServer, get: Fetch) -> None:
    server.plan(NAME, [Answer(cut_after=40_000, etag='W/"1"')])
    assert get().read_bytes() == CONTENT
    assert "If-Range" not in server.requests[1].headers


def test_the_tag_of_another_address_is_not_used(server: FlakyServer, get: Fetch) -> None:
    with pytest.raises(Interrupted):
        get(stop_after=60_000)
    server.default = Answer(etag='"other"')
    assert get(url=server.url.replace("files", "mirror") + NAME).read_bytes() == CONTENT
    assert server.requests[1].status == 206


def test_a_server_without_ranges_starts_over_cleanly(server: FlakyServer, get: Fetch) -> None:
    server.plan(NAME, [Answer(cut_after=40_000), Answer(ranges=False)])
    assert get().read_bytes() == CONTENT
    assert [request.status for request in server.requests] == [200, 200]


@pytest.mark.parametrize("shift", [-1000, 1, 5000])
def test_a_wrong_content_range_is_noticed(shift: int, server: FlakyServer, get: Fetch) -> None:
    server.plan(NAME, [Answer(cut_after=40_000), Answer(shift=shift)])
    assert get(None).read_bytes() == CONTENT
    assert server.ranges(NAME) == [None, "bytes=40000-", None]


def test_a_partial_larger_than_the_file_is_fetched_anew(server: FlakyServer, get: Fetch, tmp_path: Path) -> None:
    (tmp_path / "a.zip.partial").write_bytes(CONTENT + b"more")
    assert get().read_bytes() == CONTENT
    assert server.ranges(NAME) == [None]


def test_a_partial_larger_than_the_file_of_unknown_size_is_fetched_anew(server: FlakyServer, get: Fetch,
                                                                       tmp_path: Path) -> None:
    (tmp_path / "a.zip.partial").write_bytes(CONTENT + b"more")
    assert get(None).read_bytes() == CONTENT
    assert [request.status for request in server.requests] == [416, 200]


@pytest.mark.parametrize("difference", [-7, 7])
def test_a_length_other_than_the_manifests_is_refused(difference: int, server: FlakyServer, get: Fetch) -> None:
    server.default = Answer(announce=difference)
    with pytest.raises(Unreachable, match=rf"announces {len(CONTENT) + difference} bytes, the manifest states 150000"):
        get()


def test_a_lying_length_keeps_what_was_there(server: FlakyServer, get: Fetch) -> None:
    server.plan(NAME, [Answer(cut_after=40_000), Answer(announce=-7), Answer(ranges=False, announce=7)])
    assert get().read_bytes() == CONTENT
    assert server.ranges(NAME)[-1] == "bytes=40000-"


def test_a_length_promised_and_not_kept_is_noticed_without_a_manifests_size(server: FlakyServer, get: Fetch) -> None:
    server.default = Answer(announce=7, ranges=False)
    with pytest.raises(Unreachable, match="tried 4 times"):
        get(None)


def test_more_bytes_than_stated_are_cut_off_and_not_kept(server: FlakyServer, get: Fetch, tmp_path: Path,
                                                         positions: list[int]) -> None:
    server.default = Answer(no_length=True, extra=b"x" * 400_000)
    with pytest.raises(Unreachable, match="more than the expected 150000 bytes"):
        get()
    assert len(CONTENT) < max(positions) <= len(CONTENT) + CHUNK
    assert not (tmp_path / "a.zip.partial").exists()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_troubles_are_waited_for_twice_as_long_each_time(status: int, server: FlakyServer, get: Fetch,
                                                                 waits: list[float]) -> None:
    server.plan(NAME, [Answer(status=status)] * 3)
    assert get().read_bytes() == CONTENT
    assert waits == [1.0, 2.0, 4.0]


def test_patience_ends(server: FlakyServer, get: Fetch, waits: list[float]) -> None:
    server.default = Answer(status=503)
    with pytest.raises(Unreachable, match=r"a\.zip: the server answered 503 .*tried 4 times"):
        get()
    assert (len(server.requests), len(waits)) == (4, 3)


@pytest.mark.parametrize(("header", "expected"), [
    ("17", 17.0), (formatdate(NOW + 17, usegmt=True), 17.0), (formatdate(NOW - 17, usegmt=True), 1.0),
    ("86400", 600.0), (formatdate(NOW + 86400, usegmt=True), 600.0), ("0", 1.0), ("soon", 1.0), ("-3", 1.0), ("", 1.0)])
def test_retry_after_is_honoured_and_capped(header: str, expected: float, server: FlakyServer, get: Fetch,
                                            waits: list[float]) -> None:
    server.plan(NAME, [Answer(status=429, headers={"Retry-After": header})])
    get()
    assert waits == [expected]


def test_backoff_is_spread_by_chance_and_bounded() -> None:
    low, high = Patience(chance=lambda: 0.0), Patience(chance=lambda: 1.0)
    assert (low.wait(3, 0), high.wait(3, 0)) == (2.0, 4.0)
    assert high.wait(40, 0) == high.longest_wait


@pytest.mark.parametrize("status", [401, 403, 404, 410, 501])
def test_refusals_are_not_asked_again(status: int, server: FlakyServer, get: Fetch, waits: list[float]) -> None:
    server.default = Answer(status=status)
    with pytest.raises(InputError, match=rf"a\.zip: the server answered {status}") as caught:
        get()
    assert not isinstance(caught.value, Unreachable)
    assert (len(server.requests), waits) == (1, [])


def test_a_reencoded_body_is_refused(server: FlakyServer, get: Fetch) -> None:
    server.default = Answer(headers={"Content-Encoding": "gzip"})
    with pytest.raises(InputError, match="re-encoded"):
        get()
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_stalled_server_times_out_and_goes_on(server: FlakyServer, get: Fetch) -> None:
    server.plan(NAME, [Answer(cut_after=40_000), Answer(pause=0.5)])
    assert get(read_timeout=0.1).read_bytes() == CONTENT
    assert server.ranges(NAME) == [None, "bytes=40000-", "bytes=40000-"]


def test_nobody_there(get: Fetch) -> None:
    with pytest.raises(Unreachable, match="refused"):
        get(url="http://127.0.0.1:1/a.zip")


def test_an_address_that_is_none(get: Fetch) -> None:
    with pytest.raises(InputError, match="check the address"):
        get(url="http://")


def test_waiting_ends_when_told_to_stop(server: FlakyServer, tmp_path: Path) -> None:
    server.default, stop = Answer(status=503), threading.Event()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Interrupted):
        fetch(server.url + NAME, tmp_path / "p", None, Patience(first_wait=60.0), stop, lambda *_: None)


def test_the_environments_proxy_is_used(server: FlakyServer, get: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/files/"))
    assert get(url="http://record.invalid/a.zip").read_bytes() == CONTENT
    assert server.requests[0].path == "http://record.invalid/a.zip"


@pytest.mark.skipif(not shutil.which("openssl"), reason="the command openssl makes the certificate")
def test_an_unknown_certificate_is_refused_at_once(get: Fetch, tmp_path: Path, waits: list[float]) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate, "-days", "2"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        with pytest.raises(InputError, match="certificate cannot be verified") as caught:
            get(url=f"https://127.0.0.1:{server.server_port}/a.zip")
        server.shutdown()
    assert not isinstance(caught.value, Unreachable)
    assert waits == []
