"""Data sets fetched from a server that misbehaves: what passes is lived through, what does not is named."""

import argparse
import io
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from task1.commands import corpus_download
from task1.corpus.archives import MARKER, UNDER_WAY
from task1.corpus.download import Settings, download
from task1.corpus.http import Patience
from task1.errors import InputError
from tests.task1.corpus.flaky_server import Answer, FlakyServer, Made, archives, make_dataset, name, recordings

Get = Callable[..., None]


@pytest.mark.parametrize("sizes", [True, False])
@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_a_data_set_arrives_complete_and_marked(jobs: int, sizes: bool, get: Get, corpora: Path) -> None:
    made = make_dataset(sizes=sizes)
    get(made, jobs=jobs)
    assert recordings(corpora) == made.files
    assert archives(corpora, made) == made.archives
    marker = json.loads((corpora / made.facts.root_dir / MARKER).read_text())
    assert {key: entry["md5"] for key, entry in marker["archives"].items()} == {
        archive.name: archive.md5 for archive in made.facts.record.archives}
    assert marker["when"].endswith("+00:00")
    assert not (corpora / made.facts.root_dir / UNDER_WAY).exists()


def test_a_second_run_asks_for_nothing(made: Made, server: FlakyServer, get: Get, corpora: Path,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    get(made)
    shutil.rmtree(corpora / "archives")
    get(made)
    assert len(server.requests) == 3
    assert "made: complete, nothing to do" in capsys.readouterr().err
    assert not (corpora / "archives" / made.facts.root_dir).exists()


def test_two_data_sets_at_once(made: Made, server: FlakyServer, get: Get, corpora: Path) -> None:
    other = make_dataset("other")
    server.files.update(other.archives)
    get(made, other, jobs=2)
    assert recordings(corpora) == made.files | other.files
    assert all((corpora / each.facts.root_dir / MARKER).exists() for each in (made, other))


def test_everything_that_passes_is_lived_through(made: Made, server: FlakyServer, get: Get, corpora: Path) -> None:
    server.plan(name(made, "doc"), [Answer(status=429, headers={"Retry-After": "3"}), Answer(announce=5)])
    server.plan(name(made, "audio.1"), [Answer(cut_after=9000), Answer(status=503), Answer(cut_after=9000),
                                        Answer(ranges=False, cut_after=30_000), Answer(shift=3)])
    server.plan(name(made, "audio.2"), [Answer(cut_after=0), Answer(flip=True, cut_after=20_000)])
    get(made, jobs=2)
    assert recordings(corpora) == made.files
    assert archives(corpora, made) == made.archives


def test_the_records_address_is_used_without_a_mirror(made: Made, server: FlakyServer, corpora: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with pytest.raises(InputError, match=r"https://record\.invalid/files/made-root\.doc\.zip: "):
        download(made.facts, corpora, Settings(jobs=1, patience=Patience(attempts=1)))


def test_a_wrong_byte_once_is_fetched_again(made: Made, server: FlakyServer, get: Get, corpora: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    server.plan(name(made, "audio.1"), [Answer(flip=True)])
    get(made)
    assert recordings(corpora) == made.files
    assert server.ranges(name(made, "audio.1")) == [None, None]
    assert "fetching it once more" in capsys.readouterr().err


def test_a_wrong_byte_always_is_refused_by_name_and_the_rest_arrives(made: Made, server: FlakyServer, get: Get,
                                                                     corpora: Path) -> None:
    bad = name(made, "audio.1")
    server.plan(bad, [Answer(flip=True)] * 2)
    with pytest.raises(InputError, match=r"made-root\.audio\.1\.zip: arrived corrupt twice .* expected [0-9a-f]{32}"):
        get(made)
    assert set(archives(corpora, made)) == {name(made, "doc"), f"{bad}.corrupt", name(made, "audio.2")}
    assert set(recordings(corpora)) == {file for file in made.files if not file.endswith(("/0.wav", "/1.wav"))}
    assert not (corpora / made.facts.root_dir / MARKER).exists()
    get(made)
    assert recordings(corpora) == made.files
    assert [len(server.ranges(name(made, part))) for part in ("doc", "audio.1", "audio.2")] == [1, 3, 1]


def test_what_is_not_there_is_refused_by_name_and_the_rest_arrives(made: Made, server: FlakyServer, get: Get,
                                                                   corpora: Path) -> None:
    del server.files[name(made, "doc")]
    with pytest.raises(InputError, match=r"made-root\.doc\.zip: the server answered 404"):
        get(made)
    assert len(server.requests) == 3
    assert len([file for file in recordings(corpora) if file.endswith(".wav")]) == 4


def test_a_server_that_is_down_is_not_asked_for_every_archive(made: Made, server: FlakyServer, get: Get) -> None:
    server.default = Answer(status=503)
    with pytest.raises(InputError, match="2 archives were not tried"):
        get(made)
    assert len(server.requests) == 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_more_connections_than_jobs(jobs: int, made: Made, server: FlakyServer, get: Get) -> None:
    server.default = Answer(pause=0.005)
    get(made, jobs=jobs)
    assert server.busiest <= jobs


def test_archives_are_fetched_at_the_same_time(made: Made, server: FlakyServer, get: Get) -> None:
    gate = threading.Barrier(3)
    server.default = Answer(gate=gate)  # no body is sent before all three are asked for
    get(made, jobs=3)
    assert not gate.broken
    assert len(server.requests) == 3


@pytest.mark.parametrize("jobs", [0, 5])
def test_impolite_numbers_of_jobs_are_refused(jobs: int, made: Made, get: Get) -> None:
    with pytest.raises(InputError, match=f"--jobs {jobs}: expected 1 to 4"):
        get(made, jobs=jobs)


def test_a_superseded_data_set_is_warned_of(server: FlakyServer, get: Get, capsys: pytest.CaptureFixture[str]) -> None:
    get(make_dataset(superseded_by="made_v2"))
    assert capsys.readouterr().err.startswith("warning: made is superseded by made_v2;")


def test_a_second_download_into_the_folder_waits(made: Made, server: FlakyServer, get: Get, corpora: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    server.default = Answer(pause=0.02)
    first = threading.Thread(target=get, args=(made,))
    first.start()
    while not server.requests:
        time.sleep(0.001)
    get(made)
    first.join()
    assert len(server.requests) == 3
    assert "another download is running there" in capsys.readouterr().err


def test_a_line_an_archive_and_no_bar_where_no_terminal_is(made: Made, get: Get,
                                                           capsys: pytest.CaptureFixture[str]) -> None:
    get(made)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"made: 3 archives to unpack, 3 of them to fetch, {sum(map(len, made.archives.values())) / 1000:.1f} kB",
        *(f"{file}: md5 as stated, 2 files unpacked" for file in made.archives)]


def test_the_command_passes_its_options_on(made: Made, monkeypatch: pytest.MonkeyPatch, corpora: Path) -> None:
    calls: list[object] = []
    monkeypatch.setattr("task1.corpus.download.download_all", lambda *arguments: calls.extend(arguments))
    top = argparse.ArgumentParser()
    corpus_download.register(top.add_subparsers())
    chosen = top.parse_args(["download", "tau2022mobile_dev", "tau2022mobile_dev", "--corpora", str(corpora),
                             "--jobs", "3", "--mirror", "https://mirror.invalid", "--remove-archives"])
    chosen.handler(chosen)
    datasets, folder, settings = calls
    assert [facts.name for facts in datasets] == ["tau2022mobile_dev"]
    assert (folder, settings) == (corpora, Settings("https://mirror.invalid", 3, False, settings.patience))
    assert top.parse_args(["download", "x"]).keep
    with pytest.raises(SystemExit):
        top.parse_args(["download", "x", "--jobs", "5"])


def test_a_bar_of_bytes_over_all_archives_on_a_terminal(made: Made, server: FlakyServer, get: Get,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    server.plan(name(made, "audio.1"), [Answer(flip=True), Answer(cut_after=9000)])  # the bar goes back, too
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    get(made, jobs=2)
    total = sum(map(len, made.archives.values()))
    assert f"{total / 1000:.1f}k/{total / 1000:.1f}k" in terminal.getvalue().splitlines()[-1].rpartition("\r")[2]
