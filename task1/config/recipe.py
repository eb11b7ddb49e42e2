"""Schemas of a recipe: what is computed from the audio, how a network is trained and what ships.

A recipe is data. Every class here mirrors one block of `meta/entries/<name>.yaml`; nothing here has a default that a
paper could contradict silently: what an entry leaves out is switched off.
"""

from typing import Any, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from task1.config.base import Strict


class LogSettings(Strict):
    """log_base(mel + floor) for mode `add`, log_base(max(mel, floor)) for mode `max`."""

    base: Literal["10", "e"]
    floor: PositiveFloat
    mode: Literal["add", "max"] = "add"


class FeatureSettings(Strict):
    """The log-mel spectrogram that is stored. Everything here is part of the store's digest."""

    sample_rate: PositiveInt
    clip_seconds: PositiveFloat
    n_fft: PositiveInt
    win_length: PositiveInt
    hop_length: PositiveInt
    window: Literal["hann"] = "hann"
    center: bool = True
    pad_mode: Literal["reflect", "constant"] = "reflect"
    power: Literal[1, 2] = 2
    n_mels: PositiveInt
    f_min: float = Field(ge=0)
    f_max: PositiveFloat
    mel_scale: Literal["htk", "slaney"]
    mel_norm: Literal["slaney", "none"]
    log: LogSettings

    @property
    def samples(self) -> int:
        return round(self.sample_rate * self.clip_seconds)

    @property
    def frames(self) -> int:
        padded = self.samples + (2 * (self.n_fft // 2) if self.center else 0)
        return 1 + (padded - self.n_fft) // self.hop_length

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.win_length > self.n_fft:
            raise ValueError("win_length no longer than n_fft")
        if not self.f_min < self.f_max <= self.sample_rate / 2:
            raise ValueError("0 <= f_min < f_max <= sample_rate / 2")
        if self.samples < self.n_fft:
            raise ValueError(f"clips of at least n_fft samples ({self.samples} < {self.n_fft})")
        return self


Normalisation = Literal["none", "clip_standard", "clip_minmax"]


class DeltaSettings(Strict):
    """Regression deltas over `window` frames: `padded` repeats the edge frames, `valid` drops them (2 a side for 5)."""

    order: Literal[1, 2]
    kind: Literal["padded", "valid"]
    window: Literal[5] = 5
    normalise: Normalisation = "none"


class InputSettings(Strict):
    """From the stored log-mel to what the network sees, in this order:
    normalise -> deltas (cut the log-mel alike if `valid`) -> normalise deltas -> stack -> repeat in time."""

    normalise: Normalisation
    deltas: DeltaSettings | None = None
    repeat_time: PositiveInt = 1

    @property
    def channels(self) -> int:
        return 1 + (self.deltas.order if self.deltas else 0)

    def frames(self, stored: int) -> int:
        """Frames the network sees of `stored` ones (before any crop of the augmentation)."""
        lost = self.deltas.order * (self.deltas.window - 1) if self.deltas and self.deltas.kind == "valid" else 0
        return (stored - lost) * self.repeat_time


class Mixup(Strict):
    """One lambda ~ Beta(alpha, alpha) a batch. Whole batches until that share of the epochs, then half of each."""

    alpha: PositiveFloat
    whole_batch_until: float = Field(default=1.0, ge=0, le=1)


class Stripes(Strict):
    """SpecAugment along one axis: `stripes` masks of a width drawn from 0..max_width (inclusive)."""

    stripes: PositiveInt
    max_width: PositiveInt


class Masking(Strict):
    time: Stripes | None = None
    mel: Stripes | None = None
    fill: float = 0.0


class SpectrumCorrection(Strict):
    """`reference_mean`: the mean spectrum of the devices other than `device` is the reference that corrects it.
    `pairwise_pool`: a random difference of parallel recordings is added to clips of `device`."""

    method: Literal["reference_mean", "pairwise_pool"]
    device: str
    probability: float = Field(ge=0, le=1)


class AutoLevel(Strict):
    """Stretch of each spectrogram between two of its quantiles."""

    low: float = Field(ge=0, lt=1)
    high: float = Field(gt=0, le=1)
    probability: float = Field(ge=0, le=1)


class Pix2Pix(Strict):
    """A generator trained on parallel recordings adds one generated clip for `share` of the source clips.

    Widths are those of `pix2pix_generator` and `pix2pix_discriminator`; the optimiser is Adam. `validation_share` is of
    the training locations; with the models' share, or more, the generator never hears what they are validated on.
    """

    source_devices: tuple[str, ...] = Field(min_length=1)
    target_devices: tuple[str, ...] = Field(min_length=1)
    generator: tuple[PositiveInt, ...] = Field(min_length=1)
    discriminator: tuple[PositiveInt, ...] = Field(min_length=2)
    dropout: float = Field(ge=0, lt=1)
    epochs: PositiveInt
    batch_size: int = Field(ge=2)
    lr: PositiveFloat
    beta1: float = Field(ge=0, lt=1)
    l1_weight: PositiveFloat
    share: float = Field(gt=0, le=1)
    validation_share: float = Field(ge=0, lt=0.5)

    @model_validator(mode="after")
    def _devices(self) -> Self:
        named = [*self.source_devices, *self.target_devices]
        twice = sorted({device for device in named if named.count(device) > 1})
        if twice:
            raise ValueError(f"each device once, as a source or as a target (found more than once: {', '.join(twice)})")
        return self


class Shift(Strict):
    """Random translation: time by up to a fraction of the width, mel by up to so many bins, edges repeated."""

    time_fraction: float = Field(ge=0, le=1)
    mel_bins: int = Field(ge=0)


class NoiseMask(Strict):
    """Noise is added in the time-frequency plane and the mask that would remove it is learned beside the scene.

    `snr_db`: from which the ratio of a clip to its noise is drawn. `weight`: of the mask's loss beside the scene's.
    """

    time: Stripes | None = None
    mel: Stripes | None = None
    snr_db: tuple[float, float]
    weight: PositiveFloat

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.time is None and self.mel is None:
            raise ValueError("stripes of time, of mel or of both")
        if self.snr_db[0] > self.snr_db[1]:
            raise ValueError(f"snr_db as [lowest, highest] (found {list(self.snr_db)})")
        return self


class Waveform(Strict):
    """Augmented copies of recordings, a folder of copies for each kind that is asked for (task1/augment/copies.py).

    Each is made by drawing uniformly: semitones from -pitch_semitones .. pitch_semitones, a factor of speed, a
    signal-to-noise ratio, another clip of the same scene and device with a gain for each of the two.
    """

    share: float = Field(gt=0, le=1, description="of the train split's clips that get a copy of each kind")
    pitch_semitones: float | None = Field(default=None, gt=0, le=24)
    speed: tuple[PositiveFloat, PositiveFloat] | None = None
    noise_snr_db: tuple[float, float] | None = None
    mix_gains: tuple[PositiveFloat, PositiveFloat] | None = None

    @model_validator(mode="after")
    def _asks(self) -> Self:
        bounded = {"speed": self.speed, "noise_snr_db": self.noise_snr_db, "mix_gains": self.mix_gains}
        if not (self.pitch_semitones or any(bounded.values())):
            raise ValueError(f"one or more of pitch_semitones, {', '.join(bounded)}")
        for name, bounds in bounded.items():
            if bounds and bounds[0] > bounds[1]:
                raise ValueError(f"{name} as [low, high] (found {list(bounds)})")
        return self


class Augmentation(Strict):
    """All of it works on whole batches on the training device; a block that is absent is off."""

    mixup: Mixup | None = None
    masking: Masking | None = None
    spectrum_correction: SpectrumCorrection | None = None
    auto_level: AutoLevel | None = None
    pix2pix: Pix2Pix | None = None
    crop_frames: PositiveInt | None = None
    roll: bool = False
    shift: Shift | None = None
    noise_mask: NoiseMask | None = None
    waveform: Waveform | None = None


class Optimizer(Strict):
    name: Literal["sgd", "radam"]
    lr: PositiveFloat
    momentum: float = Field(default=0.0, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)


class Schedule(Strict):
    """`cosine` from lr to lr_min over all epochs after a linear warm-up from warmup_lr; `warm_restarts` begins a new
    cosine when as many epochs are over as `restarts` names; `constant` stays."""

    name: Literal["cosine", "warm_restarts", "constant"]
    lr_min: float = Field(default=0.0, ge=0)
    warmup_epochs: int = Field(default=0, ge=0)
    warmup_lr: float = Field(default=0.0, ge=0)
    restarts: tuple[PositiveInt, ...] = ()


class Loss(Strict):
    """Soft-label cross-entropy of the ten scenes and, with a second head, of the three super-classes."""

    combine: Literal["scene_only", "weighted", "pcgrad"]
    scene_weight: float = Field(default=1.0, ge=0)
    super_weight: float = Field(default=0.0, ge=0)
    orthonormal_weight: float = Field(default=0.0, ge=0)


class Averaging(Strict):
    """Mean of the weights at these epochs, or over the last `last` ones."""

    epochs: tuple[PositiveInt, ...] = ()
    last: PositiveInt | None = None
    weights: tuple[PositiveFloat, ...] = ()


class Training(Strict):
    epochs: PositiveInt
    batch_size: PositiveInt
    optimizer: Optimizer
    schedule: Schedule
    loss: Loss
    data: Literal["train", "all"] = "train"
    validation_share: float = Field(ge=0, lt=0.5, description="of the training locations, location-disjoint")
    keep: Literal["best_accuracy", "best_loss", "last"]
    averaging: Averaging | None = None
    seed: int = Field(ge=0)


class Distillation(Strict):
    """Targets from teachers' output tables: weight * T^2 * KL(teacher || student) + (1 - weight) * cross-entropy."""

    teachers: list[str] = Field(min_length=1)
    temperature: PositiveFloat
    weight: float = Field(gt=0, le=1)
    super_labels: Literal["teacher", "truth"] = "teacher"


class Pruning(Strict):
    kind: Literal["magnitude", "structured"]
    share: float = Field(gt=0, lt=1)
    fine_tune_epochs: int = Field(ge=0)


BYTES_PER_WEIGHT = {"int8": 1, "float16": 2, "float32": 4}


class Compression(Strict):
    """What ships: int8 by quantisation-aware training, float16 after training, or float32."""

    weights: Literal["int8", "float16", "float32"]
    quantization_aware_from_epoch: int | None = Field(default=None, ge=0)
    pruning: Pruning | None = None

    @property
    def bytes_per_weight(self) -> int:
        return BYTES_PER_WEIGHT[self.weights]


class Decision(Strict):
    """How ten-class and three-class outputs become one decision."""

    combine: Literal["scene", "product", "logit_mix"]
    scene_share: float = Field(default=0.8, gt=0, le=1, description="of logit_mix")


class ModelRecipe(Strict):
    """Everything about one trained network, after entry, model and profile blocks have been merged."""

    role: Literal["system", "teacher", "baseline", "ablation"]
    network: dict[str, Any] = Field(description="spec for task1.models.build: `class` and its arguments")
    input: InputSettings
    augmentation: Augmentation
    training: Training
    distillation: Distillation | None = None
    compression: Compression
    decision: Decision

    @model_validator(mode="after")
    def _has_class(self) -> Self:
        if not isinstance(self.network.get("class"), str):
            raise ValueError("a network with a key `class`")
        if self.network.get("in_channels", self.input.channels) != self.input.channels:
            raise ValueError(f"network.in_channels to be {self.input.channels}, as many as the input has with its "
                             f"deltas (found {self.network['in_channels']})")
        return self

    @property
    def teachers(self) -> tuple[str, ...]:
        return tuple(self.distillation.teachers) if self.distillation else ()

    def frames(self, stored: int) -> int:
        """Frames of a clip that the network classifies: as many as it was trained on, if that was a crop."""
        return self.augmentation.crop_frames or self.input.frames(stored)
