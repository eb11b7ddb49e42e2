"""The figure: written whole or not at all, the same bytes each time, and nothing told by colour alone."""

from itertools import combinations
from pathlib import Path

import pytest

from task1.errors import InputError
from task1.plotting import STYLE, SUFFIXES
from task1.scoring.pareto_plot import COVERED, STYLES, Box, draw, free, marks_of

ROWS = [
    {"system": "A", "accuracy": 58.7, "macs": 4.35e6, "memory": 12310, "front": True, "from": "official"},
    {"system": "B", "accuracy": 62.7, "macs": 16.8e6, "memory": 54182, "front": True, "from": "official"},
    {"system": "run/1", "accuracy": 58.0, "macs": 8.6e6, "memory": 45164, "front": None, "from": "SYNTHETIC"},
    {"system": "C", "accuracy": 50.0, "macs": 8.6e6, "memory": None, "front": None, "from": "what-if"},
    {"system": "no figures", "accuracy": None, "macs": None, "from": "official"},
]
BEGINNINGS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_each_format_twice_the_same(tmp_path: Path, suffix: str) -> None:
    first, second = (tmp_path / f"{name}{suffix}" for name in ("first", "second"))
    draw(first, ROWS, "A title")
    draw(second, ROWS, "A title")
    assert first.read_bytes().startswith(BEGINNINGS[suffix])
    assert first.read_bytes() == second.read_bytes()


def test_all_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STYLE, "svg.fonttype", "none")  # text as text
    draw(tmp_path / "x.svg", ROWS, "A title of a figure that is quite long " * 4)
    text = (tmp_path / "x.svg").read_text()
    for shown in ("run/1", "SYNTHETIC", "official", "what-if", "Pareto front", "54,182 bytes", "memory not known"):
        assert shown in text
    assert "no figures" not in text


def test_shapes_tell_apart_what_colours_do() -> None:
    shown = [style for kind, style in STYLES.items() if kind is not None]
    assert len({style.shape for style in shown}) == len(shown) == len({style.colour for style in shown})
    assert {style.shape for style in STYLES.values()} <= set(COVERED)


def test_rows_of_a_csv_without_memory(tmp_path: Path) -> None:
    draw(tmp_path / "x.png", [{"system": f"s{row}", "accuracy": 50.0 + row, "macs": 1e6 * row} for row in range(1, 30)],
         "Many")
    assert (tmp_path / "x.png").stat().st_size > 1000


@pytest.mark.parametrize(("name", "rows", "expected"), [
    ("x.gif", ROWS, "found the ending .gif"), ("x", ROWS, r"found the ending \(none\)"),
    ("x.png", ROWS[-1:], "no system has both accuracy and MACs")])
def test_what_cannot_be_drawn(tmp_path: Path, name: str, rows: list, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        draw(tmp_path / name, rows, "A title")
    assert list(tmp_path.iterdir()) == []


def test_names_cover_neither_each_other_nor_marks() -> None:
    rows = [{"system": name, "accuracy": accuracy, "macs": macs, "memory": 1} for name, accuracy, macs in (
        ("small", 65.3, 5.0e8), ("middle", 65.6, 5.7e8), ("large", 66.2, 6.1e8), ("other", 40.0, 9e9))]
    marks = marks_of(rows, [100.0] * len(rows), logarithmic=True)
    names: list[Box] = []
    for row in rows:
        free(row, marks, names)
    boxes = [*names, *marks.values()]
    covered = [(one, other) for one, other in combinations(boxes, 2) if one not in marks.values() and
               one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]]
    assert covered == []
