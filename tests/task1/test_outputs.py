"""The official output table: what is accepted, what is refused and with which words, and the round trip."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import (
    Outputs,
    _bytes,
    _header,
    _parse_fast,
    _parse_rows,
    align,
    basename,
    read_outputs,
    write_outputs,
)

SCENES = taxonomy().scenes
HEADER = "\t".join(("filename", "scene_label", *SCENES))
GOOD = "0.wav\tbus\t0.1\t0.6\t0.05\t0.05\t0.05\t0.05\t0.05\t0.05\t0\t0"


def table(tmp_path: Path, *rows: str, header: str = HEADER, ends: str = "\n") -> Path:
    path = tmp_path / "x.output.csv"
    path.write_bytes(ends.join([header, *rows, ""]).encode())
    return path


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
    write_outputs(tmp_path / "a.csv", Outputs(("audio/0.wav",), np.array([[0.0, 0.5, 0.25, 0.25] + [0.0] * 6])))
    assert (tmp_path / "a.csv").read_bytes() == f"{HEADER}\n0.wav\tbus\t0\t0.5\t0.25\t0.25{chr(9)}0".encode() \
        + b"\t0" * 5 + b"\n"


def test_label_decides_a_tie(tmp_path: Path) -> None:
    tie = "0.wav\tmetro\t0\t0.5\t0.5" + "\t0" * 7
    outputs = read_outputs(table(tmp_path, tie))
    assert outputs.labels == ["metro"]
    assert align(outputs, ["0.wav"]).labels == ["metro"]


def test_columns_are_read_by_header_and_crlf_is_accepted(tmp_path: Path) -> None:
    order = list(range(12))[::-1]
    shuffled = [[line.split("\t")[i] for i in order] for line in (HEADER, GOOD)]
    path = table(tmp_path, "\t".join(shuffled[1]), header="\t".join(shuffled[0]), ends="\r\n")
    outputs = read_outputs(path)
    assert outputs.filenames == ("0.wav",)
    assert outputs.probabilities[0, :3].tolist() == [0.1, 0.6, 0.05]


def change(column: int, value: str) -> str:
    fields = GOOD.replace("0.wav", "1.wav").split("\t")
    fields[column] = value
    return "\t".join(fields)


@pytest.mark.parametrize(("row", "words"), [
    (change(3, "nan"), "row 3: found 'nan' for bus"),
    (change(3, "inf"), "row 3: found 'inf' for bus"),
    (change(2, "-0.1"), "row 3: found '-0.1' for airport"),
    (change(2, "x"), "row 3: found 'x' for airport"),
    (change(2, ""), "row 3: found '' for airport"),
    (change(3, "0.5"), "row 3: probabilities of sum 0.9"),
    (change(1, "train"), "row 3: found scene_label 'train'"),
    (change(1, "airport"), "row 3: scene_label airport has probability 0.1, but bus has 0.6"),
    (change(0, "audio/0.wav"), "row 3: file 0.wav stands in row 2 already"),
    (change(0, ""), "row 3: found file name ''"),
    (change(0, "a\rb"), "row 3: found file name"),
    (GOOD + "\t1", "row 3: found 13 columns"),
    (GOOD.rsplit("\t", 1)[0], "row 3: found 11 columns"),
    ("", "row 3: found 1 columns"),
])
def test_a_bad_row_is_named_with_its_reason(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_outputs(table(tmp_path, GOOD, row, change(0, "2.wav")))
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(("content", "words"), [
    (b"", "empty"),
    (b"\r\n\n", "empty"),
    (HEADER.encode(), "a header and no rows"),
    (GOOD.encode(), "where the header should be"),
    (HEADER.replace("\t", ",").encode(), "separated by commas"),
    (HEADER.replace("\t", ";").encode(), "separated by semicolons"),
    (b"\xef\xbb\xbf" + HEADER.encode(), "byte-order mark"),
    (f"{HEADER}\n{GOOD}".encode("utf-16"), "not UTF-8"),
    (f"{HEADER}\n{GOOD}\n".encode() + b"\xff.wav", "row 3: not UTF-8"),
    (HEADER.replace("\ttram", "").encode(), "missing column 'tram'"),
    ((HEADER + "\tboat").encode(), "unknown column 'boat'"),
    ((HEADER + "\ttram").encode(), "column that stands twice: 'tram'"),
])
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.csv") as caught:
        read_outputs(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_outputs(tmp_path / "none.csv")


CELLS = st.one_of(st.sampled_from(["0", "1", "0.5", "0.25", "1e-3", " 0.5", "0.5 ", "", "nan", "1_0", "0x1", "٠"]),
                  st.text(max_size=4))


@given(cells=st.lists(CELLS, min_size=10, max_size=10), name=st.text(max_size=6), label=st.sampled_from([*SCENES, "x"]))
@settings(max_examples=300, deadline=None)
def test_quick_reader_never_accepts_what_the_definition_refuses(cells: list[str], name: str, label: str) -> None:
    data = f"{HEADER}\n{GOOD}\n{name}\t{label}\t{chr(9).join(cells)}".encode("utf-8", "surrogatepass").rstrip(b"\r\n")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    columns = HEADER.split("\t")
    quick = _parse_fast(data, columns)
    if quick is None:
        return
    defined = _parse_rows(Path("x"), data, columns)
    assert quick.filenames == defined.filenames
    assert (quick.decisions == defined.decisions).all()
    np.testing.assert_allclose(quick.probabilities, defined.probabilities, rtol=1e-15)


def test_quick_reader_reads_what_we_write(tmp_path: Path) -> None:
    write_outputs(tmp_path / "a.csv", random_outputs(50))
    data = _bytes(tmp_path / "a.csv")
    assert _parse_fast(data, _header(tmp_path / "a.csv", data)) is not None


def test_align_joins_by_base_name() -> None:
    outputs = random_outputs(5)
    turned = align(outputs, [f"audio/{i}.wav" for i in (4, 2, 0, 1, 3)])
    assert turned.filenames == ("4.wav", "2.wav", "0.wav", "1.wav", "3.wav")
    assert (turned.probabilities == outputs.probabilities[[4, 2, 0, 1, 3]]).all()


def test_align_tells_missing_and_extra() -> None:
    with pytest.raises(InputError, match=r"T: 3 clips .* 2 of the list: 1 missing \(first: 7.wav\); "
                                         r"2 not asked for \(first: 1.wav, 2.wav\)"):
        align(random_outputs(3), ["0.wav", "7.wav"], "T")


@pytest.mark.parametrize("values", [[[0.5] * 10], [[np.nan] * 10], [[2.0, -1.0] + [0.0] * 8], [[0.1] * 9]])
def test_outputs_refuse_what_is_no_distribution(values: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Outputs(("0.wav",), np.array(values))


@pytest.mark.parametrize(("name", "base"), [("audio/0.wav", "0.wav"), ("0.wav", "0.wav"), ("a\\b/c.wav", "c.wav"),
                                            ("/x/ä ö.wav", "ä ö.wav")])
def test_basename(name: str, base: str) -> None:
    assert basename(name) == base


@pytest.mark.slow
def test_a_full_evaluation_set_is_read_in_seconds(tmp_path: Path) -> None:
    write_outputs(tmp_path / "a.csv", random_outputs(118_800))
    start = time.perf_counter()
    assert len(read_outputs(tmp_path / "a.csv")) == 118_800
    assert time.perf_counter() - start < 10
