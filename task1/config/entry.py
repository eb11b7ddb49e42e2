"""Schemas of an entry and a profile, and their merging into a resolved run.

Order of precedence, weakest first: the entry's shared blocks, the model's own blocks, the entry's variant chosen by
`--set variant=NAME`, the profile's overrides (for all entries, then for this one), `--set key=value` for all models,
`--set models.NAME.key=value` for one. Within one of these a later word beats an earlier one.
"""

from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from task1.config.base import Strict
from task1.config.recipe import FeatureSettings, ModelRecipe
from task1.config.replicas import MODEL_NAME, model_and_number, replica_name, replica_recipe

RUN_NAME = r"^[A-Za-z0-9][A-Za-z0-9._+-]*$"
Name = Annotated[str, Field(pattern=MODEL_NAME)]
SHARED_BLOCKS = ("input", "augmentation", "training", "distillation", "compression", "decision")


class Affiliation(Strict):
    abbreviation: str
    institute: str
    department: str | None = None
    location: str


class Author(Strict):
    lastname: str
    firstname: str
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    corresponding: bool = False
    affiliation: Affiliation


class Source(Strict):
    """The publication that the entry reproduces."""

    title: str
    authors: tuple[str, ...]
    venue: str
    year: int
    link: str | None = None
    code: str | None = None


class Texts(Strict):
    """What a team writes by hand into the meta YAML."""

    name: str
    abbreviation: str = Field(max_length=10)
    label: str = Field(pattern=r"^[A-Z][A-Za-z-]*_[A-Za-z0-9-]+$", description="Lastname_Institute, before _task1_N")
    input_channels: str
    acoustic_features: str
    embeddings: str | None
    data_augmentation: str | None
    machine_learning_method: str
    decision_making: str | None
    external_data_usage: str | None
    complexity_management: str | None
    pipeline: str
    framework: str
    source_code: str | None


class System(Strict):
    """One submitted system: one model, or several that are combined."""

    models: tuple[str, ...] = Field(min_length=1)
    combine: Literal["single", "mean", "weighted", "log_mean", "linear", "vote"] = "single"
    weights: tuple[float, ...] | None = Field(default=None, description="null: fitted on validation where needed")
    name: str | None = None
    abbreviation: str | None = Field(default=None, max_length=10)
    submitted: bool = Field(default=True, description="false: trained, scored and reported, but not packaged")

    @property
    def is_fitted(self) -> bool:
        """Whether the weights of the members come from validation clips."""
        return self.combine in ("linear", "weighted") and self.weights is None

    @model_validator(mode="after")
    def _members(self) -> Self:
        if (self.combine == "single") != (len(self.models) == 1):
            raise ValueError("combine: single for one model, another way for several")
        if self.weights is not None and len(self.weights) != len(self.models):
            raise ValueError("as many weights as models")
        return self


class Entry(Strict):
    """`meta/entries/<name>.yaml` as it is written: shared blocks plus what each model changes."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    source: Source | None = None
    edition: str
    datasets: dict[Literal["development", "evaluation"], str]
    authors: tuple[Author, ...] = Field(min_length=1)
    texts: Texts
    features: FeatureSettings
    input: dict[str, Any]
    augmentation: dict[str, Any]
    training: dict[str, Any]
    distillation: dict[str, Any] | None = None
    compression: dict[str, Any]
    decision: dict[str, Any]
    models: dict[Name, dict[str, Any]] = Field(min_length=1)
    systems: dict[int, System] = Field(min_length=1)
    variants: dict[Name, dict[str, Any]] = Field(default={}, description="named overrides, e.g. the authors' code")
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _references(self) -> Self:
        if sum(author.corresponding for author in self.authors) != 1:
            raise ValueError("exactly one author with corresponding: true")
        for index, system in self.systems.items():
            unknown = [name for name in system.models if name not in self.models]
            if unknown:
                raise ValueError(f"systems.{index}.models to name models of this entry (not {', '.join(unknown)})")
        return self


class CorpusChoice(Strict):
    development: str
    evaluation: str


class Profile(Strict):
    """`meta/profiles/<name>.yaml`: which corpus, how much work."""

    name: str
    title: str
    corpus: Literal["embedded", "recorded"]
    embedded: dict[Literal["1", "10"], CorpusChoice] = Field(default={}, description="by clip seconds")
    part_clips: PositiveInt = Field(description="clips in one part of the feature store")
    systems: dict[str, tuple[PositiveInt, ...]] = Field(default={}, description="by entry: only these systems, and "
                                                        "the models behind them; else all")
    overrides: dict[str, Any] = {}
    entries: dict[str, dict[str, Any]] = {}

    @model_validator(mode="after")
    def _corpora(self) -> Self:
        if self.corpus == "embedded" and not self.embedded:
            raise ValueError("a block `embedded` naming the data sets, since corpus is embedded")
        return self


class Run(Strict):
    """A resolved run: what `work/runs/<name>/config.yaml` holds and every verb reads."""

    name: str = Field(pattern=RUN_NAME, description="the run's folder: entry-profile, +variant, or what --name says")
    entry: str
    profile: str
    edition: str
    embedded: bool
    corpora: str = Field(description="folder that holds the data sets' root folders")
    development: str
    evaluation: str
    features: FeatureSettings
    part_clips: PositiveInt
    models: dict[str, ModelRecipe]
    systems: dict[int, System]
    authors: tuple[Author, ...]
    texts: Texts
    source: Source | None
    clip_seconds: PositiveFloat
    settings: tuple[str, ...] = Field(default=(), description="the --set arguments of this run")
    recipe: str = Field(description="the entry's name, or the path of the user's own file")
    command: tuple[str, ...] = Field(description="what a person types to have this run again")
    skip_bad: bool = Field(default=False, description="unusable recordings are listed and left out everywhere")
    seeds: PositiveInt = Field(default=1, description="trainings of every model, each from a seed of its own")

    @property
    def trainings(self) -> tuple[str, ...]:
        """Names of all networks that are trained: the models, then their replicas of further seeds."""
        return tuple(replica_name(name, number) for number in range(1, self.seeds + 1) for name in self.models)

    def model(self, training: str) -> ModelRecipe:
        """The recipe of one of `trainings`."""
        name, number = model_and_number(training)
        return replica_recipe(self.models[name], number)

    def has_heard_test(self, training: str) -> bool:
        """Whether a network, or a teacher behind it, learned from the clips of the test fold."""
        recipe = self.model(training)
        return recipe.training.data == "all" or any(map(self.has_heard_test, recipe.teachers))

    def learning_data(self, training: str) -> str:
        """`all` if the network or a student of it learns from the whole development set, else `train`."""
        model, _ = model_and_number(training)
        of = {recipe.training.data for name, recipe in self.models.items() if name == model or model in recipe.teachers}
        return "all" if "all" in of else "train"

    @model_validator(mode="after")
    def _teachers(self) -> Self:
        taught = {name: model.teachers for name, model in self.models.items()}
        for name, teachers in taught.items():
            for teacher in teachers:
                if teacher not in self.models:
                    raise ValueError(f"models.{name}.distillation.teachers to name models of the entry, not {teacher}")
        try:
            TopologicalSorter(taught).prepare()
        except CycleError as error:
            circle = " <- ".join(error.args[1])
            raise ValueError(f"distillation.teachers without a circle (found {circle})") from None
        return self

    @model_validator(mode="after")
    def _long_enough(self) -> Self:
        for name, model in self.models.items():
            frames, crop = model.input.frames(self.features.frames), model.augmentation.crop_frames
            if frames < (crop or 1):
                raise ValueError(f"models.{name} to see clips of at least {crop or 1} frames; features and input "
                                 f"leave {frames} (see augmentation.crop_frames, features.hop_length)")
        return self
