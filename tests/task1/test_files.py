"""Files are whole or absent; digests depend on content alone."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.files import atomic_path, digest, file_digest, write_json, write_text

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


def test_a_failing_writer_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "scores.json"
    write_text(target, "old")
    with pytest.raises(ZeroDivisionError):
        _write_half(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["scores.json"]


def test_folders_are_made_and_text_has_lf_ends(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "list.csv"
    write_text(target, "x\ny\n")
    assert target.read_bytes() == b"x\ny\n"


def test_written_files_are_as_readable_as_any_other(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    write_text(tmp_path / "ours", "x")
    assert (tmp_path / "ours").stat().st_mode == plain.stat().st_mode


def _write_half(target: Path) -> None:
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        _ = 1 / 0


@given(JSON)
def test_digest_survives_a_round_trip_through_json(content: object) -> None:
    assert digest(content) == digest(json.loads(json.dumps(content)))


def test_digest_ignores_key_order_but_not_values() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 3})


def test_file_digest_is_the_plain_hash(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"b": 1, "a": "é"})
    content = (tmp_path / "x.json").read_bytes()
    assert file_digest(tmp_path / "x.json") == hashlib.sha256(content).hexdigest()
    assert content.index(b'"a"') < content.index(b'"b"')


def test_a_failed_write_names_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    target = tmp_path / "table.csv"
    with pytest.raises(OSError, match="No space left") as caught, atomic_path(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as a write to an open file tells it: without a name
    assert caught.value.filename == str(target)
    assert not list(tmp_path.iterdir())
