"""What the papers say that their own figures can answer: meta/published/claims/<paper>.yaml, checked.

Input: by the name of a claim, where it is printed and how it is recomputed (formulas.py). Output: `claims(paper)`, with
`<each>` filled in and every reference resolved. Errors name the file and the line of the claim.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, RootModel, model_validator

from task1.config.base import META, Lines, Strict, check, read_yaml
from task1.config.formulas import Compare, Fact, Figures, Formula, Key, WholeClips
from task1.config.published import published
from task1.errors import InputError

EACH = "<each>"
FOLDER = META / "published" / "claims"
class Claim(Strict):
    """One claim. Exactly one of: `formula`, `readings` (formulas by what an unclear text may mean), `cannot`."""

    where: str | None = Field(default=None, description="absent: the table of `claim`")
    says: str
    claim: Figures | None = Field(default=None, description="the printed figure or figures that are claimed")
    printed: str | None = Field(default=None, description="the claim's words, where no figure is claimed")
    formula: Formula | None = None
    readings: dict[str, Formula] = {}
    cannot: str | None = Field(default=None, description="why it cannot be computed")
    why: str = Field(default="", description="what explains the outcome")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.formula) + bool(self.readings) + (self.cannot is not None) != 1:
            raise ValueError("exactly one of formula, readings and cannot")
        if (self.claim is None) == (self.printed is None):
            raise ValueError("exactly one of claim (figures) and printed (words)")
        if self.claim is None and self.where is None:
            raise ValueError("a key where, since no figure is claimed")
        for formula in self.formulas.values():
            if not isinstance(formula, Compare | WholeClips) and self.claim is None:
                raise ValueError("a key claim with the figure that the formula recomputes")
        return self

    @property
    def formulas(self) -> dict[str, Formula]:
        """The formulas by what they take the text to mean; the only one has no name."""
        return {"": self.formula} if self.formula else self.readings


class Claims(RootModel[dict[str, Claim]]):
    """The claims of one paper, by name."""


def papers() -> list[str]:
    """The papers whose claims are written down."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def claims(paper: str) -> dict[str, Claim]:
    """Every claim of a paper by its name, in the order of the file."""
    return load_claims(FOLDER / f"{paper}.yaml")


def load_claims(path: Path) -> dict[str, Claim]:
    """As `claims`, from a file called <paper>.yaml."""
    content, lines = _expanded(*read_yaml(path), path)
    checked = check(Claims, content, str(path), lines).root
    known = {(figure.table, figure.row, figure.column) for figure in published(path.stem)}
    for name, claim in checked.items():
        _check_references(claim, known, f"{path}, line {lines[(name,)]}: {name}", path.stem)
    return checked


def references(node: Any) -> Iterator[Figures | Fact]:
    """Every figure and fact that a claim, or a part of it, refers to."""
    if isinstance(node, Figures | Fact):
        yield node
    elif isinstance(node, BaseModel):
        for field in type(node).model_fields:
            yield from references(getattr(node, field))
    elif isinstance(node, list | dict):
        for part in node.values() if isinstance(node, dict) else node:
            yield from references(part)


def _expanded(content: Any, lines: Lines, path: Path) -> tuple[Any, Lines]:
    """A claim with `each: [A, B]` becomes two, named after A and B, with these in the place of <each>."""
    if not isinstance(content, dict):
        return content, lines
    result: dict[str, Any] = {}
    where = dict(lines)
    for name, written in content.items():
        if not isinstance(written, dict) or "each" not in written:
            result[name] = written
            continue
        values = written["each"]
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise InputError(f"{path}, line {lines[name, 'each']}: {name}.each: found {values!r}, expected a list of "
                             "texts")
        template = json.dumps({key: value for key, value in written.items() if key != "each"}, default=str)
        for value in values:
            full = name.replace(EACH, value) if EACH in name else f"{name} {value}"
            if full in result or full in content:
                raise InputError(f"{path}, line {lines[(name,)]}: two claims are named {full}; rename one")
            result[full] = json.loads(template.replace(EACH, json.dumps(value)[1:-1]))
            where |= {(full, *key[1:]): line for key, line in lines.items() if key[:1] == (name,)}
    return result, where


def _check_references(claim: Claim, known: set[Key], where: str, paper: str) -> None:
    for reference in references(claim):
        if isinstance(reference, Fact):
            try:
                _ = reference.value
            except InputError as error:
                raise InputError(f"{where}: {error}") from None
            continue
        for key in reference.keys:
            if key not in known:
                raise InputError(f"{where}: found a reference to {', '.join(key)}, expected table, row and column of a "
                                 f"figure in {META / 'published' / paper}.csv")
