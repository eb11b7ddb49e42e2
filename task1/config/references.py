"""Works that technical reports cite: meta/references.yaml, checked."""

from functools import cache
from typing import Literal

from pydantic import Field, PositiveInt, RootModel

from task1.config.base import META, Strict, load

PATH = META / "references.yaml"


class Reference(Strict):
    """One work. `venue`: journal, conference, series of reports, or the address of a preprint."""

    kind: Literal["article", "proceedings", "report", "preprint"]
    title: str
    authors: tuple[str, ...] = Field(min_length=1, description='as "Last, First"')
    venue: str
    year: PositiveInt
    volume: PositiveInt | None = None
    pages: str | None = Field(default=None, pattern=r"^\d+-\d+$")


class _References(RootModel[dict[str, Reference]]):
    pass


@cache
def references() -> dict[str, Reference]:
    """All works by key, in the order of the file."""
    return load(_References, PATH).root
