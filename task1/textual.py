"""Tables for other programs to set: plain texts and rows in Markdown and in LaTeX (package booktabs).

Texts come in plain and are escaped here, unless the function takes cells: those are markup already.
"""

from collections.abc import Iterable, Sequence

_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
          **{sign: "\\" + sign for sign in "&%$#_{}"}}
_MARKDOWN = {sign: "\\" + sign for sign in "\\|*_`<["}


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(_MARKDOWN.get(sign, sign) for sign in text)


def latex_text(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(_LATEX.get(sign, sign) for sign in text)


def markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def markdown_rule(right: Iterable[bool]) -> str:
    """The line under the header: which columns stand at the right."""
    return markdown_row("---:" if one else "---" for one in right)


def latex_row(cells: Iterable[str]) -> str:
    row = " & ".join(cells)
    return ("{}" if row[:1] in ("[", "*") else "") + row + r" \\"  # behind the last row's end these were its options


def tabular(right: Iterable[bool], header: str, lines: Sequence[str]) -> str:
    """A tabular with the rules of booktabs; `header` and `lines` are rows (or commands between rows)."""
    sides = "".join("r" if one else "l" for one in right)
    return "\n".join([rf"\begin{{tabular}}{{{sides}}}", r"\toprule", header, r"\midrule", *lines, r"\bottomrule",
                      r"\end{tabular}"])
