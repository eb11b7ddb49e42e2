"""Every way in which a YAML file can be wrong names the file, the line and the key, and says what was expected."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.config import META, Entry, Strict, check, load, parse_yaml, read_yaml
from task1.config.base import merge
from task1.errors import InputError


class Inner(Strict):
    rate: float
    count: int = 1


class Outer(Strict):
    name: str
    inner: Inner
    widths: tuple[int, ...] = ()
    by_number: dict[int, str] = {}


def _problem(path: Path, text: str | bytes) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        load(Outer, path)
    return str(caught.value)


GOOD = "name: x\ninner: {rate: 0.5}\n"

WRONG = {
    "unknown key": (GOOD + "colour: red\n", "line 3: unknown key colour; remove"),
    "unknown inner key": ("name: x\ninner:\n  rate: 1\n  rat: 2\n", "line 4: unknown key inner.rat"),
    "missing key": ("name: x\ninner: {count: 2}\n", "line 2: key inner.rate is missing"),
    "text for a number": ("name: x\ninner:\n  rate: 1\n  count: ten\n",
                          "line 4: inner.count: found 'ten', expected a valid integer"),
    "number in quotes": ('name: x\ninner: {rate: "0.5"}\n', "line 2: inner.rate: found '0.5', expected a valid number"),
    "yes for a number": ("name: x\ninner: {rate: 1, count: yes}\n",
                         "inner.count: found True, expected a valid integer"),
    "fraction for a count": ("name: x\ninner: {rate: 1, count: 1.5}\n", "inner.count: found 1.5, expected a valid int"),
    "number for text": ("name: 2023\ninner: {rate: 1}\n",
                        "line 1: name: found 2023, expected a valid string; put quotes"),
    "wrong element": (GOOD + "widths:\n  - 1\n  - two\n", "line 5: widths.1: found 'two', expected a valid integer"),
    "wrong key type": (GOOD + "by_number: {one: a}\n", "line 3: by_number.one: found 'one', expected a valid integer"),
    "NaN": ("name: x\ninner: {rate: .nan}\n", "line 2: inner.rate: found .nan, expected a finite number"),
    "infinity": ("name: x\ninner: {rate: -.INF}\n", "line 2: inner.rate: found -.INF, expected a finite number"),
    "infinity by overflow": ("name: x\ninner: {rate: 1.0e+999}\n", "line 2: inner.rate: found inf, expected a finite"),
    "number without dot": ("name: x\ninner:\n  rate: 1e-3\n",
                           "line 3: inner.rate: found 1e-3, which YAML takes for text; write 1.0e-3"),
    "number without sign": ("name: x\ninner:\n  rate: 2.5E4\n", "write 2.5e+4"),
    "key twice": ("name: x\ninner: {rate: 1}\nname: y\n", "line 3: key name stands twice"),
    "inner key twice": ("name: x\ninner:\n  rate: 1\n  rate: 2\n", "line 4: key inner.rate stands twice"),
    "tab": ("name: x\ninner:\n\trate: 1\n", "line 3: not valid YAML: found character '\\t'"),
    "open bracket": ("name: x\ninner: {rate: 1\n", "line 3: not valid YAML"),
    "two documents": ("name: x\n---\nname: y\n", "line 2: not valid YAML"),
    "unhashable key": ("? [a, b]\n: 1\n", "line 1: not valid YAML"),
    "control character": (b"name: \x00\n", "not valid YAML"),
    "impossible date": ("name: 2023-99-99\ninner: {rate: 1}\n", "not valid YAML"),
    "not UTF-8": (b"name: caf\xe9\n", "not UTF-8 text (byte 9); save it as UTF-8"),
    "UTF-16": ("name: x\n".encode("utf-16"), "not UTF-8 text (byte 0)"),
    "empty": ("", "empty, expected a mapping"),
    "comment only": ("# nothing\n", "empty, expected a mapping"),
    "list": ("- name\n- inner\n", "found ['name', 'inner'], expected a mapping"),
    "scalar": ("name\n", "found 'name', expected a mapping"),
    "alias loop": ("name: x\ninner: &a {rate: *a}\n", "line 2: a YAML alias refers to its own parent"),
    "unknown alias": ("name: *b\n", "line 1: not valid YAML: found undefined alias"),
    "half a surrogate": ('name: "\\ud800"\ninner: {rate: 1}\n', "line 1: name: found half of a surrogate pair"),
    "nested too deeply": ("[" * 5000, "nested too deeply"),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str | bytes, expected: str) -> None:
    path = tmp_path / "facts.yaml"
    told = _problem(path, text)
    assert told.startswith(str(path)), told
    assert expected in told
    assert "Traceback" not in told


def test_every_wrong_key_is_told_in_one_go(tmp_path: Path) -> None:
    told = _problem(tmp_path / "facts.yaml", "nam: x\ninner: {rate: fast, count: 1}\n").splitlines()
    assert [line.strip().split("facts.yaml")[1] for line in told] == [
        ": key name is missing", ", line 2: inner.rate: found 'fast', expected a valid number",
        ", line 1: unknown key nam; remove it or correct its spelling"]


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 100,000 values" in _problem(tmp_path / "facts.yaml", "\n".join(levels))


def test_missing_file_names_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "near.yaml").write_text(GOOD)
    with pytest.raises(InputError, match=r"far\.yaml: no such file; there are: near"):
        load(Outer, tmp_path / "far.yaml")
    with pytest.raises(InputError, match=r"there is no such file in .*nowhere"):
        load(Outer, tmp_path / "nowhere" / "far.yaml")


def test_folder_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(Outer, tmp_path)


def test_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "facts.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(Outer, path) == Outer(name="x", inner=Inner(rate=0.5))
    told = _problem(path, b"\xef\xbb\xbfname: x\r\ninner:\r\n  rate: slow\r\n")
    assert "line 3: inner.rate" in told


def test_merge_keys_and_aliases_work(tmp_path: Path) -> None:
    path = tmp_path / "facts.yaml"
    path.write_text("name: &n x\ninner: {<<: {rate: 1.0, count: 2}, count: 3}\nby_number: {1: *n}\n")
    assert load(Outer, path) == Outer(name="x", inner=Inner(rate=1.0, count=3), by_number={1: "x"})


def test_lines_of_an_entry() -> None:
    path = META / "entries" / "wang2023.yaml"
    _, lines = read_yaml(path)
    written = path.read_text().splitlines()
    for key in (("training", "epochs"), ("models", "model1", "network", "stem"), ("systems", "4")):
        assert written[lines[key] - 1].strip().startswith(f"{key[-1]}:")


def _refusal(action: Callable[[], object]) -> str | None:
    try:
        action()
    except InputError as error:
        return str(error)
    return None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    refusal = _refusal(lambda: parse_yaml(text, "here"))
    assert refusal is None or refusal.startswith("here")


YAML_LIKE = st.lists(st.sampled_from([
    "a: ", "b:\n  ", "- ", "&x ", "*x ", "{", "}", "[", "]", ", ", "? ", "!!int ", "!!float ", "!!timestamp ", "!!set ",
    "!!binary ", "!!bool ", "!!omap ", "''", '"', "1e3", ".nan", "2020-13-01", "2020-01-01 00:00:00 +99:99", "<<: ",
    "=", "\n", "  ", "|\n", ">\n", "%YAML 9.9\n", "---\n", "...\n", "#", "null", "0x", "0o", "1:60", "é", "\x07",
]), max_size=25).map("".join)


@given(YAML_LIKE)
def test_anything_like_yaml_is_an_entry_or_refused(text: str) -> None:
    def read() -> None:
        content, lines = parse_yaml(text, "here")
        assert lines or content is None
        check(Entry, content, "here", lines)

    refusal = _refusal(read)
    assert refusal is None or refusal.startswith("here")


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
TREES = st.recursive(
    LEAVES, lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=4), max_leaves=12)
MAPPINGS = st.dictionaries(st.sampled_from("abcd"), TREES, max_size=4)


def _leaves(tree: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(tree, dict):
        return {path: tree}
    return {key: value for name, inner in tree.items() for key, value in _leaves(inner, (*path, name)).items()}


@given(MAPPINGS, MAPPINGS)
def test_merge_keeps_every_leaf_of_the_change(base: dict[str, Any], change: dict[str, Any]) -> None:
    merged, before = merge(base, change), repr((base, change))
    changed = _leaves(change)
    leaves = _leaves(merged)
    assert all(leaves[path] == value for path, value in changed.items())
    for path, value in _leaves(base).items():
        replaced = any(path[:length] in changed for length in range(1, len(path) + 1))
        under = any(other[:len(path)] == path for other in changed)
        assert replaced or under or leaves[path] == value
    assert set(leaves) <= set(changed) | set(_leaves(base))
    assert repr((base, change)) == before


@given(MAPPINGS)
def test_merge_with_nothing_and_with_itself(tree: dict[str, Any]) -> None:
    assert merge(tree, {}) == merge({}, tree) == merge(tree, tree) == tree


@given(TREES, st.none() | st.integers() | st.lists(st.integers()))
def test_what_is_no_mapping_replaces(base: Any, change: Any) -> None:
    assert merge(base, change) is change


def test_numbers_keep_their_value() -> None:
    content, _ = parse_yaml("a: 1.0e-3\nb: -0.5\nc: 12\nd: 'text 1e-3'\ne: \"1e-3\"\n", "here")
    assert math.isclose(content["a"], 1e-3)
    assert (content["b"], content["c"], content["d"], content["e"]) == (-0.5, 12, "text 1e-3", "1e-3")
