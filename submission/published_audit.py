"""The papers against themselves: every claim of meta/published/claims recomputed from the printed figures.

Output: one `Finding` a claim. A recomputed figure matches when it rounds to the printed digits, or "by truncation" when
cutting its digits off gives them. Where a text has several readings, the verdict names those that match, and the reason
tells what the others give. A difference is ours minus printed, in the printed unit.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from decimal import ROUND_FLOOR, Decimal
from typing import Literal, get_args

from submission.formula_values import Tables, digits, holds, places, terms
from task1.config import Figure, published
from task1.config.claims import Claim, claims, papers
from task1.config.formulas import Compare, Cycles, Figures, Formula, WholeClips
from task1.errors import InputError
from task1.textual import markdown_row, markdown_rule, markdown_text

Status = Literal["match", "match by truncation", "differs", "cannot be computed"]
Format = Literal["text", "md", "csv", "json"]
DIGITS = 4  # shown of a recomputed figure after the point; two more than printed where that is more


@dataclass(frozen=True)
class Finding:
    """One row of the table; `verdict` begins with one of `Status`."""

    paper: str
    where: str
    claim: str
    printed: str
    recomputed: str
    verdict: str
    why: str

    @property
    def status(self) -> Status:
        found: list[Status] = [status for status in get_args(Status) if self.verdict.startswith(status)]
        return max(found, key=len)


@dataclass(frozen=True)
class Outcome:
    """What one formula gives."""

    status: Status
    recomputed: str
    detail: str = ""


def audit(paper: str | None = None) -> list[Finding]:
    """Every claim of one paper, or of all."""
    if paper is not None and paper not in papers():
        raise InputError(f"no claims of {paper} under meta/published/claims; there are those of {', '.join(papers())}")
    return [_checked(name, title, claim) for name in ([paper] if paper else papers())
            for title, claim in claims(name).items()]


def tables_of(paper: str) -> Tables:
    return Tables(paper, {(figure.table, figure.row, figure.column): figure for figure in published(paper)})


def finding(claim: Claim, tables: Tables) -> Finding:
    """One claim, recomputed in every reading."""
    printed = ", ".join(figure.as_printed for figure in tables.of(claim.claim)) if claim.claim else claim.printed or ""
    told = (tables.paper, claim.where or _place(claim), claim.says, printed)
    if claim.cannot is not None:
        return Finding(*told, "-", "cannot be computed", claim.cannot)
    outcomes = {name: outcome(formula, claim.claim, tables) for name, formula in claim.formulas.items()}
    best = min(outcomes.values(), key=lambda result: get_args(Status).index(result.status))
    like_best = [name for name, result in outcomes.items() if result.status == best.status]
    others = [f"{name}: {result.recomputed}" for name, result in outcomes.items() if result.status != best.status]
    verdict: str = best.status
    if best.status == "differs":
        verdict, others = f"differs: {best.detail}", [f"{name}: {result.recomputed}" for name, result in
                                                      outcomes.items() if result is not best]
    elif claim.readings:
        verdict = f"{best.status} ({'; '.join(like_best)})"
    why = "; ".join([*([claim.why] if claim.why else []), *others])
    return Finding(*told, best.recomputed, verdict, why)


def outcome(formula: Formula, claimed: Figures | None, tables: Tables) -> Outcome:
    """A formula's value held against the claimed figure, or its yes or no."""
    if isinstance(formula, Compare | Cycles | WholeClips):
        answer = holds(formula, claimed, tables)
        return Outcome("differs" if answer.against else "match", answer.shown, answer.against)
    if claimed is None:
        raise TypeError("a formula with a value needs a claimed figure")
    results = [_against(figure, term.value) for figure in tables.of(claimed) for term in terms(formula, tables)]
    worst = max(results, key=lambda result: get_args(Status).index(result.status))
    shown = ", ".join(dict.fromkeys(result.recomputed for result in results))
    return Outcome(worst.status, shown, worst.detail)


def render(findings: Sequence[Finding], form: Format) -> str:
    """The findings as a table, and except for csv and json a line that counts them."""
    headings = tuple(field.name for field in fields(Finding))
    rows = [astuple(row) for row in findings]
    if form == "json":
        return json.dumps([dict(zip(headings, row, strict=True)) for row in rows], indent=2, ensure_ascii=False) + "\n"
    if form == "csv":
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([headings, *rows])
        return stream.getvalue()
    if form == "md":
        table = [markdown_row(headings), markdown_rule(False for _ in headings),
                 *(markdown_row(map(markdown_text, row)) for row in rows)]
        return "".join(f"{line}\n" for line in table) + f"\n{summary(findings)}\n"
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in (headings, *rows))
    return "\n".join(lines) + f"\n\n{summary(findings)}\n"


def summary(findings: Sequence[Finding]) -> str:
    """How many claims there are of each verdict that occurs."""
    counts = Counter(found.status for found in findings)
    told = {"differs": "differ"}
    return f"{len(findings)} claims: " + ", ".join(f"{counts[status]} {told.get(status, status)}"
                                                   for status in get_args(Status) if counts[status])


def _checked(paper: str, title: str, claim: Claim) -> Finding:
    try:
        return finding(claim, tables_of(paper))
    except (ValueError, KeyError, ZeroDivisionError) as error:  # what no schema sees, such as columns of unlike length
        raise InputError(f"meta/published/claims/{paper}.yaml: {title}: found a formula that does not fit its figures "
                         f"({type(error).__name__}: {error}), expected as many groups, pairs or single figures as it "
                         "needs; correct it") from None


def _place(claim: Claim) -> str:
    table = claim.claim.table if claim.claim else ""
    return f"Table {table}" if table.isdigit() else table


def _against(figure: Figure, value: float) -> Outcome:
    """`value`, in the figure's unit, held against its printed digits."""
    shown = digits(figure)
    printed, unit = Decimal(shown), Decimal(1).scaleb(-places(figure))
    finest = Decimal(1).scaleb(-max(DIGITS, places(figure) + 2))
    # through 12 digits, so that the last bits of binary fractions decide nothing
    ours = Decimal(f"{value * float(printed) / figure.value:.12g}")
    text = _plain(ours.quantize(finest), figure)
    recomputed = figure.as_printed.replace(shown, text)
    if abs(ours - printed) <= unit / 2:
        return Outcome("match", recomputed)
    if ours.quantize(unit, rounding=ROUND_FLOOR) == printed:
        return Outcome("match by truncation", recomputed)
    gap = _plain((ours - printed).quantize(finest), figure)
    return Outcome("differs", recomputed, f"by {'' if gap.startswith('-') else '+'}{gap}")


def _plain(number: Decimal, figure: Figure) -> str:
    """Without zeros at the end beyond the digits that the figure prints."""
    whole, _, part = f"{number:f}".partition(".")
    part = part.rstrip("0").ljust(places(figure), "0")
    return f"{whole}.{part}" if part else whole

