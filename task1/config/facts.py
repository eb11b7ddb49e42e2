"""Schemas of the facts: taxonomy, data sets, editions of the challenge."""

from fractions import Fraction
from typing import Any, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from task1.config.base import Strict


class SuperClass(Strict):
    name: str
    scenes: tuple[str, ...] = Field(min_length=1)


class Taxonomy(Strict):
    """Scenes in official (alphabetical) order, their super-classes, devices and cities."""

    scenes: tuple[str, ...] = Field(min_length=2)
    super_classes: tuple[SuperClass, ...]
    devices: dict[Literal["real", "simulated"], tuple[str, ...]]
    seen_devices: tuple[str, ...] = Field(description="devices with training clips in the development set")
    reference_device: str
    development_cities: tuple[str, ...]
    evaluation_only_cities: tuple[str, ...]

    @model_validator(mode="after")
    def _partition(self) -> Self:
        if sorted(s for group in self.super_classes for s in group.scenes) != sorted(self.scenes):
            raise ValueError("super_classes that hold every scene exactly once")
        return self

    @property
    def parents(self) -> tuple[int, ...]:
        """For each scene the index of its super-class."""
        owner = {scene: index for index, group in enumerate(self.super_classes) for scene in group.scenes}
        return tuple(owner[scene] for scene in self.scenes)


class Archive(Strict):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.zip$")
    type: Literal["documentation", "meta", "audio"]
    bytes: PositiveInt | None = Field(description="null where no source states it")
    md5: str = Field(pattern=r"^[0-9a-f]{32}$")


class Record(Strict):
    id: PositiveInt
    files_url: str = Field(pattern=r"^https://", description="an archive's name is appended to it")
    archives: tuple[Archive, ...] = Field(min_length=1)


class AudioFormat(Strict):
    sample_rate: PositiveInt
    bits: Literal[16, 24]
    channels: Literal[1]
    clip_seconds: PositiveFloat

    @property
    def samples(self) -> int:
        return round(self.sample_rate * self.clip_seconds)


class SplitCounts(Strict):
    files: PositiveInt
    locations: PositiveInt | None = None
    per_device: dict[str, PositiveInt] = {}
    per_scene: dict[str, PositiveInt] = {}
    per_city: dict[str, PositiveInt] = {}


class Counts(Strict):
    files: PositiveInt
    train: SplitCounts | None = None
    test: SplitCounts | None = None
    unused: SplitCounts | None = None
    per_device: dict[str, PositiveInt] = {}


class Part(Strict):
    """Places and recordings of one split of the embedded corpus."""

    locations_per_scene_and_city: PositiveInt
    moments_per_location: PositiveInt
    devices: dict[str, PositiveInt] = Field(description="recordings by each device, spread evenly over the scenes")


class Synthetic(Strict):
    """Size and seed of an embedded corpus; the acoustics are in task1/corpus/synthetic."""

    seed: int = Field(ge=0)
    cities: tuple[str, ...]
    train: Part | None = None
    test: Part
    unused: Part | None = None
    segments_per_moment: PositiveInt = Field(description="clips cut from one recording, end to end: 10 of 1 s, or 1")


class Dataset(Strict):
    """One corpus folder: `<root_dir>/audio/*.wav`, `meta.csv`, `evaluation_setup/fold1_*.csv`."""

    name: str
    title: str
    part: Literal["development", "evaluation"]
    origin: Literal["recorded", "embedded"]
    root_dir: str
    grammar: Literal["2020", "2022", "numbered"]
    audio: AudioFormat
    counts: Counts
    labels_public: bool
    record: Record | None = None
    synthetic: Synthetic | None = None
    superseded_by: str | None = None
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _origin(self) -> Self:
        if (self.origin == "embedded") != (self.synthetic is not None):
            raise ValueError("a block `synthetic` exactly where origin is embedded")
        return self


class SizeLimit(Strict):
    """Memory of the parameters: which are counted, in what unit, and where the limit lies (bytes or a count)."""

    counted: Literal["all", "non_zero"]
    as_: Literal["bytes", "count"] = Field(alias="as")
    limit: PositiveInt | None
    warn_above: PositiveInt | None = None
    unit_name: str
    unit_bytes: PositiveInt
    assumed_dtype: Literal["int8"] | None = None


class MacLimit(Strict):
    limit: PositiveInt | None
    convention: Literal["torchinfo"]


class Ranking(Strict):
    """How an edition orders systems; a formula of four kinds, named by `metric`.

    accuracy, log_loss: by the value itself. weighted_ranks: by the weighted mean of the ranks in each of `weights`,
    these being over systems. subset_mean: by the mean accuracy of networks trained on each of `subsets`.
    Equal values share the lowest rank and the ranks behind it are skipped (1, 2, 2, 4).
    """

    metric: Literal["accuracy", "log_loss", "weighted_ranks", "subset_mean"]
    weights: dict[Literal["accuracy", "memory", "macs"], PositiveFloat] = {}
    subsets: tuple[str, ...] = Field(default=(), description="percent of the training clips")
    ties: Literal["min"] = "min"
    confidence: Literal["certain", "secondary", "assumed"]
    source: str = Field(description="what says that this is the formula")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.weights) != (self.metric == "weighted_ranks"):
            raise ValueError("weights with metric: weighted_ranks, and only with it")
        if self.weights and sum(Fraction(repr(weight)) for weight in self.weights.values()) != 1:
            raise ValueError("weights whose sum is 1")
        if bool(self.subsets) != (self.metric == "subset_mean") or len(set(self.subsets)) != len(self.subsets):
            raise ValueError("subsets, all different, with metric: subset_mean, and only with it")
        return self


class MetaKey(Strict):
    """One key of the edition's meta YAML, in the template's order."""

    path: str = Field(description="dotted")
    type: Literal["string", "number", "integer", "boolean", "mapping", "list"]
    required: bool
    nullable: bool = False
    optional: bool = Field(default=False, description="may be absent without a word; otherwise the template has it")
    comment: str = ""


class Baseline(Strict):
    """The organisers' network, executed for its energy only."""

    network: dict[str, Any] = Field(description="as in a recipe, with in_channels and input_size (mel, frame)")
    source: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channel, mel, frame)"""
        mel, frames = self.network["input_size"]
        return self.network["in_channels"], mel, frames


class Edition(Strict):
    name: str
    year: int
    task_label: str = Field(description="third part of a submission label")
    page: str
    datasets: dict[Literal["development", "evaluation"], str]
    clip_seconds: PositiveFloat
    size: SizeLimit
    macs: MacLimit
    metrics: tuple[Literal["accuracy", "log_loss"], ...]
    accuracy_average: Literal["macro"]
    ranking: Ranking
    max_systems: PositiveInt
    output_rows: PositiveInt
    output_columns: tuple[str, ...] = Field(description="before the ten probabilities")
    abbreviation_length: PositiveInt = Field(description="characters that a system's abbreviation may have")
    package_root: str | None = Field(description="folder inside the zip above `task1/`; null: none allowed")
    report_name: str = Field(description="{label} stands for Lastname_Institute")
    meta_keys: tuple[MetaKey, ...]
    baseline: Baseline | None = Field(default=None, description="where the meta file asks for its energy")
    notes: tuple[str, ...] = ()
