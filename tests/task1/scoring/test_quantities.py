"""Figures as people write them: what is read, and what is refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.errors import InputError
from task1.scoring.quantities import FACTORS, parse


def read(quantity: str, *texts: str) -> list[float]:
    return parse(quantity, [(f"x.csv, line {number}", text) for number, text in enumerate(texts, start=2)])


@pytest.mark.parametrize(("quantity", "texts", "expected"), [
    ("accuracy", ["58.7", "62.7", "0"], [58.7, 62.7, 0]),
    ("accuracy", ["0.587", "1", "0"], [58.7, 100, 0]),
    ("accuracy", ["58.7%", "0.5 %", "0.6"], [58.7, 0.5, 60]),
    ("accuracy", ["58.7%", "0.5 %", "60"], [58.7, 0.5, 60]),
    ("accuracy_5", ["49.21", "100"], [49.21, 100]),
    ("accuracy", [], []),
    ("log_loss", ["1.256", "2", "1e-3"], [1.256, 2, 0.001]),
    ("memory", ["45160", "45160 B", "45.16kB", "45.16 kB", "2KiB", "0.045160 MB", "1 MiB"],
     [45160, 45160, 45160, 45160, 2048, 45160, 1048576]),
    ("macs", ["8640000", "8.64e6", "8.64E+06", "8.64M", "8.64 MMACs", "8640k", "8640K", "0.00864 G", "5 MACs"],
     [8.64e6] * 8 + [5]),
    ("mmacs", ["8.64", ".5"], [8.64e6, 5e5]),
])
def test_what_is_read(quantity: str, texts: list[str], expected: list[float]) -> None:
    assert read(quantity, *texts) == expected


@pytest.mark.parametrize(("quantity", "texts", "expected"), [
    ("accuracy", ["58.7", "0.62"], "line 3: accuracy: found '0.62' among values over 1; write all in percent"),
    ("accuracy", ["101"], "at most 100 %"),
    ("accuracy", ["100.5%"], "at most 100 %"),
    ("accuracy", ["-1"], "found '-1', expected a number of 0 or more"),
    ("accuracy", ["nan"], "found 'nan', expected a number"),
    ("accuracy", ["58,7"], "with a point for decimals"),
    ("accuracy", ["58.7 percent"], "expected as its unit a percent sign or nothing"),
    ("log_loss", ["inf"], "found 'inf', expected a number"),
    ("log_loss", ["0"], "expected more than 0"),
    ("memory", ["45 KB"], "KB meant 1024 bytes in 2021 and 1000 in 2023"),
    ("memory", ["45k"], "so write kB or KiB"),
    ("memory", ["0"], "expected more than 0"),
    ("memory", ["45,160"], "nothing between the thousands"),
    ("memory", ["1e999"], "too large"),
    ("macs", ["8.64 mio"], "expected as its unit k, M, G or nothing"),
    ("macs", ["1e-999"], "expected more than 0"),
    ("mmacs", ["8.64M"], "as the column is in millions"),
    ("macs", ["٣"], "expected a number"),
    ("macs", [""], "expected a number"),
])
def test_what_is_refused(quantity: str, texts: list[str], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        read(quantity, *texts)
    assert str(caught.value).startswith("x.csv, line ")
    assert expected in str(caught.value)


@given(st.sampled_from(list(FACTORS)), st.lists(st.one_of(st.text(max_size=12), st.from_regex(
    r"[-+]?[0-9]{0,4}\.?[0-9]{0,3}(e[-+]?[0-9]{1,4})? ?(%|kB|KB|M|KiB)?", fullmatch=True)), max_size=4))
def test_any_text_is_a_number_or_a_sentence(quantity: str, texts: list[str]) -> None:
    try:
        values = read(quantity, *texts)
    except InputError:  # whose sentences are checked above
        return
    assert len(values) == len(texts)
    assert all(0 <= value <= 1e15 for value in values)
    assert quantity == "accuracy" or all(values)


@given(st.sampled_from(["accuracy", "log_loss", "memory", "macs"]), st.floats(1.01, 99))
def test_numbers_come_back_as_they_were(quantity: str, value: float) -> None:
    assert read(quantity, repr(value)) == [value]


@given(st.integers(1, 10**12))
def test_counts_come_back_exactly_with_any_unit(value: int) -> None:
    assert read("macs", f"{value}") == read("macs", f"{value}000e-3") == [value]
    assert read("memory", f"{value // 1000}.{value % 1000:03d}kB") == [value]
