"""The official tables as wholes, and the rules between them and the editions."""

import shutil
from pathlib import Path

import pytest

from task1.config import META, check, development_of, edition, leaderboard, names, ranked_editions, ranking_of
from task1.config.leaderboards import Board, Standing
from task1.config.published import read_rows
from task1.errors import InputError

WHOLE = {"name": "2024", "title": "t", "page": "p", "systems": 2, "teams": None, "counts_source": "s"}
FORMULA = {"metric": "accuracy", "confidence": "assumed", "source": "s"}


def test_every_table_of_rows_has_its_facts_and_a_formula() -> None:
    rows = {path.stem for path in (META / "leaderboards").glob("*.csv")}
    assert rows == set(names("leaderboards"))
    assert set(ranked_editions()) == rows | set(names("editions"))
    for name in ranked_editions():
        assert ranking_of(name).source


def test_an_edition_says_its_formula_once() -> None:
    for name in names("editions"):
        assert ranking_of(name) is edition(name).ranking
        assert development_of(name) == edition(name).datasets["development"]
    assert development_of("2024") == "tau2022mobile_dev"
    assert development_of("2020_1b") is None


@pytest.mark.parametrize(("content", "expected"), [
    ({**WHOLE}, "a block `ranking`, since there is no meta/editions/2024.yaml"),
    ({**WHOLE, "name": "2023", "ranking": FORMULA}, "neither ranking nor development, since meta/editions/2023.yaml"),
    ({**WHOLE, "name": "2023", "development": "tau2022mobile_dev"}, "neither ranking nor development"),
    ({**WHOLE, "ranking": FORMULA, "systems": 0}, "systems: found 0"),
    ({**WHOLE, "ranking": {"metric": "luck", "confidence": "assumed", "source": "s"}}, "ranking.metric: found 'luck'"),
])
def test_wrong_facts_of_a_table(content: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        check(Board, content, "x.yaml")
    assert expected in str(caught.value)


def test_subsets_are_read(tmp_path: Path) -> None:
    rows = {row.team: row for row in leaderboard("2024")}
    assert rows["Werning_UPBNT"].subsets == {"5": 49.21, "10": 52.51, "25": 55.49, "50": 56.2, "100": 58.34}
    assert rows["Han_SJTUTHU"].accuracy is None  # its printed figures are of single subsets, not the score
    path = tmp_path / "2024.csv"
    shutil.copy(META / "leaderboards" / "2024.csv", path)
    path.write_text(path.read_text().replace("5:49.21", "5 49.21"))
    with pytest.raises(InputError, match=r"line 2: accuracy_by_subset: found '5 49.21 10:52.51"):
        read_rows(Standing, path)


def test_bytes_follow_from_parameters_where_the_type_is_fixed() -> None:
    width = {"2023": 1, "2024": 2, "2025": 2}  # int8; weights of 16 bit
    checked = [(name, row) for name in width for row in leaderboard(name) if row.memory_bytes]
    assert len(checked) == 5
    for name, row in checked:
        assert row.memory_bytes == width[name] * (row.parameters or 0)
