import contextlib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from task1.corpus.lists import read_list
from task1.errors import InputError

PLAIN = b"filename\tscene_label\naudio/a.wav\tbus\naudio/b.wav\tpark\n"
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, content: bytes, *needed: str, optional: tuple[str, ...] = ()) -> pd.DataFrame:
    path = folder / "list.csv"
    path.write_bytes(content)
    return read_list(path, needed or ("filename", "scene_label"), optional)


def test_columns_and_line_numbers(tmp_path: Path) -> None:
    frame = read(tmp_path, PLAIN)
    assert frame.to_dict("list") == {"filename": ["audio/a.wav", "audio/b.wav"], "scene_label": ["bus", "park"]}
    assert list(frame.index) == [2, 3]


@pytest.mark.parametrize("content", [
    PLAIN.replace(b"\n", b"\r\n"),
    b"\xef\xbb\xbf" + PLAIN,
    PLAIN.removesuffix(b"\n"),
    PLAIN + b"\n\r\n",
    b"scene_label\tfilename\nbus\taudio/a.wav\npark\taudio/b.wav\n",
    b"filename\tx\tscene_label\naudio/a.wav\t\tbus\naudio/b.wav\t9\tpark\n",
], ids=["CRLF", "BOM", "no last line end", "blank lines at the end", "other order", "further column"])
def test_other_spellings_of_the_same_list(tmp_path: Path, content: bytes) -> None:
    pd.testing.assert_frame_equal(read(tmp_path, content), read(tmp_path, PLAIN))


def test_optional_columns(tmp_path: Path) -> None:
    assert list(read(tmp_path, PLAIN, "filename", optional=("device_id", "scene_label"))) == ["filename", "scene_label"]


@pytest.mark.parametrize(("content", "told"), [
    (b"", "line 1: found an empty file"),
    (b"\n\n", "line 1: found an empty file"),
    (b"\n" + PLAIN, "line 1: found an empty first line"),
    (b"filename\tscene_label\n", "found a header and no rows"),
    (PLAIN.replace(b"\t", b","), "line 1: found columns separated by commas, expected TABs"),
    (PLAIN.replace(b"\t", b";"), "line 1: found columns separated by semicolons, expected TABs"),
    (PLAIN.replace(b"a.wav\t", b"a.wav,"), r"line 2: found 1 columns \(separated by commas\), expected 2"),
    (PLAIN.replace(b"\tpark", b""), "line 3: found 1 columns, expected 2"),
    (PLAIN.replace(b"park", b"park\t"), "line 3: found 3 columns, expected 2"),
    (PLAIN.replace(b"bus\n", b"bus\n\n"), "line 3: found an empty line"),
    (PLAIN.replace(b"scene_label", b"label"), "line 1: found columns 'filename, label', .* missing: scene_label"),
    (PLAIN.split(b"\n", 1)[1], "line 1: found columns 'audio/a.wav, bus', .* missing: filename, scene_label"),
    (PLAIN.replace(b"scene_label", b"filename"), "line 1: found columns .* missing: scene_label"),
    (b"filename\tscene_label\tfilename\nx\ty\tz\n", "line 1: found column filename 2 times"),
    (PLAIN.replace(b"park", b"p\xe4rk"), "line 3: found byte 0xe4, which is not UTF-8"),
    (PLAIN.replace(b"b.wav", b"a.wav"), "line 3: found 'audio/a.wav', which stands in line 2 already"),
])
def test_refused_with_line_and_reason(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(InputError, match=f"list.csv(, |: ){told}") as caught:
        read(tmp_path, content)
    assert "\n" not in str(caught.value)


def test_a_blank_line_is_no_clip_in_a_list_of_one_column(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 3: found an empty line, expected 1"):
        read(tmp_path, b"filename\naudio/0.wav\n\naudio/1.wav\n", "filename")


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"meta.csv: no such file"):
        read_list(tmp_path / "meta.csv", ("filename",))
    with pytest.raises(InputError, match="cannot be read"):
        read_list(tmp_path, ("filename",))


@same_folder
@given(st.one_of(st.binary(), st.binary().map(PLAIN.__add__), st.text("filename\tscb\r\n,\ufeff").map(str.encode)))
def test_any_bytes_give_a_frame_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    with contextlib.suppress(InputError):
        frame = read(tmp_path, content, "filename")
        assert len(frame) >= 1
        assert frame["filename"].is_unique


cells = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\ufeff"), min_size=1, max_size=8)


@same_folder
@given(st.lists(st.tuples(cells, cells), min_size=1, unique_by=lambda row: row[0]))
def test_cells_come_back_as_they_are(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """Quotes, 'NA', '1e5' and the like have no meaning in these lists."""
    text = "".join("\t".join(row) + "\n" for row in [("filename", "scene_label"), *rows])
    assert list(read(tmp_path, text.encode()).itertuples(index=False, name=None)) == rows
