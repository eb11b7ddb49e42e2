"""Claims of the papers: every file loads, every reference resolves, and a bad file is told with its line."""

import re
from pathlib import Path

import pytest

from task1.config import META, published
from task1.config.claims import claims, load_claims, papers, references
from task1.config.formulas import Fact, Figures
from task1.errors import InputError

PAPERS = ("shao2022", "wang2023", "ye2024", "zhao2021")
GOOD = """\
average:
  says: the average of <each>
  claim: ["1", Avg accuracy, <each>]
  formula: {kind: mean, of: [["1", [airport, bus], <each>], {kind: sum, of: [{number: 2}]}]}
  each: [System 1, System 2]
"""


def _load(folder: Path, text: str) -> None:
    path = folder / "zhao2021.yaml"
    path.write_text(text, encoding="utf-8")
    load_claims(path)


def test_each_paper_with_figures_has_claims() -> None:
    assert tuple(papers()) == PAPERS
    assert sorted(path.stem for path in (META / "published").glob("*.csv")) == papers()


@pytest.mark.parametrize("paper", PAPERS)
def test_every_claim_resolves(paper: str) -> None:
    figures = {(figure.table, figure.row, figure.column) for figure in published(paper)}
    for name, claim in claims(paper).items():
        assert "<each>" not in name + claim.model_dump_json(warnings=False)
        for reference in references(claim):
            if isinstance(reference, Fact):
                assert reference.value > 0
            else:
                assert set(reference.keys) <= figures


@pytest.mark.parametrize("paper", PAPERS)
def test_no_figure_of_a_text_is_left_out(paper: str) -> None:
    used = {key for claim in claims(paper).values() for reference in references(claim)
            if isinstance(reference, Figures) for key in reference.keys}
    printed = {(figure.table, figure.row, figure.column) for figure in published(paper) if not figure.table.isdigit()}
    assert not printed - used


def test_a_claim_for_each(tmp_path: Path) -> None:
    path = tmp_path / "zhao2021.yaml"
    path.write_text(GOOD, encoding="utf-8")
    loaded = load_claims(path)
    assert list(loaded) == ["average System 1", "average System 2"]
    second = loaded["average System 2"]
    assert second.says == "the average of System 2"
    assert [reference.keys for reference in references(second) if isinstance(reference, Figures)] == [
        [("1", "Avg accuracy", "System 2")], [("1", "airport", "System 2"), ("1", "bus", "System 2")]]


@pytest.mark.parametrize(("old", "new", "line", "expected"), [
    ("kind: mean", "kind: meen", 4, "average System 1.formula: found {'kind': 'meen'"),
    ("kind: mean, of:", "kind: mean, from:", 4, "unknown key average System 1.formula.mean.from"),
    ('of: [["1", [airport, bus], <each>], {kind: sum, of: [{number: 2}]}]', "of: []", 4, "at least 1 item"),
    ("number: 2", "number: two", 4, "found 'two', expected a valid number"),
    ("{number: 2}", "{nombre: 2}", 4, r"expected figures [table, row, column], a fact"),
    ('["1", [airport, bus], <each>]', '["1", airport]', 4, "expected [table, row, column] of figures"),
    ("[airport, bus]", "[airport, boat]", 1,
     "average System 1: found a reference to 1, boat, System 1, expected table, row and column of a figure"),
    ("{number: 2}", "{fact: taxonomy, key: devices.virtual}", 1, "found no key devices.virtual"),
    ("{number: 2}", "{fact: datasets/nobody, key: counts}", 1, "no such file"),
    ("{number: 2}", "{fact: editions/2021, key: page}", 1, "expected a number or a list"),
    ("  each: [System 1, System 2]", "  each: System 1", 5, "expected a list of texts"),
    ("[System 1, System 2]", "[System 1, System 1]", 1, "two claims are named average System 1"),
    ("says: the", "sais: the", 2, "unknown key average System 1.sais"),
    ('  claim: ["1", Avg accuracy, <each>]\n', "", 1, "exactly one of claim (figures) and printed (words)"),
    ('claim: ["1", Avg accuracy, <each>]', "printed: words", 1, "a key where, since no figure is claimed"),
    ('claim: ["1", Avg accuracy, <each>]', "printed: words\n  where: there", 1, "a key claim with the figure"),
    ("  each:", "  cannot: so\n  each:", 1, "exactly one of formula, readings and cannot"),
])
def test_bad_claims_are_told_with_their_line(tmp_path: Path, old: str, new: str, line: int, expected: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        _load(tmp_path, GOOD.replace(old, new))
    said = str(caught.value)
    assert re.search(rf"zhao2021\.yaml, line {line}: ", said), said
    assert expected in said
    assert "<each>" not in said or "each:" in said


@pytest.mark.parametrize(("text", "expected"), [("", "empty"), ("[1]", "expected a mapping"), ("a: 1\n", "line 1: a")])
def test_files_that_hold_no_claims(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        _load(tmp_path, text)
