"""Each thing that can be wrong in a package gives its finding, and nothing that can be read gives a crash."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from submission.check import check_meta, check_output, check_package
from submission.package import package
from task1.config import edition, taxonomy

RULES = edition("2023")
CLIPS = ["0.wav", "1.wav", "2.wav"]
LABEL = "Wang_SCUT_task1_1"
OUTPUT, META = f"task1/{LABEL}/{LABEL}.output.csv", f"task1/{LABEL}/{LABEL}.meta.yaml"
Members = dict[str, bytes]


@pytest.fixture
def members(make_run: Any) -> Members:
    with zipfile.ZipFile(package(make_run())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def findings(tmp_path: Path, members: Members) -> list[str]:
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return [str(finding) for finding in check_package(path, RULES, CLIPS)]


def test_our_own_package_has_no_findings(tmp_path: Path, members: Members) -> None:
    assert findings(tmp_path, members) == []


@pytest.mark.parametrize(("change", "finding"), [
    (lambda text: text.replace("0.wav", "7.wav"), "row 2: file '7.wav' is not in the evaluation set"),
    (lambda text: text.replace("0.wav", "7.wav"), "1 of 3 clips missing (first: 0.wav)"),
    (lambda text: text.replace("1.wav", "0.wav"), "row 3: file 0.wav stands twice"),
    (lambda text: text.replace("\tairport\tbus", "\tbus\tairport", 1), "row 1: columns filename scene_label bus"),
    (lambda text: text.replace("1.wav\tbus", "1.wav\tbeach"), "row 3: scene_label 'beach' is none of the ten"),
    (lambda text: text.replace("1.wav\tbus", "1.wav\ttram"), "row 3: tram is decided, but bus is more probable"),
    (lambda text: text.replace("0.55", "nan", 1), "row 2: a probability that is negative or not finite"),
    (lambda text: text.replace("0.55", "-0.55", 1), "row 2: a probability that is negative or not finite"),
    (lambda text: text.replace("0.55", "0.75", 1), "row 2: probabilities of sum 1.2"),
    (lambda text: text.replace("0.55", "much", 1), "row 2: a probability that is not a number"),
    (lambda text: text.replace("\t0.05\n", "\n", 1), "row 2: 11 fields, expected 12"),
    (lambda text: "", "output.csv: empty"),
])
def test_output_tables(tmp_path: Path, members: Members, change: Callable[[str], str], finding: str) -> None:
    changed = members | {OUTPUT: change(members[OUTPUT].decode()).encode()}
    assert any(finding in said for said in findings(tmp_path, changed))


def test_line_ends_and_directories_do_not_matter(tmp_path: Path, members: Members) -> None:
    text = members[OUTPUT].decode().replace("1.wav", "audio/1.wav").replace("\n", "\r\n")
    assert findings(tmp_path, members | {OUTPUT: text.encode()}) == []


@pytest.mark.parametrize(("path", "value", "finding"), [
    ("submission.label", "Wang_SCUT_task1_3", "submission.label is 'Wang_SCUT_task1_3', its folder says"),
    ("submission.abbreviation", "far too long", "longer than 10 characters"),
    ("submission.authors", [], "0 corresponding authors, expected exactly one"),
    ("submission.authors", 3, "submission.authors: found '3', expected a list"),
    ("submission", None, "key submission.label is missing"),
    ("system.complexity.macs", "many", "system.complexity.macs: found 'many', expected a integer"),
    ("system.complexity.macs", True, "system.complexity.macs: found 'True', expected a integer"),
    ("system.complexity", None, "key system.complexity.total_parameters is missing"),
    ("system.source_code", 5, "system.source_code: found '5', expected a string"),
    ("system.external_datasets", [{"name": "x"}], "key system.external_datasets[0].url is missing"),
    ("results.development_dataset.overall.accuracy", None, "warning: "),
    ("results.development_dataset.device_wise.s4", 1, "device_wise.s4: found '1', expected a mapping"),
])
def test_meta_files(tmp_path: Path, members: Members, path: str, value: Any, finding: str) -> None:
    tree = yaml.safe_load(members[META])
    holder = tree
    *parents, last = path.split(".")
    for part in parents:
        holder = holder[part]
    holder[last] = value
    said = findings(tmp_path, members | {META: yaml.safe_dump(tree).encode()})
    assert any(finding in one for one in said), said


def test_affiliation_may_be_a_list(tmp_path: Path, members: Members) -> None:
    tree = yaml.safe_load(members[META])
    tree["submission"]["authors"][0]["affiliation"] = [tree["submission"]["authors"][0]["affiliation"]]
    assert findings(tmp_path, members | {META: yaml.safe_dump(tree).encode()}) == []


def test_members(tmp_path: Path, members: Members) -> None:
    assert any("missing from the package" in said for said in findings(
        tmp_path, {name: content for name, content in members.items() if name != META}))
    assert any("not a file of a package" in said for said in findings(tmp_path, members | {"task1/notes.txt": b""}))
    assert findings(tmp_path, members | {"task1/Wang_SCUT_task1.technical_report.pdf": b"%PDF"}) == []
    assert findings(tmp_path, {}) == ["error: package: holds no system"]
    moved = {name.replace("task1/", "ours/task1/", 1): content for name, content in members.items()}
    assert any("not a file of a package" in said for said in findings(tmp_path, moved))


def test_not_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"PK but no zip")
    assert "not a readable zip file" in str(check_package(path, RULES, CLIPS)[0])


@given(st.lists(st.binary(max_size=80), max_size=5))
def test_any_bytes_are_told_and_never_crash(lines: list[bytes]) -> None:
    assert list(check_output(lines, "x", CLIPS))
    header = "\t".join(["filename", "scene_label", *taxonomy().scenes]).encode()
    assert list(check_output([header, *lines], "x", CLIPS))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii"), max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["submission", "system", "results", "authors", "label", "complexity"]), inner)))
def test_any_yaml_is_told_and_never_crashes(tree: Any) -> None:
    assert list(check_meta(yaml.safe_dump(tree).encode(), "x", LABEL, RULES))


@given(st.binary(max_size=200))
def test_any_bytes_as_yaml_are_told_and_never_crash(content: bytes) -> None:
    assert list(check_meta(content, "x", LABEL, RULES))
