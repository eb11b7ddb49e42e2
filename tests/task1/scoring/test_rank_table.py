"""`task1 rank`: what is printed in each format, and what is told of systems that cannot be ranked."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from task1.cli import main
from task1.config import edition
from task1.scoring.listing import FORMATS, Column, Listing, render
from task1.scoring.rank_table import over_limits, rank_table
from task1.scoring.ranking import Contender
from task1.textual import markdown_text

SYSTEMS = """\
system,team,accuracy,log_loss,memory,macs,comment
A_1,x,58.7,1.256,12310,4.35M,small
B&C,x,62.7,1.117,54.182kB,16.8e6,
base,y,44.8,,46512,29.23M,
late,z,55.0,,,3e6,
large,z,55.0,,140000,3e6,
"""
ORDER = ["A_1", "B&C", "large", "base"]
# accuracy: B&C 1, A_1 2, large 3, base 4; memory: A_1 1, base 2, B&C 3, large 4; MACs: large 1, A_1 2, B&C 3, base 4
SCORES = [0.5 * 2 + 0.25 * 1 + 0.25 * 2, 0.5 * 1 + 0.25 * 3 + 0.25 * 3, 0.5 * 3 + 0.25 * 4 + 0.25 * 1,
          0.5 * 4 + 0.25 * 2 + 0.25 * 4]


@pytest.fixture
def systems(tmp_path: Path) -> Path:
    path = tmp_path / "systems.csv"
    path.write_text(SYSTEMS)
    return path


def test_csv_holds_all_figures_and_why_a_system_is_not_ranked(systems: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(render(rank_table(systems, "2023"), "csv"))))
    assert [row["system"] for row in rows] == [*ORDER, "late"]
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", ""]
    assert [float(row["score"]) for row in rows[:4]] == SCORES
    assert (rows[1]["memory"], rows[1]["macs"], rows[1]["accuracy"]) == ("54182", "16800000", "62.7")
    assert [row["not_ranked"] for row in rows] == ["", "", "", "", "no memory"]


def test_json_says_the_formula_and_its_source(systems: Path) -> None:
    content = json.loads(render(rank_table(systems, "2023", pareto=True), "json"))
    assert content["edition"] == "2023"
    assert content["ranking"]["weights"] == edition("2023").ranking.weights
    assert content["ranking"]["confidence"] == "secondary"
    assert {row["system"]: row["front"] for row in content["systems"]} == {
        "A_1": True, "B&C": True, "large": True, "base": False, "late": None}
    told = " ".join(content["notes"])
    assert "Not ranked: late (systems.csv, line 5): no memory" in told
    assert "Over the limit: large: all parameters: 140,000 bytes, over the limit of 128,000" in told
    assert "Columns not used: comment." in told


def test_text_markdown_and_latex_hold_the_same_cells(systems: Path) -> None:
    listing = rank_table(systems, "2023")
    text, markdown, latex = (render(listing, style) for style in ("text", "md", "latex"))
    for name in ORDER:
        assert name in text
        assert f"| {markdown_text(name)} |" in markdown
    rows = [line.split(" & ") for line in latex.splitlines() if line.endswith(r"\\")]
    assert {len(row) for row in rows} == {len(listing.columns)}
    assert [row[1] for row in rows] == ["system", r"A\_1", r"B\&C", "large", "base", "late"]
    assert len({line.count("|") for line in markdown.splitlines() if line.startswith("|")}) == 1
    assert all(line.startswith("%") for line in latex.split(r"\begin{tabular}")[0].splitlines())


def test_teams_by_their_best(systems: Path) -> None:
    listing = rank_table(systems, "2023", teams=True)
    assert [(row["rank"], row["team"], row["system"], row["score"]) for row in listing.rows] == [
        (1, "x", "A_1", SCORES[0]), (2, "z", "large", SCORES[2]), (3, "y", "base", SCORES[3])]


def test_formulas_of_other_editions(systems: Path, tmp_path: Path) -> None:
    assert [row["system"] for row in rank_table(systems, "2022").rows] == ["B&C", "A_1", "base", "late", "large"]
    assert [row.get("rank") for row in rank_table(systems, "2022").rows] == [1, 2, None, None, None]
    assert [row["rank"] for row in rank_table(systems, "2025").rows] == [1, 2, 3, 3, 5]
    path = tmp_path / "subsets.csv"
    path.write_text("system,accuracy_5,accuracy_10,accuracy_25,accuracy_50,accuracy_100\nA,40,45,50,55,60\n"
                    "B,60,55,50,45,40\nC,40,45,50,55,61\n")
    assert [(row["rank"], row["system"], row["accuracy"]) for row in rank_table(path, "2024").rows] == [
        (1, "C", 50.2), (2, "A", 50.0), (2, "B", 50.0)]


def test_limits_only_where_an_edition_has_them() -> None:
    large = Contender("L", None, {"memory": 200_000.0, "macs": 40e6})
    assert [len(over_limits(large, name)) for name in ("2020", "2021", "2022", "2023", "2025")] == [0, 1, 2, 2, 0]
    assert over_limits(Contender("S", None, {"macs": 1e6}), "2023") == []


@pytest.mark.parametrize(("words", "expected"), [
    (["--edition", "1999"], "found edition '1999', expected one of 2020, 2020_1b, 2021"),
    (["--edition", "2024"], "no column accuracy_5 and no column accuracy_10"),
    (["--edition", "2023", "--plot", "front.gif"], "found the ending .gif, expected one of .png, .svg, .pdf"),
])
def test_bad_calls_are_a_sentence(systems: Path, capsys: pytest.CaptureFixture[str], words: list[str],
                                  expected: str) -> None:
    assert main(["rank", str(systems), *words]) == 2
    shown = capsys.readouterr()
    assert expected in shown.err
    assert shown.out == ""


def test_a_file_in_which_nothing_can_be_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "systems.csv"
    path.write_text("system,accuracy,memory,macs\nA,58,,1\n")
    assert main(["rank", str(path), "--edition", "2023"]) == 2
    assert "no system has all that edition 2023 ranks by: accuracy, memory, MACs" in capsys.readouterr().err


@pytest.mark.parametrize("style", FORMATS)
def test_the_verb_prints_each_format(systems: Path, capsys: pytest.CaptureFixture[str], style: str) -> None:
    assert main(["rank", str(systems), "--edition", "2023", "--pareto", "--format", style]) == 0
    assert "A" in capsys.readouterr().out


def test_the_verb_needs_no_torch(systems: Path) -> None:
    code = (f"import sys; from task1.cli import main; main(['rank', {str(systems)!r}, '--edition', '2023']); "
            "print('torch' in sys.modules)")
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "False"


def test_no_rows_and_odd_signs() -> None:
    empty = Listing("Nothing", [Column("system", "system")], [])
    assert [bool(render(empty, style)) for style in FORMATS] == [True] * len(FORMATS)
    odd = Listing("Odd", [Column("system", "system")], [{"system": r"a|b\c~^{}%$#"}])
    assert r"| a\|b\\c~^{}%$# |" in render(odd, "md")
    assert r"a|b\textbackslash{}c\textasciitilde{}\textasciicircum{}\{\}\%\$\# \\" in render(odd, "latex")
