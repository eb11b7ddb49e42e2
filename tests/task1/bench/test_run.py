"""The verb: what it writes and prints, of sections that take no time."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from task1.bench import machine, run
from task1.bench.rows import Row, Size
from task1.cli import main
from task1.commands.bench import SECTIONS

POINTS = ((1000.0, 0.001), (10000.0, 0.01))


@pytest.fixture
def sections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Size]]:
    """Replaces all sections by ones of a row each; lists what was measured."""
    measured: list[tuple[str, Size]] = []

    def module(name: str) -> SimpleNamespace:
        def measure(size: Size) -> Iterator[Row]:
            section = name.removeprefix("task1.bench.")
            measured.append((section, size))
            if section == "growth":
                yield Row(section, "index, 1,000 to 10,000", 1.0, "exponent", target=1.1, points=POINTS)
            else:
                yield Row(section, "a thing", 2.0, "s", 3.0, "plain", 6.0)
        return SimpleNamespace(measure=measure)

    monkeypatch.setattr(run, "import_module", module)
    return measured


def test_all_sections_in_full(sections: list[tuple[str, Size]], tmp_path: Path,
                              capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--out", str(tmp_path)]) == 0
    assert sections == [(name, Size.FULL) for name in SECTIONS]
    document = json.loads((tmp_path / "bench.json").read_text())
    assert [row["section"] for row in document["rows"]] == list(SECTIONS)
    assert document["rows"][0]["ratio"] == 1.5
    assert document["rows"][0]["met"] is False
    assert (document["size"], set(document["machine"])) == ("full", set(machine.describe()))
    shown = capsys.readouterr().out
    assert f"processor: {document['machine']['processor']}" in shown
    assert "1.50x" in shown
    assert {path.name for path in tmp_path.iterdir()} == {"bench.json", "bench.md", "growth.svg", "growth.png"}


def test_quick_judges_nothing_and_markdown_tells_no_date(sections: list[tuple[str, Size]], tmp_path: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "startup", "--quick", "--out", str(tmp_path), "--format", "md"]) == 0
    assert sections == [("startup", Size.QUICK)]
    shown = capsys.readouterr().out
    assert shown == (tmp_path / "bench.md").read_text()
    assert "too little is measured to judge by" in shown
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["when"][:10] not in shown
    assert document["rows"][0]["target"] is None
    assert not (tmp_path / "growth.svg").exists()


def test_order_is_that_of_the_sections(sections: list[tuple[str, Size]], tmp_path: Path,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "growth", "extraction", "growth", "--out", str(tmp_path), "--format", "json"]) == 0
    assert [name for name, _ in sections] == ["extraction", "growth"]
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "bench.json").read_text())


def test_what_is_finished_stays(sections: list[tuple[str, Size]], tmp_path: Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    real = run.import_module

    def module(name: str) -> object:
        if name.endswith("scoring"):
            raise KeyboardInterrupt
        return real(name)

    monkeypatch.setattr(run, "import_module", module)
    assert main(["bench", "startup", "scoring", "--out", str(tmp_path)]) == 130
    assert [row["section"] for row in json.loads((tmp_path / "bench.json").read_text())["rows"]] == ["startup"]


def test_a_section_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "speed", "--out", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.err == f"task1: speed: no such section; there are: {', '.join(SECTIONS)}\n"
    assert (told.out, list(tmp_path.iterdir())) == ("", [])


def test_every_section_is_a_module() -> None:
    for name in SECTIONS:
        assert (Path(run.__file__).parent / f"{name}.py").is_file()


def test_machine_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    told = machine.describe()
    assert told["memory"].endswith(" GB")
    assert "cores" in told["processor"]
    assert "torch 2" in told["versions"]
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (0.04, 0, 0))
    assert machine.describe()["load"] == "0.0 processes in the minute before"
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (1.96, 0, 0))
    assert machine.describe()["load"] == ("2.0 processes in the minute before; something else was running, so measure "
                                          "again when the machine is quiet")
