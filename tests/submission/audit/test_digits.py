"""A package with one digit changed is caught, whichever digit, or the audit says that it cannot be checked, and why."""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.audit.claims import Claim, read_claims
from submission.audit.contents import Entry, _table, read_contents
from submission.audit.rows import FAILING, Row, figure
from submission.audit.sources import Given, gather
from submission.audit.system import System
from task1.config import edition
from tests.submission.audit.conftest import Packed, digits, key_at

WORDS = {"system.description.complexity_management"}
MEASURED = {f"system.energy_consumption.{name}" for name in ("training", "inference", "baseline_inference")}
FOREIGN = {"system.source_code"}
NOT_THE_RUNS = {"results.corpus.name", "results.corpus.evaluation"}
"""The made-up tables are smaller than the corpora that they say to be of, which the audit tells."""


def systems(packed: Packed, **given: Any) -> dict[int, System]:
    """The systems of the package, with all that is recomputed already so."""
    rules = edition("2023")
    entries = read_contents(packed.zip, rules).entries
    sources = gather(Given(**given), [entry.number for entry in entries])
    return {entry.number: System(entry, sources, rules, {}) for entry in entries}


def rows(system: System, entry: Entry) -> list[Row]:
    other = copy.copy(system)
    other.entry = entry
    return list(other.rows())


def failing(found: list[Row]) -> set[str]:
    return {row.key for row in found if row.verdict in FAILING}


def changed(text: str) -> Iterator[tuple[str, str]]:
    """The key and the whole text, once for every digit with that digit raised by one (9 becomes 0)."""
    for place in digits(text):
        yield key_at(text, place), text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1:]


def with_meta(entry: Entry, text: str) -> Entry:
    tree, claims, findings = read_claims(text.encode(), "meta.yaml")
    return replace(entry, tree=tree, claims=claims, findings=tuple(findings))


def with_table(entry: Entry, text: str) -> Entry:
    table, findings = _table(text.encode(), "output.csv")
    return replace(entry, table=table, table_bytes=text.encode(), findings=tuple(findings))


def test_every_digit_of_the_meta_file_is_caught_with_the_run(packed: Packed) -> None:
    system, text = systems(packed, run=packed.run)[1], packed.members[packed.meta(1)].decode()
    assert failing(rows(system, system.entry)) == set()
    told = [(key, failing(rows(system, with_meta(system.entry, other)))) for key, other in changed(text)]
    assert len(told) > 200
    assert [key for key, keys in told if key not in keys] == []


def test_without_the_run_what_is_not_caught_is_told(packed: Packed) -> None:
    system, text = systems(packed, **packed.sources)[2], packed.members[packed.meta(2)].decode()
    assert failing(rows(system, system.entry)) == NOT_THE_RUNS
    missed = set()
    mutants = [(key, other) for key, other in changed(text) if "development_dataset" not in key or "bus" in key]
    assert len(mutants) > 40
    for key, other in mutants:
        found = {row.key: row for row in rows(system, with_meta(system.entry, other))}
        if key in NOT_THE_RUNS or found[key].verdict not in FAILING:
            missed.add(key)
            assert key in NOT_THE_RUNS or (found[key].verdict, bool(found[key].why)) == ("not checkable", True)
    assert missed == WORDS | MEASURED | FOREIGN | NOT_THE_RUNS


@pytest.mark.parametrize("from_run", [True, False])
def test_every_digit_and_label_of_the_output_table_is_caught(packed: Packed, from_run: bool) -> None:
    given = {"run": packed.run} if from_run else packed.sources
    system, text = systems(packed, **given)[1], packed.members[packed.table(1)].decode()
    expected = failing(rows(system, system.entry))
    missed, count = [], 0
    for line in re.finditer(r"^(\d+\.wav)\t(\w+)\t(.*)$", text, re.MULTILINE):
        places = [line.start() + digit.start() for digit in re.finditer(r"\d", line[0])]
        mutants = [text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1:] for place in places]
        mutants += [f"{text[:line.start(2)]}{label}{text[line.end(2):]}" for label in ("bus", "tram")
                    if label != line[2]]
        for other in mutants:
            count += 1
            new = failing(rows(system, with_table(system.entry, other))) - expected
            if not any("output table" in key or key.startswith("output.csv") for key in new):
                missed.append(other)
    assert count > 250
    assert missed == []


def test_keys_of_devices_are_claims_too(packed: Packed) -> None:
    system, text = systems(packed, run=packed.run)[1], packed.members[packed.meta(1)].decode()
    other = with_meta(system.entry, text.replace("      s1:", "      s9:"))
    found = {row.key: row.verdict for row in rows(system, other)}
    stem = "results.development_dataset.device_wise"
    assert (found[f"{stem}.s9.accuracy"], found[f"{stem}.s1.accuracy"]) == ("differs", "not claimed")


@given(st.floats(0, 100), st.integers(0, 6), st.data())
def test_no_other_digits_are_within_the_rounding(value: float, places: int, data: st.DataObject) -> None:
    """What is printed agrees; with any digit changed to any other one it differs."""
    printed = f"{value:.{places}f}"
    place = data.draw(st.sampled_from([place for place, character in enumerate(printed) if character.isdigit()]))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != printed[place]]))
    mutant = printed[:place] + other + printed[place + 1:]
    # exactly between two numbers of so many digits both are right
    on_the_edge = abs(abs(float(mutant) - value) - 0.5 * 10.0 ** -places) <= 1e-9
    assert verdict(printed, value) == "agrees"
    assert verdict(mutant, value) == "differs" or on_the_edge


@pytest.mark.parametrize(("text", "value", "expected"), [
    ("57.50", 57.54, "differs"),  # a zero that is printed is a digit
    ("57.5", 57.54, "agrees"),
    ("58", 57.5, "agrees"), ("57", 57.5, "agrees"),  # both are right
    ("8.64e+6", 8_645_641, "differs"), ("8.65e+6", 8_645_641, "agrees"),
    ("45164", 45_164, "agrees"), ("0x2A", 42, "agrees"), ("052", 42, "agrees"), ("052", 52, "differs"),
    ("many", 42, "differs"), ("!!null", 42, "not claimed"), ("!!null", None, "agrees"), ("1", None, "differs"),
])
def test_figures_are_held_against_their_printed_digits(text: str, value: Any, expected: str) -> None:
    _, claims, _ = read_claims(f"key: {text}\n".encode(), "meta.yaml")
    assert figure("system", claims["key"], value).verdict == expected


def test_figures_that_are_cut_off_or_meant_otherwise_are_told() -> None:
    claim = Claim("key", "57.58", 57.58)
    assert "cut off" in figure("system", claim, 57.589).why
    assert "mean over clips" in figure("system", claim, 60.0, "", {"the mean over clips": 57.581}).why


def verdict(text: str, value: float) -> str:
    return figure("system", Claim("key", text, float(text)), value).verdict


