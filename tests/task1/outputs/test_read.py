"""Strict reading: what is accepted, what is refused and with which words; the quick reader against the definition."""

import os
import time
import warnings
from io import BytesIO
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Fault, Outputs, faults, read_outputs, table, write_outputs
from task1.outputs.read import PIECE, read_by_row, read_quickly
from task1.outputs.rows import ROW_BYTES

SCENES = taxonomy().scenes
HEADER = "\t".join(("filename", "scene_label", *SCENES))
GOOD = "0.wav\tbus\t0.1\t0.6\t0.05\t0.05\t0.05\t0.05\t0.05\t0.05\t0\t0"


def written(tmp_path: Path, *rows: str, header: str = HEADER, ends: str = "\n") -> Path:
    path = tmp_path / "x.output.csv"
    path.write_bytes(ends.join([header, *rows, ""]).encode())
    return path


def random_outputs(count: int, seed: int = 0) -> Outputs:
    generator = np.random.default_rng(seed)
    return Outputs(tuple(f"{i}.wav" for i in range(count)), generator.dirichlet(np.full(10, 0.3), count))


def test_label_decides_a_tie(tmp_path: Path) -> None:
    assert read_outputs(written(tmp_path, "0.wav\tmetro\t0\t0.5\t0.5" + "\t0" * 7)).labels == ["metro"]


def test_columns_are_read_by_header_and_crlf_is_accepted(tmp_path: Path) -> None:
    order = list(range(12))[::-1]
    shuffled = [[line.split("\t")[i] for i in order] for line in (HEADER, GOOD)]
    path = written(tmp_path, "\t".join(shuffled[1]), header="\t".join(shuffled[0]), ends="\r\n")
    outputs = read_outputs(path)
    assert outputs.filenames == ("0.wav",)
    assert outputs.probabilities[0, :3].tolist() == [0.1, 0.6, 0.05]


def change(column: int, value: str) -> str:
    fields = GOOD.replace("0.wav", "1.wav").split("\t")
    fields[column] = value
    return "\t".join(fields)


BAD_ROWS = [
    (change(3, "nan"), "row 3: found 'nan' for bus, expected a probability"),
    (change(3, "inf"), "row 3: found 'inf' for bus"),
    (change(2, "-0.1"), "row 3: found '-0.1' for airport"),
    (change(2, "x"), "row 3: found 'x' for airport"),
    (change(2, "0,1"), "row 3: found '0,1' for airport"),
    (change(2, ""), "row 3: found '' for airport"),
    ("1.wav\tbus" + "\t" * 10, "row 3: found '' for airport (and 9 more)"),
    (change(3, "0.5"), "row 3: probabilities of sum 0.9"),
    (change(3, "6"), "row 3: probabilities of sum 6.4"),
    (change(1, "train"), "row 3: found scene_label 'train'"),
    (change(1, "airport"), "row 3: scene_label airport has probability 0.1, but bus has 0.6"),
    (change(0, "audio/0.wav"), "row 3: file 0.wav stands in row 2 already"),
    (change(0, ""), "row 3: found file name ''"),
    (change(0, "audio/"), "row 3: found file name ''"),
    (change(0, "a\rb"), "row 3: found file name"),
    (change(0, "a\0b"), "row 3: found file name"),
    (change(0, '"1.wav"'), "row 3: found '\"1.wav\"', expected fields without quotation marks"),
    (change(1, '"bus"'), "row 3: found '\"bus\"', expected fields without quotation marks"),
    (change(0, "a" * ROW_BYTES), f"row 3: more than {ROW_BYTES:,} bytes without a line end"),
    (GOOD.replace("\t", ","), "row 3: found 1 columns"),
    (GOOD + "\t1", "row 3: found 13 columns"),
    (GOOD.rsplit("\t", 1)[0], "row 3: found 11 columns"),
    ("", "row 3: found an empty row"),
]


@pytest.mark.parametrize(("row", "words"), BAD_ROWS)
def test_a_bad_row_is_named_with_its_reason(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_outputs(written(tmp_path, GOOD, row, change(0, "2.wav")))
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("content", "words"), [
    (b"", "empty"),
    (b"\r\n\n", "empty"),
    (HEADER.encode(), "a header and no rows"),
    (GOOD.encode(), "row 1: found '0.wav' where the header should be"),
    (HEADER.replace("\t", ",").encode(), "separated by commas"),
    (HEADER.replace("\t", ";").encode(), "separated by semicolons"),
    (HEADER.replace("\t", " ").encode(), "separated by spaces"),
    (HEADER.replace("filename", '"filename"').encode(), "quoted column names"),
    (f"{HEADER}\r{GOOD}\r".encode(), "row 1: lines end with CR alone"),
    (b"\xef\xbb\xbf" + HEADER.encode(), "byte-order mark"),
    (f"{HEADER}\n{GOOD}".encode("utf-16"), "row 1: not UTF-8"),
    (f"{HEADER}\n{GOOD}\n".encode() + b"\xff.wav", "row 3: not UTF-8"),
    (HEADER.replace("\ttram", "").encode(), "missing column 'tram'"),
    ((HEADER + "\tboat").encode(), "unknown column 'boat'"),
    ((HEADER + "\ttram").encode(), "column that stands twice: 'tram'"),
    (b"x" * 10 * ROW_BYTES, "row 1: more than"),
    (b"filename\t" * 5000, "missing column 'scene_label'"),
])
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.csv") as caught:
        read_outputs(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_outputs(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_outputs(tmp_path)


@pytest.mark.parametrize("text", [f"{HEADER}\n{GOOD}\n", f"{HEADER}\n{GOOD}\n{GOOD}\n"])
def test_a_pipe_is_read_like_a_file(tmp_path: Path, text: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(text.encode(),))
    writer.start()
    try:
        if text.count(GOOD) == 1:
            assert read_outputs(pipe).labels == ["bus"]
        else:
            with pytest.raises(InputError, match=r"row 3: file 0\.wav stands in row 2"):
                read_outputs(pipe)
    finally:
        writer.join()


def test_all_faults_are_listed_in_order() -> None:
    rows = [GOOD, *(row for row, _ in BAD_ROWS), change(0, "9.wav")]
    text = "\n".join([HEADER, *rows, "", ""]).encode()
    found = list(faults(BytesIO(text)))
    places = [fault.row for fault in found]
    assert places == sorted(places)
    assert set(places) == set(range(3, 3 + len(BAD_ROWS)))
    for row, (_, words) in enumerate(BAD_ROWS, start=3):
        told = [fault.at("T") for fault in found if fault.row == row]
        assert any(words.replace("row 3", f"row {row}") in sentence for sentence in told), (row, told)


def test_faults_against_a_list_of_clips() -> None:
    text = "\n".join([HEADER, GOOD, change(0, "7.wav"), change(0, "audio/1.wav")]).encode()
    assert list(faults(BytesIO(text), ["0.wav", "1.wav", "7.wav"])) == []
    assert [(fault.row, fault.kind) for fault in faults(BytesIO(text), ["0.wav", "1.wav", "5.wav", "6.wav"])] \
        == [(3, "unknown"), (None, "missing")]
    assert list(faults(BytesIO(text), ["0.wav", "1.wav", "5.wav"]))[-1].message.startswith(
        "1 of 3 clips missing (first: 5.wav)")


def test_one_row_can_have_several_faults() -> None:
    row = change(1, "x").replace("0.6", "0.9").replace("1.wav", "0.wav")
    found = list(faults(BytesIO(f"{HEADER}\n{GOOD}\n{row}".encode())))
    assert [fault.kind for fault in found] == ["duplicate", "sum", "label"]


def test_after_a_byte_order_mark_the_rest_is_still_looked_at() -> None:
    found = list(faults(BytesIO(b"\xef\xbb\xbf" + f"{HEADER}\n{change(3, '9')}".encode())))
    assert [fault.kind for fault in found] == ["encoding", "sum"]


def test_a_huge_line_needs_little_memory() -> None:
    class Endless(BytesIO):
        """A line of 1 GB that nobody holds."""

        left = 1 << 30
        largest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 <= size <= ROW_BYTES
            taken = min(size, self.left)
            self.left -= taken
            return b"x" * taken

    assert [fault.kind for fault in faults(Endless())] == ["columns"]


CELLS = st.one_of(st.sampled_from(["0", "1", "0.5", "0.25", "1e-3", " 0.5", "0.5 ", "", "nan", "1_0", "0x1", "٠", "+1",
                                   "1d0", "1e400", "1e-400", ".5", "5.", "Infinity", "True", "0.99", "1.01", "0.01"]),
                  st.text(max_size=4))


def agree(data: bytes) -> None:
    """Where the quick reader takes a table, the definition takes it and reads the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick = read_quickly(BytesIO(data))
    found = list(faults(BytesIO(data)))
    if quick is None:
        return
    assert found == []
    defined = read_by_row(BytesIO(data), Path("x"))
    assert quick.filenames == defined.filenames
    assert (quick.decisions == defined.decisions).all()
    np.testing.assert_allclose(quick.probabilities, defined.probabilities, rtol=1e-15, atol=0)


@given(cells=st.lists(CELLS, min_size=10, max_size=10), name=st.text(max_size=6), label=st.sampled_from([*SCENES, "x"]))
@settings(max_examples=300, deadline=None)
def test_quick_reader_never_accepts_what_the_definition_refuses(cells: list[str], name: str, label: str) -> None:
    agree(f"{HEADER}\n{GOOD}\n{name}\t{label}\t{chr(9).join(cells)}".encode("utf-8", "surrogatepass"))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid table of a few rows with some of its bytes replaced, left out, doubled or put in."""
    data = bytearray(table(random_outputs(draw(st.integers(1, 4)), draw(st.integers(0, 9)))).encode())
    special = st.sampled_from([b"\t", b"\n", b"\r", b"\r\n", b'"', b"\0", b"\xff", b"\xef\xbb\xbf", b",", b";", b"-",
                               b"/", b"nan", b"e9", b"\t\t", b"\n\n", "é".encode()])
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 0, 1, 1, 5, 60]))
        again = st.just(bytes(data[place:place + 80]))
        data[place:place + length] = draw(st.one_of(special, st.binary(max_size=3), again))
    return bytes(data)


@given(mutated())
@settings(max_examples=200, deadline=None)
def test_a_mutated_table_is_read_as_defined_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    agree(data)
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(data)
    found = next(faults(BytesIO(data)), None)
    if found is None:
        assert len(read_outputs(path)) > 0
    else:
        with pytest.raises(InputError) as caught:
            read_outputs(path)
        assert str(caught.value) == found.at(path)


@given(data=mutated(), piece=st.integers(1, 400))
@settings(max_examples=200, deadline=None)
def test_pieces_of_any_size_are_read_as_defined(data: bytes, piece: int) -> None:
    whole = read_quickly(BytesIO(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("task1.outputs.read.PIECE", piece)
        agree(data)
        cut = read_quickly(BytesIO(data))
    assert (cut is None) == (whole is None)


def test_quick_reader_reads_what_we_write_in_pieces() -> None:
    outputs = random_outputs(2 * PIECE // 150)
    data = table(outputs).encode()
    assert len(data) > 1.5 * PIECE
    quick = read_quickly(BytesIO(data))
    assert quick is not None
    assert quick.filenames == outputs.filenames
    np.testing.assert_allclose(quick.probabilities, outputs.probabilities, rtol=1e-8, atol=1e-300)
    assert read_quickly(BytesIO(data.replace(b"\n", b"\r\n"))) is not None
    assert read_quickly(BytesIO(data[:-1])) is not None
    assert read_quickly(BytesIO(data + b"\n\r\n")) is not None
    assert read_quickly(BytesIO(data + b"\n" + data.splitlines()[-1].replace(b".wav", b"a.wav"))) is None


def test_numbers_are_read_to_the_last_digit() -> None:
    values = np.random.default_rng(3).dirichlet(np.full(10, 0.1), 2000)
    rows = [f"{i}.wav\t{SCENES[row.argmax()]}\t" + "\t".join(map(repr, row.tolist())) for i, row in enumerate(values)]
    quick = read_quickly(BytesIO("\n".join([HEADER, *rows]).encode()))
    assert quick is not None
    np.testing.assert_allclose(quick.probabilities, values, rtol=5e-16, atol=0)


def test_a_fault_is_told_with_and_without_a_row() -> None:
    assert Fault(3, "name", "bad").at("T") == "T, row 3: bad"
    assert Fault(None, "file", "bad").at(Path("T")) == "T: bad"


@pytest.mark.slow
def test_a_full_evaluation_set_is_read_in_seconds(tmp_path: Path) -> None:
    write_outputs(tmp_path / "a.csv", random_outputs(118_800))
    start = time.perf_counter()
    assert len(read_outputs(tmp_path / "a.csv")) == 118_800
    assert time.perf_counter() - start < 5
