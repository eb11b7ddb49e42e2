"""Escaping and rows, against what a reader of Markdown or LaTeX would see."""

import re

from hypothesis import given
from hypothesis import strategies as st

from task1.textual import latex_row, latex_text, markdown_row, markdown_rule, markdown_text, tabular

NAMED = {r"\textbackslash{}": "\\", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^"}


def seen_in_latex(text: str) -> str:
    return re.sub(r"\\text[a-z]+\{\}|\\(.)", lambda found: NAMED.get(found.group(), found.group(1)), text)


def test_a_table_in_both_forms() -> None:
    assert markdown_row(["a", "1"]) == "| a | 1 |"
    assert markdown_rule([False, True]) == "| --- | ---: |"
    assert tabular([False, True], latex_row(["", "x"]), [latex_row(["a", "1"])]).splitlines() == [
        r"\begin{tabular}{lr}", r"\toprule", r" & x \\", r"\midrule", r"a & 1 \\", r"\bottomrule", r"\end{tabular}"]
    assert latex_row(["[1, 2]", "x"]) == r"{}[1, 2] & x \\"


def test_signs_of_both_languages() -> None:
    assert latex_text("a_b & 5 % of {x}\\y~^$#") == (
        r"a\_b \& 5 \% of \{x\}\textbackslash{}y\textasciitilde{}\textasciicircum{}\$\#")
    assert markdown_text("a_b | *c* `d` <e> [f]\\") == r"a\_b \| \*c\* \`d\` \<e> \[f]" + "\\\\"


@given(st.text(st.characters(codec="ascii")))
def test_escaped_texts_read_as_they_were(text: str) -> None:
    assert seen_in_latex(latex_text(text)) == text
    assert re.sub(r"\\(.)", r"\1", markdown_text(text), flags=re.DOTALL) == text
