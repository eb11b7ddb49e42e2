"""Zips made to harm, and anything at all as a zip, a table or a meta file: told in findings, quickly, no traceback."""

import io
import struct
import time
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submission.validate import Report, render, validate_files, validate_package
from submission.validate.guess import Evidence, guess_edition
from submission.validate.meta import read_tree
from submission.validate.system import check_meta
from submission.validate.tables import check_table
from task1.config import edition, names, taxonomy

CLIPS = ["0.wav", "1.wav", "2.wav"]
RULES = edition("2023")
LABEL = "Doe_INST_task1_1"
META = f"task1/{LABEL}/{LABEL}.meta.yaml"
OUTPUT = f"task1/{LABEL}/{LABEL}.output.csv"
ANY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def validated(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    return said(validate_package(path, RULES, CLIPS))


def said(report: Report) -> list[str]:
    lines = [str(one) for one in report.findings]
    assert all(line.isprintable() for line in lines), lines
    for form in ("text", "md", "json"):
        assert render(report, form)
    return lines


def with_member(members: dict[str, bytes], info: zipfile.ZipInfo | str, content: bytes = b"x") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand twice
        for name, inner in members.items():
            archive.writestr(name, inner)
        archive.writestr(info, content)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["../evil.csv", "task1/../../evil", "/etc/passwd", "C:/evil", "task1\\evil", "a//b",
                                  "task1/\x1b[2Jx", "task1/new\nline", "./x"])
def test_names_that_lead_elsewhere(tmp_path: Path, make_members: Any, name: str) -> None:
    lines = validated(tmp_path / "x.zip", with_member(make_members(), name))
    assert len(lines) == 1
    assert "a name that is absolute, steps outside or holds special characters" in lines[0]
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_a_name_with_an_end_in_it(tmp_path: Path, make_members: Any) -> None:
    content = with_member(make_members(), "task1/aXb").replace(b"task1/aXb", b"task1/a\0b")
    assert "'task1/a\\x00b'" in validated(tmp_path / "x.zip", content)[0]


def test_links(tmp_path: Path, make_members: Any) -> None:
    link = zipfile.ZipInfo("task1/link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    lines = validated(tmp_path / "x.zip", with_member(make_members(), link, b"/etc/passwd"))
    assert lines == ["error: task1/link: a link or another special file; expected a plain file"]


def test_names_that_stand_twice(tmp_path: Path, make_members: Any) -> None:
    lines = validated(tmp_path / "x.zip", with_member(make_members(), META, b"other"))
    assert lines == [f"error: {META}: the name twice; expected every name once"]


def test_encrypted_members(tmp_path: Path, make_members: Any, zipped: Any) -> None:
    content = bytearray(zipped(make_members()))
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    assert any("an encrypted file; expected one without a password" in line
               for line in validated(tmp_path / "x.zip", bytes(content)))


def test_other_compression(tmp_path: Path, make_members: Any) -> None:
    info = zipfile.ZipInfo("task1/big")
    info.compress_type = zipfile.ZIP_LZMA
    assert validated(tmp_path / "x.zip", with_member(make_members(), info, b"0" * 1000)) == [
        "error: task1/big: compression method 14; expected stored or deflated data"]


def test_bombs(tmp_path: Path, make_members: Any) -> None:
    before = time.monotonic()
    (squeezed,) = validated(tmp_path / "x.zip", with_member(make_members(), f"{OUTPUT}.csv", b"0" * (8 << 20)))
    assert "8,388,608 bytes squeezed into" in squeezed
    assert "it was not read" in squeezed
    (large,) = validated(tmp_path / "x.zip", with_member(make_members(), "x.yaml", bytes(range(256)) * 2000))
    assert "x.yaml: 512,000 bytes; expected at most 65,536" in large
    assert time.monotonic() - before < 5


def test_declared_sizes_that_are_wrong(tmp_path: Path, make_members: Any, zipped: Any) -> None:
    """A header that declares less than there is: what is too much is never inflated."""
    content = bytearray(zipped(make_members()))
    place = content.index(META.encode(), content.index(b"PK\x01\x02")) - 46
    struct.pack_into("<L", content, place + 24, 10)
    lines = validated(tmp_path / "x.zip", bytes(content))
    assert any(f"{META}: damaged data" in line for line in lines), lines


def test_many_members(tmp_path: Path, zipped: Any) -> None:
    lines = validated(tmp_path / "x.zip", zipped({f"task1/{number}": b"" for number in range(600)}))
    assert lines[0] == "error: package: 600 members; expected at most 500; nothing was read"


def test_a_table_of_members_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 1 << 30, 0, 0)
    assert "a table of members of 1,073,741,824 bytes" in validated(tmp_path / "x.zip", b"PK" * 100 + end)[0]


def test_damaged_members(tmp_path: Path, make_members: Any) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in make_members().items():
            archive.writestr(name, content)
    content = stream.getvalue().replace(b"1.wav\tmetro", b"1.wav\tMETRO", 1)
    (line,) = validated(tmp_path / "x.zip", content)
    assert line.startswith(f"error: {OUTPUT}: damaged data (Bad CRC-32")


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"no zip at all" * 100])
def test_no_zip(tmp_path: Path, content: bytes) -> None:
    assert validated(tmp_path / "x.zip", content)


@ANY
@given(content=st.binary(max_size=300), before=st.booleans())
def test_any_bytes_as_a_package(tmp_path: Path, zipped: Any, content: bytes, before: bool) -> None:
    whole = zipped({"a": b"b"})
    assert validated(tmp_path / "x.zip", content)
    assert validated(tmp_path / "x.zip", content + whole if before else whole + content)


@ANY
@given(data=st.data())
def test_any_change_of_bytes_of_a_package(tmp_path: Path, make_members: Any, zipped: Any, data: st.DataObject) -> None:
    content = bytearray(zipped(make_members()))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    validated(tmp_path / "x.zip", bytes(content))
    assert validated(tmp_path / "x.zip", bytes(content[:cut])) or cut == len(content)


@ANY
@given(data=st.data())
def test_any_change_inside_a_meta_file(tmp_path: Path, make_members: Any, data: st.DataObject) -> None:
    content = bytearray(make_members()[META])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place:place + data.draw(st.integers(0, 4))] = data.draw(
            st.sampled_from([b"&a ", b"*a", b"!!set ", b"!!int ", b".inf", b"1e999", b"[", b"{", b"\t", b"- ", b": ",
                             b"null", b"0x", b"<<: ", b"? ", b"\x00", b"2020-02-30", b"'"]) | st.binary(max_size=3))
    meta, output = tmp_path / f"{LABEL}.meta.yaml", tmp_path / f"{LABEL}.output.csv"
    meta.write_bytes(bytes(content))
    output.write_bytes(make_members()[OUTPUT])
    said(validate_files([output, meta], data.draw(st.sampled_from([None, RULES])), CLIPS))


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_any_bytes_as_a_table(lines: list[bytes]) -> None:
    assert list(check_table(b"\n".join(lines), "x", CLIPS, RULES))
    header = "\t".join(["filename", "scene_label", *taxonomy().scenes]).encode()
    assert list(check_table(b"\n".join([header, *lines]), "x", CLIPS, RULES))


def paths(rules: str) -> list[str]:
    return [key.path for key in edition(rules).meta_keys]


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates(),
                    st.sampled_from(["1" + 400 * "0", "-f" + 5000 * "0"]).map(lambda digits: int(digits, 16)),
                    st.binary(max_size=3))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    SCALARS.filter(lambda key: not isinstance(key, float)), inner, max_size=3), max_leaves=5)


@given(st.data())
def test_any_values_in_a_meta_tree(make_members: Any, data: st.DataObject) -> None:
    year = data.draw(st.sampled_from(names("editions")))
    rules = edition(year)
    (content,) = (content for name, content in make_members(year, 1).items() if name.endswith(".yaml"))
    tree = yaml.safe_load(content)
    for path in data.draw(st.lists(st.sampled_from(paths(year)), min_size=1, max_size=4)):
        *parents, last = path.split(".")
        holder = tree
        for part in parents:
            holder = holder.get(part) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder[last] = data.draw(VALUES)
    for finding in check_meta(tree, "x", LABEL, rules):
        assert str(finding).isprintable()
    guess_edition(Evidence([LABEL], 0, tree, "", 3))


@given(VALUES)
def test_any_tree_as_a_meta_file(tree: Any) -> None:
    assert list(check_meta(tree, "x", LABEL, RULES)) or tree is None


@given(st.binary(max_size=200))
def test_any_bytes_as_yaml(content: bytes) -> None:
    tree, findings = read_tree(content, "x")
    assert (tree is None) == bool(findings)
    assert list(check_meta(tree, "x", LABEL, RULES)) or tree is None


def nested(depth: int) -> Iterator[bytes]:
    yield from (b"[" * depth, b"{a: " * depth, b"- " * depth, b"? " * depth, b"&a [" * depth, b"!!seq [" * depth)


@pytest.mark.parametrize("depth", [100, 900, 5000, 50_000])
def test_deep_nesting(depth: int) -> None:
    for content in nested(depth):
        tree, findings = read_tree(content, "x")
        assert tree is None
        assert findings


@pytest.mark.parametrize("content", [
    b"a: &a {x: 1}\n" + b"".join(b"%c: &%c {<<: [%s]}\n" % (b + 1, b + 1, b",".join([b"*%c" % b] * 9))
                                 for b in range(97, 112)),
    b"a: " + b":".join([b"59"] * 60_000), b"a: 0b" + b"1" * 200_000, b"a: " + b"9" * 200_000, b"- x\n" * 60_000,
    b"a: !!binary " + b"A" * 200_000, b"? [a]\n: 1", b"a: !!timestamp 2020-99-99", b"%YAML 9.9\n---\na: 1",
])
def test_yaml_made_to_take_long(content: bytes) -> None:
    before = time.monotonic()
    tree, findings = read_tree(content, "x")
    assert list(check_meta(tree, "x", LABEL, RULES)) or findings
    assert time.monotonic() - before < 20


def test_a_table_of_faults_alone_is_left_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("submission.validate.tables.MOST_FAULTS", 50)
    header = "\t".join(["filename", "scene_label", *taxonomy().scenes]).encode()
    *_, last = check_table(header + b"\nx" * 1000, "x", CLIPS, RULES)
    assert last.message == "more than 50 faults; expected none; the rest was not looked at"
