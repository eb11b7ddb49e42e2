"""The four forms of a table: golden texts, what is bold, and whatever texts cells hold."""

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.tables.grid import Column, Row, Table, count, forms, percent
from task1.config.published import Figure

MARK = "Corpus tiny: EMBEDDED"
PRINTED = Figure(paper="p", table="1", row="r", column="c", value=51.4, unit="%", as_printed="51.4%",
                 convention="macro")
SIZE = Figure(paper="p", table="1", row="r", column="c", value=116, unit="KB", as_printed="116KB",
              convention="float16_kib")
SMALL = Table(
    "small_one", "A & B", "In percent.", ("scene", "Scene"),
    [Column("one", "System 1", percent, "max"), Column("paper", "paper"), Column("two", "System 2", percent, "max")],
    [Row("metro_station", {"one": 51.119, "paper": PRINTED, "two": 48.0}),
     Row("Average", {"one": 50.0, "two": None}, rule=True)],
    notes=["5 % of it"])
LATEX = r"""% needs \usepackage{booktabs}
\begin{table}
\centering
\caption{A \& B. In percent. Corpus tiny: EMBEDDED.}
\label{tab:small-one}
\footnotesize
\begin{tabular}{lrrr}
\toprule
Scene & System 1 & paper & System 2 \\
\midrule
metro\_station & \textbf{51.12} & 51.4\% & 48.00 \\
\midrule
Average & 50.00 & - & - \\
\bottomrule
\end{tabular}
\par\smallskip 5 \% of it.
\end{table}
"""
MARKDOWN = r"""**A & B**

In percent. Corpus tiny: EMBEDDED.

| Scene | System 1 | paper | System 2 |
| --- | ---: | ---: | ---: |
| metro\_station | **51.12** | 51.4% | 48.00 |
| Average | 50.00 | - | - |

- 5 % of it
"""
CSV = """scene,one,paper,two,corpus,embedded
metro_station,51.119,51.4,48.0,tiny,yes
Average,50.0,,,tiny,yes
"""


def test_golden_forms() -> None:
    made = forms(SMALL, MARK, "tiny", True)
    assert made["tex"] == LATEX
    assert made["md"] == MARKDOWN
    assert made["csv"] == CSV
    content = json.loads(made["json"])
    assert content["corpus"] == MARK
    assert [column["key"] for column in content["columns"]] == ["scene", "one", "paper", "two"]
    assert content["rows"][0] == {"cells": ["metro_station", "51.12", "51.4%", "48.00"],
                                  "bold": [False, True, False, False], "rule": False}


def bold(table: Table) -> list[list[str]]:
    rows = json.loads(forms(table, MARK, "tiny", True)["json"])["rows"]
    return [[cell for cell, marked in zip(row["cells"], row["bold"], strict=True) if marked] for row in rows]


@pytest.mark.parametrize(("compare", "best", "expected"), [
    ("row", "max", [["3"], []]), ("row", "min", [["1"], []]),
    ("column", "max", [["3"], ["2"]]), ("column", "min", [["1"], ["2"]])])
def test_what_is_bold(compare: str, best: str, expected: list[list[str]]) -> None:
    columns = [Column(key, key, count, best) for key in "ab"]  # type: ignore[arg-type]
    rows = [Row("x", {"a": 1, "b": 3}), Row("y", {"a": 2, "b": 2})]  # equal in a row: none
    assert bold(Table("t", "t", "t", ("k", "K"), columns, rows, compare)) == expected  # type: ignore[arg-type]


def test_only_rows_of_a_block_are_compared() -> None:
    rows = [Row(name, {"a": value}, block=name[0]) for name, value in (("x1", 9), ("x2", 8), ("y1", 1), ("y2", 2))]
    table = Table("t", "t", "t", ("k", "K"), [Column("a", "a", count, "max")], rows, "column")
    assert bold(table) == [["9"], [], [], ["2"]]


def test_a_printed_figure_in_another_unit_stays_as_printed() -> None:
    table = replace(SMALL, rows=[Row("x", {"paper": SIZE})])
    assert forms(table, MARK, "tiny", False)["csv"].splitlines()[1] == "x,,116KB,,tiny,no"


def test_wide_tables_take_both_columns() -> None:
    columns = [Column(str(number), str(number)) for number in range(9)]
    latex = forms(replace(SMALL, columns=columns), MARK, "tiny", True)["tex"]
    assert r"\begin{table*}" in latex
    assert r"\end{table*}" in latex


LINE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)


@given(LINE, LINE)
def test_any_text_stays_in_its_cell(label: str, value: str) -> None:
    made = forms(replace(SMALL, rows=[Row(label, {"one": value})], notes=[]), MARK, "tiny", True)
    lines = [line for line in made["md"].splitlines() if line.startswith("| ")]
    assert len({line.replace("\\\\", "").replace("\\|", "").count("|") for line in lines}) == 1
    assert next(iter(list(csv.reader(io.StringIO(made["csv"])))[1:]))[:2] == [label, value]
    body = made["tex"].split("\\midrule\n")[1].split("\\bottomrule")[0]
    assert body.replace(r"\textbackslash{}", "").replace(r"\&", "").count("&") == 3
