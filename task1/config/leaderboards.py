"""Official results: what each table says as a whole, its known rows, and the formula that ordered them.

Inputs: meta/leaderboards/<edition>.yaml (how many rows there are, and where this project writes no packages for the
edition also the formula) and meta/leaderboards/<edition>.csv (one row a known system or team).
Outputs: checked objects; an empty cell is an absent value. Errors name the file and line.
"""

from functools import cache
from typing import Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from task1.config.base import META, Strict, load
from task1.config.facts import Ranking
from task1.config.published import read_rows
from task1.config.resolve import dataset, edition, names
from task1.errors import InputError

PERCENT = Field(default=None, ge=0, le=100)


class Standing(Strict):
    """One row of official results; accuracies are percent on the evaluation set unless they say otherwise.

    Rows with one label are one system, found in two tables. Without a label a row is a system of its own.
    """

    edition: str
    label: str | None = None
    team: str
    entry: str | None = None
    system_rank: PositiveInt | None = None
    team_rank: PositiveInt | None = None
    best_of_team: bool = Field(default=False, description="the row by which the team ranks")
    accuracy: float | None = Field(default=None, ge=0, le=100, description="what the table calls accuracy or score")
    accuracy_low: float | None = Field(default=None, ge=0, le=100, description="of the 95 % interval")
    accuracy_high: float | None = PERCENT
    accuracy_by_subset: str | None = Field(default=None, pattern=r"^\d+:\d+(\.\d+)?( \d+:\d+(\.\d+)?)*$",
                                           description="subset:percent, where networks were trained on subsets")
    log_loss: PositiveFloat | None = None
    parameters: PositiveInt | None = None
    parameters_non_zero: NonNegativeInt | None = None
    size_kb: PositiveFloat | None = None
    memory_bytes: PositiveInt | None = Field(default=None, description="of the parameters, as the edition counts them")
    mmacs: PositiveFloat | None = None
    memory_rank: PositiveInt | None = None
    macs_rank: PositiveInt | None = None
    accuracy_seen_devices: float | None = PERCENT
    accuracy_unseen_devices: float | None = PERCENT
    development_accuracy: float | None = PERCENT
    development_log_loss: PositiveFloat | None = None
    note: str | None = None
    provenance: str

    @property
    def subsets(self) -> dict[str, float]:
        """Accuracy by training subset."""
        pairs = (pair.split(":") for pair in (self.accuracy_by_subset or "").split())
        return {subset: float(accuracy) for subset, accuracy in pairs}


class Board(Strict):
    """An edition's official table as a whole; `ranking` and `development` only where meta/editions has no such file."""

    name: str
    title: str
    page: str
    systems: PositiveInt | None = Field(description="rows of the table of systems, with the baseline; null: unknown")
    teams: PositiveInt | None = Field(description="rows of the table of teams, with the baseline; null: unknown")
    counts_source: str
    ranking: Ranking | None = None
    development: str | None = Field(default=None, description="data set whose test fold its teams scored on; null: "
                                    "none that this project knows")

    @model_validator(mode="after")
    def _once(self) -> Self:
        described = self.name in names("editions")
        if described and (self.ranking or self.development):
            raise ValueError(f"neither ranking nor development, since meta/editions/{self.name}.yaml says them")
        if not described and self.ranking is None:
            raise ValueError(f"a block `ranking`, since there is no meta/editions/{self.name}.yaml to say it")
        return self


@cache
def board(name: str) -> Board:
    """What is known of the official table of an edition (2020_1b, 2021, ... 2025) as a whole."""
    found = load(Board, META / "leaderboards" / f"{name}.yaml")
    if found.development is not None:
        dataset(found.development)
    return found


@cache
def leaderboard(name: str) -> tuple[Standing, ...]:
    """The official results that are known of an edition."""
    path = META / "leaderboards" / f"{name}.csv"
    standings = read_rows(Standing, path)
    for line, standing in standings:
        if standing.edition != name:
            raise InputError(f"{path}, line {line}: edition: found {standing.edition!r}, expected {name!r}")
    return tuple(standing for _, standing in standings)


def ranked_editions() -> list[str]:
    """Editions whose formula is known, those of other tracks and later years included."""
    return sorted({*names("editions"), *names("leaderboards")})


def ranking_of(name: str) -> Ranking:
    """How an edition orders systems."""
    if name in names("editions"):
        return edition(name).ranking
    if name not in names("leaderboards"):
        raise InputError(f"found edition {name!r}, expected one of {', '.join(ranked_editions())}")
    ranking = board(name).ranking
    assert ranking is not None  # by Board's own rule
    return ranking


def development_of(name: str) -> str | None:
    """The data set on whose test fold teams of an edition scored themselves."""
    return edition(name).datasets["development"] if name in names("editions") else board(name).development
