"""Lenient reading: each repair gives the table back and is told; what cannot be repaired is refused in one sentence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task1.config import taxonomy
from task1.errors import InputError
from task1.outputs import Outputs, Repair, read_outputs, read_repaired, table

SCENES = taxonomy().scenes
TEXT = table(Outputs(("0.wav", "b c.wav", "é.wav"), np.random.default_rng(1).dirichlet(np.full(10, 0.3), 3)))
HEADER, *ROWS = TEXT.splitlines()


def save(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "x.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def same(found: Outputs, wanted: Outputs, tolerance: float = 1e-12) -> None:
    assert found.filenames == wanted.filenames
    assert (found.decisions == wanted.decisions).all()
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, rtol=tolerance)


def each_row(change: Callable[[list[str]], list[str]]) -> str:
    return "\n".join("\t".join(change(line.split("\t"))) for line in TEXT.splitlines())


REPAIRABLE = {
    "begins with a byte-order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "UTF-16 text": TEXT.encode("utf-16"),
    "UTF-16 text: decoded": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-32 text": TEXT.encode("utf-32"),
    "not UTF-8 text: read as Latin-1": TEXT.encode("latin-1"),
    "lines end with CR alone": TEXT.replace("\n", "\r").encode(),
    "separated by commas": TEXT.replace("\t", ",").encode(),
    "separated by semicolons": TEXT.replace("\t", ";").encode(),
    "separated by bars": TEXT.replace("\t", "|").encode(),
    "separated by spaces": TEXT.replace("b c.wav", "b_c.wav").replace("\t", " ").encode(),
    "decimal commas": TEXT.replace(".", ",").replace(",wav", ".wav").replace("\t", ";").encode(),
    "decimal commas: read as points": TEXT.replace(".", ",").replace(",wav", ".wav").encode(),
    "fields in quotation marks": each_row(lambda fields: [f'"{field}"' for field in fields]).encode(),
    "quotation marks: read without": each_row(lambda fields: [f'"{field}"' for field in fields]).replace(
        "\t", ",").encode(),
    "no header": "\n".join(ROWS).encode(),
    "further columns ''": each_row(lambda fields: ["", *fields]).encode(),
    "further columns 'index'": each_row(
        lambda fields: [*fields, "index" if fields[0] == "filename" else "7"]).encode(),
    "blank: left out": TEXT.replace("\n", "\n\n").encode(),
    "blanks around fields": each_row(lambda fields: [f" {field} " for field in fields]).encode(),
    "names of columns in another spelling": TEXT.replace("filename", "Filename").replace(
        "\tmetro_station\t", "\tMetro Station\t", 1).encode(),
    "repeats another row": f"{TEXT}{ROWS[0]}\n".encode(),
}


@pytest.mark.parametrize(("what", "content"), REPAIRABLE.items())
def test_a_repair_gives_the_table_back_and_is_told(tmp_path: Path, what: str, content: bytes) -> None:
    path = save(tmp_path, content)
    with pytest.raises(InputError):
        read_outputs(path)
    outputs, repairs = read_repaired(path)
    wanted = TEXT.replace("b c.wav", "b_c.wav") if "spaces" in what else TEXT
    same(outputs, read_outputs(save(tmp_path, wanted)))
    assert any(what in repair.what for repair in repairs), repairs


def test_rows_of_another_sum_are_scaled(tmp_path: Path) -> None:
    rows = [line.split("\t") for line in ROWS]
    scaled = ["\t".join([*row[:2], *(repr(float(value) * 3) for value in row[2:])]) for row in rows[:2]]
    outputs, repairs = read_repaired(save(tmp_path, "\n".join([HEADER, *scaled, ROWS[2]])))
    same(outputs, read_outputs(save(tmp_path, TEXT)), 1e-8)  # the text has nine digits
    assert repairs == [Repair("probabilities of another sum than 1: scaled to it", (2, 3))]
    assert repairs[0].at("T") == "T, rows 2, 3: probabilities of another sum than 1: scaled to it"


def test_the_label_stays_the_decision(tmp_path: Path) -> None:
    row = "0.wav\tbus\t0.6\t0.4" + "\t0" * 8
    outputs, repairs = read_repaired(save(tmp_path, f"{HEADER}\n{row}"))
    assert outputs.labels == ["bus"]
    assert outputs.probabilities[0, :2].tolist() == [0.6, 0.4]
    assert [repair.rows for repair in repairs] == [(2,)]


def test_a_scene_in_another_spelling(tmp_path: Path) -> None:
    row = "0.wav\tMetro-Station" + "\t0" * 3 + "\t1" + "\t0" * 6
    outputs, repairs = read_repaired(save(tmp_path, f"{HEADER}\n{row}"))
    assert outputs.labels == ["metro_station"]
    assert "another spelling" in repairs[0].what


def test_a_table_as_it_should_be_has_no_repairs(tmp_path: Path) -> None:
    outputs, repairs = read_repaired(save(tmp_path, TEXT.replace("\n", "\r\n")))
    assert repairs == []
    same(outputs, read_outputs(save(tmp_path, TEXT)))


def test_many_rows_of_a_repair_are_told_shortly() -> None:
    assert Repair("r", tuple(range(2, 1002))).at("T") == "T, rows 2, 3, 4 and 997 more: r"
    assert Repair("r", (5,)).at("T") == "T, row 5: r"
    assert Repair("r").at("T") == "T: r"


def with_cell(value: str, column: int = 2) -> str:
    fields = ROWS[1].split("\t")
    fields[column] = value
    return "\n".join([HEADER, ROWS[0], "\t".join(fields)])


@pytest.mark.parametrize(("content", "words"), [
    (with_cell("nan"), "row 3: found 'nan' for airport"),
    (with_cell("-1"), "row 3: found '-1' for airport"),
    (with_cell("inf"), "row 3: found 'inf' for airport"),
    (with_cell("1,0,0"), "row 3: found '1,0,0' for airport"),
    (with_cell("train", 1), "row 3: found scene_label 'train'"),
    (with_cell("", 0), "row 3: found file name ''"),
    (with_cell("0.wav", 0), "row 3: file 0.wav stands in another row already"),
    (with_cell('"x', 1), "row 3: quotation marks that do not pair"),
    (with_cell("x" * 70_000, 0), "row 3: more than 65,536 characters"),
    ("\n".join([HEADER, "0.wav\tbus" + "\t0" * 10]), "row 2: probabilities of sum 0"),
    ("\n".join([HEADER, "0.wav\tbus" + "\t1e308" * 10]), "row 2: probabilities of sum inf"),
    ("\n".join([HEADER, ROWS[0] + "\t1"]), "row 2: found 13 columns"),
    ("\n".join([HEADER, ROWS[0].replace("\t", ",")]), "row 2: found 1 columns"),
    (HEADER, "a header and no rows"),
    (TEXT.replace("\ttram", "\tx", 1), "missing column 'tram'"),
    (TEXT.replace("scene_label\t", "", 1), "missing column 'scene_label'"),
    ("filename\tbus", "missing column"),
    ("bus", "row 1"),
    ("", "empty"),
    ("\n \n", "empty"),
    (b"\xff\xfe\x00", "begins as utf-16 text"),
    (b"PK\x03\x04\xff\xfe\0\0", "row 1"),
])
def test_what_cannot_be_repaired_is_refused(tmp_path: Path, content: str | bytes, words: str) -> None:
    path = save(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_repaired(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_repaired(tmp_path / "none.csv")


PIECES = [b"\t", b"\n", b"\r", b"\r\n", b'"', b"\0", b"\xff", b"\xef\xbb\xbf", b",", b";", b"-", b"/", b"nan", b"e9",
          b" ", b"|", b"1e999", b"\xff\xfe", "é".encode(), b'""', HEADER.encode(), ROWS[0].encode()]


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_mutation_is_read_refused_or_repaired_and_told(tmp_path_factory: pytest.TempPathFactory,
                                                           data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([TEXT.encode(), *REPAIRABLE.values()])))
    for _ in range(data.draw(st.integers(1, 4))):
        place, length = data.draw(st.integers(0, len(content))), data.draw(st.sampled_from([0, 0, 1, 3, 60]))
        content[place:place + length] = data.draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3)))
    path = tmp_path_factory.getbasetemp() / "mutated.csv"
    path.write_bytes(content)
    try:
        outputs, repairs = read_repaired(path)
    except InputError as error:
        message = str(error)
        if not message.startswith(str(path)) or "\n" in message:
            pytest.fail(f"not one sentence about the file: {message}")
        with pytest.raises(InputError):  # the strict reader takes less, never more
            read_outputs(path)
        return
    np.testing.assert_allclose(outputs.probabilities.sum(axis=1), 1, atol=0.0101)
    if repairs:
        with pytest.raises(InputError):
            read_outputs(path)
    else:
        same(outputs, read_outputs(path))
