"""Ratios, verdicts, and the forms that rows are written in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.bench.rows import Row, as_json, markdown_table, number, text_table

QUICKER = Row("extraction", "a clip", 2.0, "ms", 13.0, "librosa", 6.0)
SLOWER = Row("training", "clips a second", 30.0, "clips/s", 20.0, "published loop", 3.0, better="more")
WITHIN = Row("startup", "help", 0.25, "s", target=0.3, note="train")
BEYOND = Row("scoring", "rows read", 4e5, "rows/s", target=5e5, better="more")
UNJUDGED = Row("growth", "index", 0.97, "exponent", points=((1000, 0.1), (10000, 1.0)))


@pytest.mark.parametrize(("row", "ratio", "met"), [
    (QUICKER, 6.5, True), (SLOWER, 1.5, False), (WITHIN, None, True), (BEYOND, None, False), (UNJUDGED, None, None)])
def test_ratio_and_verdict(row: Row, ratio: float | None, met: bool | None) -> None:
    assert row.ratio == ratio
    assert row.met is met


def test_text_is_aligned() -> None:
    header, *lines = text_table([QUICKER, SLOWER, WITHIN, BEYOND]).splitlines()
    assert header.split() == ["section", "what", "ours", "peer", "ratio", "target", "met", "note"]
    assert lines[0].split("  ")[0] == "extraction"
    assert "13.0 ms (librosa)" in lines[0]
    assert "6.50x" in lines[0]
    assert "<= 0.300 s" in lines[2]
    assert ">= 500,000 rows/s" in lines[3]
    place = header.index("what")
    assert {line[place - 1] for line in lines} == {" "}
    assert [line[place:].split("  ")[0] for line in lines] == ["a clip", "clips a second", "help", "rows read"]


def test_markdown_shows_text_as_it_is() -> None:
    shown = markdown_table([Row("startup", "--help | of `all` <verbs>", 1.0, "s", note="a_b*c")])
    header, rule, line = shown.splitlines()
    assert len(header.split("|")) == len(rule.split("|")) == len(line.replace("\\|", "").split("|")) == 10
    assert "\\| of \\`all\\` \\<verbs>" in line
    assert "a\\_b\\*c" in line


def test_json_holds_all_that_a_row_knows() -> None:
    first, *_, last = json.loads(json.dumps(as_json([QUICKER, WITHIN, UNJUDGED])))
    assert (first["ours"], first["peer"], first["ratio"], first["met"]) == (2.0, 13.0, 6.5, True)
    assert last["points"] == [[1000, 0.1], [10000, 1.0]]
    assert last["met"] is None


@given(st.floats(1e-6, 1e9))
def test_three_digits_without_exponent(value: float) -> None:
    shown = number(value)
    assert "e" not in shown
    assert float(shown.replace(",", "")) == pytest.approx(value, rel=5.1e-3)


@pytest.mark.parametrize(("value", "shown"), [
    (0, "0"), (0.0123456, "0.0123"), (9.996, "10.0"), (1.5, "1.50"), (99.96, "100"), (230350.4, "230,350")])
def test_rounding_may_add_a_digit(value: float, shown: str) -> None:
    assert number(value) == shown
