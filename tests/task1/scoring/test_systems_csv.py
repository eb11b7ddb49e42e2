"""Anybody's CSV of systems: what is read, and the sentence for what is not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task1.config import ranking_of
from task1.errors import InputError
from task1.scoring.systems_csv import read_systems

WEIGHTED, ACCURACY = ranking_of("2023"), ranking_of("2020")
GOOD = "system,team,accuracy,memory,macs\nA,x,58.7,12310,4.35M\nB,y,62.7,54.182kB,16.8e6\n"


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "systems.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("content", [
    GOOD, GOOD.replace(",", ";"), GOOD.replace(",", "\t"), GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, "\n" + GOOD,
    GOOD.replace("\nB", "\n,,,,\n\nB"), GOOD.replace("system,", " System ,").replace("macs", "MACS"),
    GOOD.replace("system,", "label,").replace("memory", "memory_bytes"),
    GOOD.replace("macs", "mmacs").replace("4.35M", "4.35").replace("16.8e6", "16.8")])
def test_forms_of_one_file(tmp_path: Path, content: str) -> None:
    table = read_systems(written(tmp_path, content), WEIGHTED)
    assert [(system.name, system.team, dict(system.figures)) for system in table.contenders] == [
        ("A", "x", {"accuracy": 58.7, "memory": 12310, "macs": 4.35e6}),
        ("B", "y", {"accuracy": 62.7, "memory": 54182, "macs": 16.8e6})]
    assert table.unused == ()


def test_unknown_figures_and_columns(tmp_path: Path) -> None:
    table = read_systems(written(tmp_path, "system,accuracy,memory,macs,remark\nA,-,5,6,x\n\nB,1,,6,\n"), WEIGHTED)
    assert [dict(system.figures) for system in table.contenders] == [
        {"memory": 5, "macs": 6}, {"accuracy": 100, "macs": 6}]
    assert (table.lines, table.unused) == ((2, 4), ("remark",))


@pytest.mark.parametrize(("content", "expected"), [
    ("", "empty, expected a header"),
    ("\n\n", "empty, expected a header"),
    ("system,accuracy\n", "a header and nothing below it"),
    ("accuracy\n58\n", "line 1: no column system; found accuracy"),
    ("system,acuracy\nA,58\n", "line 1: no column accuracy; found system, acuracy"),
    ("system|accuracy\nA|58\n", "no column system and no column accuracy; found system|accuracy"),
    ("system,accuracy\nA,58,59\n", "line 2: found 3 cells, expected 2"),
    ("system,accuracy\nA\n", "line 2: found 1 cells, expected 2"),
    ("system,accuracy\nA,58\nA,59\n", "line 3: system A stands in line 2 already"),
    ("system,accuracy\nA,58\n,59\n", "line 3: system is empty"),
    ("system,label,accuracy\nA,B,58\n", "found system twice (columns system and label)"),
    ("system,accuracy\nA,many\n", "line 2: accuracy: found 'many'"),
    ("system,accuracy,memory\nA,58,45 KB\n", "line 2: memory: found '45 KB'"),
    ('system,accuracy\nA,58\n"B,59\n', "not valid CSV"),
    ("system,accuracy\nA,58\nB,caf\xe9\n".encode("latin-1"), "not UTF-8"),
])
def test_bad_files_are_told_with_their_line(tmp_path: Path, content: str | bytes, expected: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(InputError) as caught:
        read_systems(path, ACCURACY)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


def test_columns_that_the_call_asks_for(tmp_path: Path) -> None:
    path = written(tmp_path, "system,accuracy\nA,58\n")
    with pytest.raises(InputError, match="no column team and no column memory"):
        read_systems(path, ACCURACY, ("team", "memory"))
    with pytest.raises(InputError, match="no such file"):
        read_systems(tmp_path / "absent.csv", ACCURACY)


@given(content=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode), st.lists(
    st.lists(st.text(alphabet="syteam,;\t\"0159.%kBM-\r\n ", max_size=8), max_size=4), max_size=4).map(
    lambda rows: ("system,accuracy\n" + "\n".join(map(",".join, rows))).encode())))
def test_any_bytes_are_systems_or_a_sentence(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = written(tmp_path_factory.getbasetemp(), content)
    try:
        table = read_systems(path, ACCURACY)
    except InputError:  # whose sentences are checked above
        return
    assert table.contenders
    assert all(system.name for system in table.contenders)
