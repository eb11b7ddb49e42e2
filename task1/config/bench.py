"""What the bench measures and what is wished for: meta/bench.yaml, checked."""

from functools import cache
from typing import Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from task1.config.base import META, Strict, load
from task1.config.resolve import dataset, names
from task1.errors import InputError

PATH = META / "bench.yaml"


class Seconds(Strict):
    seconds: PositiveFloat


class Workers(Strict):
    count: int = Field(ge=2)
    ratio: PositiveFloat


class ExtractionWish(Strict):
    entries: tuple[str, ...] = Field(min_length=1)
    ratio: PositiveFloat
    workers: Workers
    dataset: str = Field(description="to the size of which is projected")
    clips: PositiveInt = Field(description="of the run that is projected from")
    growth: PositiveFloat = Field(description="of a clip's time in the run, of memory with 4 times the clips")


class TrainingWish(Strict):
    entry: str
    ratio: PositiveFloat
    quantized: PositiveFloat = Field(description="a quantized step's time to a float one's, at most")


class StartupWish(Strict):
    help: Seconds
    nothing_to_do: Seconds
    demo: Seconds


class AuditWish(Strict):
    entry: str = Field(description="all its systems, with the rows that its edition evaluates")
    seconds: PositiveFloat


class ScoringWish(Strict):
    rows: PositiveInt
    seconds: PositiveFloat
    audit: AuditWish


class GrowthWish(Strict):
    rows: tuple[PositiveInt, ...] = Field(min_length=2)
    exponent: PositiveFloat

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.rows) != sorted(set(self.rows)):
            raise ValueError("rows that rise")
        return self


class Bench(Strict):
    extraction: ExtractionWish
    training: TrainingWish
    startup: StartupWish
    scoring: ScoringWish
    growth: GrowthWish


@cache
def bench() -> Bench:
    """The wishes, with the entries, data set they name known to exist."""
    wishes = load(Bench, PATH)
    for key, name in (*(("extraction.entries", name) for name in wishes.extraction.entries),
                      ("training.entry", wishes.training.entry),
                      ("scoring.audit.entry", wishes.scoring.audit.entry)):
        if name not in names("entries"):
            raise InputError(f"{PATH}: {key}: found {name!r}, expected one of {', '.join(names('entries'))}")
    dataset(wishes.extraction.dataset)
    return wishes
