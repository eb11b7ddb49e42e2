"""Formulas of meta/published/claims: how a printed figure follows from other printed figures and facts.

An operand is printed figures (a table's rows by columns), a fact of another file under meta/, a number, or a formula.
These are schemas only; submission/formula_values.py computes them.
"""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PositiveInt, Tag, model_validator

from task1.config.base import META, Strict, read_yaml
from task1.config.recipe import DeltaSettings
from task1.errors import InputError

Key = tuple[str, str, str]


class Figures(Strict):
    """Printed figures of the paper, written `[table, row, column]`; lists in them mean each row with each column."""

    table: str
    row: str | list[str]
    column: str | list[str]

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, written: Any) -> Any:
        if not isinstance(written, list) or len(written) != len(cls.model_fields):
            raise ValueError("[table, row, column] of figures")
        return dict(zip(cls.model_fields, written, strict=True))

    @property
    def keys(self) -> list[Key]:
        rows = [self.row] if isinstance(self.row, str) else self.row
        columns = [self.column] if isinstance(self.column, str) else self.column
        return [(self.table, row, column) for row in rows for column in columns]


class Fact(Strict):
    """What a file under meta/ says at a dotted key: a number, or how many entries a list or mapping has."""

    fact: str = Field(description="datasets/NAME, editions/NAME or taxonomy")
    key: str

    @property
    def value(self) -> float:
        found: Any = read_yaml(META / f"{self.fact}.yaml")[0]
        for part in self.key.split("."):
            if not isinstance(found, dict) or part not in found:
                raise InputError(f"found no key {self.key} in {META / self.fact}.yaml, expected a number or a list")
            found = found[part]
        if isinstance(found, list | dict):
            return float(len(found))
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise InputError(f"found {found!r} at {self.key} of {META / self.fact}.yaml, expected a number or a list")
        return float(found)


class Number(Strict):
    """A number that the sentence implies and no figure prints, such as the 2 of "double"."""

    number: float


def _sort(found: Any) -> str | None:
    """Which sort of operand a mapping is, told by its keys."""
    if isinstance(found, list):
        return "figures"
    return next((sort for key, sort in SORTS.items() if isinstance(found, dict) and key in found), None)


SORTS = {"fact": "fact", "number": "number", "kind": "formula"}
Operand = Annotated[
    Annotated[Figures, Tag("figures")] | Annotated[Fact, Tag("fact")] | Annotated[Number, Tag("number")]
    | Annotated["Formula", Tag("formula")],
    Discriminator(_sort, custom_error_type="operand", custom_error_message="figures [table, row, column], a fact "
                  "(fact, key), a number (number) or a formula (kind and what it needs)")]
Operands = Annotated[list[Operand], Field(min_length=1)]


class Equals(Strict):
    """The same figure, printed elsewhere; several must all agree."""

    kind: Literal["equals"]
    to: Operands


class Mean(Strict):
    kind: Literal["mean"]
    of: Operands


class Groups(Strict):
    """Clips of the development test list, counted by groups of devices or scenes; without groups, all of them."""

    dataset: str
    per: Literal["device", "scene"] | None = None
    groups: list[list[str]] = []


class WeightedMean(Strict):
    """Mean of groups, each weighed by how many devices or scenes it has, or how many clips."""

    kind: Literal["weighted_mean"]
    of: Operands
    groups: Groups
    by: Literal["members", "clips"]


class Sum(Strict):
    kind: Literal["sum"]
    of: Operands


class Product(Strict):
    kind: Literal["product"]
    of: Operands


class Difference(Strict):
    kind: Literal["difference"]
    of: Operand
    minus: Operand


class Ratio(Strict):
    kind: Literal["ratio"]
    of: Operand
    to: Operand


class RelativeChange(Strict):
    """100 (new - old) / old, a decrease being counted as positive where that is what is printed."""

    kind: Literal["relative_change"]
    new: Operand
    old: Operand
    direction: Literal["increase", "decrease"]


class Distance(Strict):
    """Absolute differences, one for each of `of`; `whole`: rounded to whole numbers."""

    kind: Literal["distance"]
    of: Operands
    around: Operand
    whole: bool = False


class Bytes(Strict):
    """Kilobytes (of `unit_bytes`) that so many parameters take."""

    kind: Literal["bytes"]
    parameters: Operands
    weights: Literal["int8", "float16", "float32"]
    unit_bytes: Literal[1000, 1024]


class Capacity(Strict):
    """Parameters that fit into so many kilobytes (of `unit_bytes`)."""

    kind: Literal["capacity"]
    size: Operand
    weights: Literal["int8", "float16", "float32"]
    unit_bytes: Literal[1000, 1024]


class Frames(Strict):
    """Frames of one clip, by the rule that our features follow."""

    kind: Literal["frames"]
    sample_rate: Operand
    clip_seconds: Operand
    window: Operand
    hop: Operand
    centred: bool


class DeltaFrames(Strict):
    kind: Literal["delta_frames"]
    frames: Operand
    deltas: DeltaSettings


class DeltaChannels(Strict):
    kind: Literal["delta_channels"]
    deltas: DeltaSettings


class Compare(Strict):
    """All of `all` stand so to all of `than` (absent: the claim's own figure); `paired`: first to first, and so on."""

    kind: Literal["compare"]
    all: Operands
    are: Literal["below", "at_most", "at_least", "above"]
    than: Operands | None = None
    paired: bool = False


class Cycles(Strict):
    """Restarts of cosine cycles, each `factor` times as long as the one before; the first epoch is `counted_from`."""

    kind: Literal["cycles"]
    factor: PositiveInt
    counted_from: Literal[0, 1]


class WholeClips(Strict):
    """Each percentage is, at the digits printed, a whole number of the clips of its group."""

    kind: Literal["whole_clips"]
    of: Annotated[list[Figures], Field(min_length=1)]
    clips: Groups


Formula = Annotated[
    Equals | Mean | WeightedMean | Sum | Product | Difference | Ratio | RelativeChange | Distance | Bytes | Capacity
    | Frames | DeltaFrames | DeltaChannels | Compare | Cycles | WholeClips, Field(discriminator="kind")]

for _schema in (Equals, Mean, WeightedMean, Sum, Product, Difference, Ratio, RelativeChange, Distance, Bytes, Capacity,
                Frames, DeltaFrames, Compare, WholeClips):
    _schema.model_rebuild()  # they name operands, which are made of them
