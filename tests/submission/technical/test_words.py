"""Counts and lists in English."""

import pytest

from submission.technical.markup import Typst
from submission.technical.words import capital, counted, listing, measured, number, percent, plain, shown, uncapital


@pytest.mark.parametrize(("items", "text"), [
    ([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (["*"], "\\*"),
    ([1, 2], "1 and 2")])
def test_lists(items: list[object], text: str) -> None:
    assert listing(items) == text


@pytest.mark.parametrize(("count", "noun", "text"), [
    (1, "epoch", "one epoch"), (0, "clip", "no clips"), (2, "city", "two cities"), (12, "class", "twelve classes"),
    (1200, "clip", "1,200 clips"), (3, "way", "three ways")])
def test_counts_in_words(count: int, noun: str, text: str) -> None:
    assert counted(count, noun) == text


def test_counts_in_digits() -> None:
    assert (measured(1, "epoch"), measured(310, "epoch"), number(13)) == ("1 epoch", "310 epochs", "13")


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (0.1, "0.1"), (1e-3, "0.001"), (1e-5, "10⁻⁵"), (5e-5, "5\u00a0×\u00a010⁻⁵"),
    (44100, "44,100"), (1e-10, "10⁻¹⁰")])
def test_settings_as_people_write_them(value: float, text: str) -> None:
    assert plain(value) == text


def test_values_of_recipes() -> None:
    assert shown([[96], [96, 96]]) == "96; 96, 96"
    assert shown([True, False, True]) == "nos. 1 and 3 of 3"
    assert shown([True, False]) == "no. 1 of 2"
    assert (shown([False, False]), shown([True, True]), shown(True)) == ("none of 2", "all 2", "yes")
    assert shown(None) == "-"
    assert shown({"after": [1, 4]}) == "after 1, 4"
    assert percent(0.2) == "20\u00a0%"


def test_beginnings_of_sentences() -> None:
    assert capital(Typst("the x")) == "The x"
    assert uncapital(Typst("The x")) == "the x"
    assert uncapital(Typst("SGD is")) == "SGD is"
