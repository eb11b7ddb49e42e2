"""The output table in memory: what it refuses, how it is written, joined and read back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Outputs, align, basename, read_outputs, row_sums, table, write_outputs

SCENES = taxonomy().scenes
HEADER = "\t".join(("filename", "scene_label", *SCENES))


def random_outputs(count: int, seed: int = 0) -> Outputs:
    generator = np.random.default_rng(seed)
    return Outputs(tuple(f"{i}.wav" for i in range(count)), generator.dirichlet(np.full(10, 0.3), count))


def test_round_trip_keeps_decisions_and_nine_digits(tmp_path: Path) -> None:
    outputs = random_outputs(500)
    write_outputs(tmp_path / "a.csv", outputs)
    back = read_outputs(tmp_path / "a.csv")
    assert back.filenames == outputs.filenames
    assert back.labels == outputs.labels
    np.testing.assert_allclose(back.probabilities, outputs.probabilities, rtol=1e-8, atol=1e-300)
    write_outputs(tmp_path / "b.csv", back)
    assert [line.split("\t")[:2] for line in (tmp_path / "a.csv").read_text().splitlines()] == \
        [line.split("\t")[:2] for line in (tmp_path / "b.csv").read_text().splitlines()]


def test_written_text_is_the_official_form(tmp_path: Path) -> None:
    outputs = Outputs(("audio/0.wav",), np.array([[0.0, 0.5, 0.25, 0.25] + [0.0] * 6]))
    write_outputs(tmp_path / "a.csv", outputs)
    assert (tmp_path / "a.csv").read_bytes() == f"{HEADER}\n0.wav\tbus\t0\t0.5\t0.25\t0.25{chr(9)}0".encode() \
        + b"\t0" * 5 + b"\n"
    assert (tmp_path / "a.csv").read_text() == table(outputs)


def test_align_joins_by_base_name() -> None:
    outputs = random_outputs(5)
    turned = align(outputs, [f"audio/{i}.wav" for i in (4, 2, 0, 1, 3)])
    assert turned.filenames == ("4.wav", "2.wav", "0.wav", "1.wav", "3.wav")
    assert (turned.probabilities == outputs.probabilities[[4, 2, 0, 1, 3]]).all()
    assert (turned.decisions == outputs.decisions[[4, 2, 0, 1, 3]]).all()


def test_align_tells_missing_and_extra() -> None:
    with pytest.raises(InputError, match=r"T: 3 clips .* 2 of the list: 1 missing \(first: 7.wav\); "
                                         r"2 not asked for \(first: 1.wav, 2.wav\)"):
        align(random_outputs(3), ["0.wav", "7.wav"], "T")


@pytest.mark.parametrize("values", [[[0.5] * 10], [[np.nan] * 10], [[2.0, -1.0] + [0.0] * 8], [[0.1] * 9]])
def test_outputs_refuse_what_is_no_distribution(values: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Outputs(("0.wav",), np.array(values))


def test_outputs_refuse_two_rows_for_one_file() -> None:
    with pytest.raises(ValueError, match="twice"):
        Outputs(("0.wav", "audio/0.wav"), np.full((2, 10), 0.1))


@given(st.integers(0, 9000), st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_sums_of_rows_are_added_from_the_first_value_to_the_last(rows: int, columns: int) -> None:
    values = np.random.default_rng(rows).dirichlet(np.full(columns, 0.1), rows).reshape(rows, columns)
    assert row_sums(values).tolist() == [sum(row) for row in values.tolist()]


@pytest.mark.parametrize(("name", "base"), [("audio/0.wav", "0.wav"), ("0.wav", "0.wav"), ("a\\b/c.wav", "c.wav"),
                                            ("/x/ä ö.wav", "ä ö.wav")])
def test_basename(name: str, base: str) -> None:
    assert basename(name) == base
