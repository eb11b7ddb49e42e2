"""The verb: exit status, formats, messages."""

import csv
import io
import json

import pytest

from submission.cli import main
from tests.submission.audit.conftest import Packed


def test_exit_status_and_the_rows_that_differ(packed: Packed, capsys: pytest.CaptureFixture[str]) -> None:
    run = ["--run", str(packed.run)]
    assert main(["audit", *run, "--strict"]) == 0
    assert "0 differ" in capsys.readouterr().out.splitlines()[-1]
    text = packed.members[packed.meta(2)].decode()
    changed = str(packed.changed(packed.meta(2), text.replace("total_parameters: 60", "total_parameters: 61").encode()))
    assert main(["audit", changed, *run]) == 0
    assert main(["audit", changed, *run, "--strict"]) == 1
    said = capsys.readouterr().out
    assert "Differences" in said
    assert any(line.split() == ["Wang_SCUT_task1_2", "total_parameters", "61", "60", "-1", "differs"]
               for line in said.splitlines())
    assert "EMBEDDED" in said


def test_formats_hold_the_same_rows(packed: Packed, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for form in ("text", "md", "csv", "json"):
        assert main(["audit", "--run", str(packed.run), "--edition", "2023", "--format", form]) == 0
        said[form] = capsys.readouterr().out
    content = json.loads(said["json"])
    table = list(csv.DictReader(io.StringIO(said["csv"])))
    assert content["rows"] == table
    assert list(table[0]) == ["system", "key", "claimed", "recomputed", "difference", "verdict", "why"]
    assert (content["edition"], content["edition_guessed"], content["embedded"]) == ("2023", False, True)
    systems = {line["system"] for line in table}
    assert said["md"].count("\n| ") == len(table) + 2 * len(systems)
    assert said["text"].splitlines()[-1] == content["summary"]


def test_bad_usage(packed: Packed, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, told in (
        (["audit"], "expected PACKAGE.zip"), (["audit", "nothing.zip"], "no such file"),
        (["audit", str(packed.zip), "--published"], "both a package and --published"),
        (["audit", str(packed.zip), "--edition", "1999"], "no such edition"),
        (["audit", str(packed.zip), "--record", str(packed.zip)], "cannot be read as JSON"),
        (["audit", str(packed.zip), "--truth", "nothing.csv"], "no such file"),
        (["audit", str(packed.zip), "--record", "nothing.json"], "no such file"),
    ):
        assert main(arguments) == 2
        assert told in capsys.readouterr().err


def test_a_file_that_is_no_package(packed: Packed, capsys: pytest.CaptureFixture[str]) -> None:
    other = packed.run / "other.zip"
    other.write_bytes(b"no zip")
    assert main(["audit", str(other), "--strict"]) == 1
    assert "not a readable zip" in capsys.readouterr().out
