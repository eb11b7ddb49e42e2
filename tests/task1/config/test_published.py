"""The papers' figures and the official results: checked row by row, and consistent with themselves."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from task1.config import META, Figure, Standing, leaderboard, published, taxonomy
from task1.config.published import read_rows
from task1.errors import InputError

PAPERS = ("shao2022", "wang2023", "ye2024", "zhao2021")
BOARDS = sorted(path.stem for path in (META / "leaderboards").glob("*.csv"))
FACTORS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}


def _table(paper: str, table: str) -> dict[tuple[str, str], float]:
    return {(figure.row, figure.column): figure.value for figure in published(paper) if figure.table == table}


@pytest.mark.parametrize("paper", PAPERS)
def test_values_are_what_is_printed(paper: str) -> None:
    for figure in published(paper):
        found = re.fullmatch(r"([0-9.]+) ?(k|K|M|G)?(?:B|%)?", figure.as_printed)
        assert found, figure
        printed = float(found[1])
        if figure.as_printed == "0.078":  # in M, which is not printed
            printed *= FACTORS["M"]
        elif figure.unit not in ("kB", "KB"):  # there, the k belongs to the unit
            printed *= FACTORS.get(found[2], 1)
        assert figure.value == pytest.approx(printed), figure


def test_all_tables_are_complete() -> None:
    sizes = {(paper, table): len(_table(paper, table)) for paper, tables in (
        ("wang2023", "234"), ("zhao2021", "1"), ("shao2022", "123"), ("ye2024", "12")) for table in tables}
    assert sizes == {
        ("wang2023", "2"): 5, ("wang2023", "3"): 4 * 4, ("wang2023", "4"): 9 * 4, ("zhao2021", "1"): 12 * 4,
        ("shao2022", "1"): 3 * 6 + 1, ("shao2022", "2"): 3 * 2, ("shao2022", "3"): 2 * 6, ("ye2024", "1"): 8 * 3,
        ("ye2024", "2"): 3 * 3}


def test_zhao_averages_are_means_of_the_classes() -> None:
    table = _table("zhao2021", "1")
    for system in range(1, 5):
        column = f"System {system}"
        classes = [value for (row, name), value in table.items()
                   if name == column and row.replace(" ", "_") in taxonomy().scenes]
        assert len(classes) == 10
        assert sum(classes) / 10 == pytest.approx(table["Avg accuracy", column], abs=0.051)


def test_wang_log_loss_is_the_mean_of_the_devices() -> None:
    table = _table("wang2023", "4")
    claimed = next(figure.value for figure in published("wang2023") if figure.column == "log loss")
    losses = [value for (_, model), value in table.items() if model == "Model1"]
    assert sum(losses) / len(losses) == pytest.approx(claimed, abs=5e-4)


def test_ye_differences_follow_from_its_tables() -> None:
    table, claims = _table("ye2024", "2"), _table("ye2024", "section 3.5")
    for row in ("DL-O", "DL-B"):
        for column, sign, name in (("Acc", -1, "decrease of accuracy"), ("Parms", 1, "increase of parameters"),
                                   ("MACs", 1, "increase of MACs")):
            change = sign * 100 * (table[row, column] / table["Baseline", column] - 1)
            assert change == pytest.approx(claims[row, name], abs=0.06)


def test_shao_averages_that_are_not_the_mean_of_the_devices_say_so() -> None:
    weights = {"Dev.A": 1, "Dev.B": 1, "Dev.C": 1, "Ave.S1-S3": 3, "Ave.S4-S6": 3}
    for number in ("1", "3"):
        table = _table("shao2022", number)
        for figure in published("shao2022"):
            if figure.table == number and figure.column in ("Average", "Average ACC"):
                mean = sum(weight * table[figure.row, device] for device, weight in weights.items()) / 9
                agrees = mean == pytest.approx(figure.value, abs=0.02)
                assert agrees != ("the mean of the nine devices" in figure.note), (figure.row, mean)
                assert agrees or f"{mean:.2f}" in figure.note


@pytest.mark.parametrize("name", BOARDS)
def test_leaderboards_load_with_provenance(name: str) -> None:
    rows = leaderboard(name)
    assert rows
    for row in rows:
        assert row.provenance
        if row.accuracy is not None and row.accuracy_low is not None and row.accuracy_high is not None:
            assert row.accuracy_low <= row.accuracy <= row.accuracy_high


def test_the_ranks_of_2020_1b_follow_accuracy_and_not_log_loss() -> None:
    rows = sorted(leaderboard("2020_1b"), key=lambda row: row.system_rank or 0)
    accuracies = [row.accuracy or 0 for row in rows]
    assert all(better > worse for better, worse in pairwise(accuracies))
    losses = [row.log_loss or 0 for row in rows]
    assert losses != sorted(losses)


HEADER = ",".join(Figure.model_fields)
ROW = "x,1,a,b,1.5,%,1.5,unstated,"


@pytest.mark.parametrize(("text", "expected"), [
    ("", "line 1: found the columns (none)"),
    (f"{HEADER},more\n", "line 1: found the columns"),
    (f"{HEADER}\n{ROW}\nx,1\n", "line 3: found 2 cells, expected 9"),
    (f"{HEADER}\n{ROW.replace('1.5,%', 'many,%')}\n", "line 2: value: found 'many', expected a valid number"),
    (f"{HEADER}\n{ROW.replace('1.5,%', 'nan,%')}\n", "line 2: value: found 'nan', expected a finite number"),
    (f"{HEADER}\n{ROW.replace('1.5,%', ',%')}\n", "line 2: value is empty"),
    (f"{HEADER}\n{ROW.replace('%', 'percent')}\n", "line 2: unit: found 'percent', expected '%'"),
    (f'{HEADER}\n{ROW}"open\n', "not valid CSV"),
    (f"{HEADER}\n{ROW}caf\xe9\n".encode("latin-1"), "not UTF-8"),
])
def test_bad_rows_are_told_with_their_line(tmp_path: Path, text: str | bytes, expected: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_rows(Figure, path)
    assert str(caught.value).startswith(str(path))
    assert expected in str(caught.value)


def test_windows_line_ends_and_byte_order_mark_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{ROW}\r\n".encode())
    ((line, figure),) = read_rows(Figure, path)
    assert (line, figure.value, figure.note) == (2, 1.5, "")


def test_a_paper_or_edition_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r"there are: .*wang2023"):
        published("nobody1999")
    with pytest.raises(InputError, match=r"there are: 2020_1b"):
        leaderboard("1999")
    assert Standing.model_fields
