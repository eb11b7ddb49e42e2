"""What a run needs in bytes, projected from the manifests' counts and the recipe; nothing is read but facts.

Recordings as WAV files on blocks of a disk, log-mels as float16, a training's clips all in memory. Beside them a
process has its libraries and its batch: TRAINING_PROCESS_BYTES, measured on the smallest run.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from task1.config import Dataset, ModelRecipe, Run, dataset
from task1.workflow import memory

WAV_HEADER, DISK_BLOCK = 44, 4096
BYTES_PER_VALUE = 2
TRAINING_PROCESS_BYTES = 1_100 * 10**6
"""Greatest resident memory of `task1 train` on 140 clips, with PyTorch on a CPU; no other verb takes more."""
RESULTS_BYTES = 200 * 10**6
"""Models, tables, scores, package and report of a run."""


@dataclass(frozen=True)
class Needs:
    """In bytes. `training` is what the clips of the largest training take, `generous` what a cluster is asked for it,
    the hungriest batch included; `at_once` trainings run side by side."""

    features: dict[str, int]
    copies: int
    training: int
    generous: int
    at_once: int

    @property
    def disk(self) -> int:
        """Of the work folder, without recordings."""
        return sum(self.features.values()) + self.copies + RESULTS_BYTES

    def memory(self, on_gpu: bool) -> int:
        """Of the machine; on a GPU the clips lie in its memory."""
        return self.at_once * (TRAINING_PROCESS_BYTES + (0 if on_gpu else self.training))


def needs(run: Run, places: int) -> Needs:
    """Of a run with room for so many trainings at a time: processor cores, or GPUs where they are fewer."""
    clip = clip_bytes(run)
    sizes = {name: dataset(name).counts.files * clip for name in (run.development, run.evaluation)}
    copies = {name: clips for model in run.models.values() for name, clips in _copies(run, model)}
    training = max(learned(run, model) * clip for model in run.models.values())
    generous = max(memory.for_training(run, name) for name in run.models) * 10**6
    return Needs(sizes, run.seeds * sum(copies.values()) * clip, training, generous, min(places, len(run.trainings)))


def clip_bytes(run: Run) -> int:
    """A stored log-mel."""
    return run.features.n_mels * run.features.frames * BYTES_PER_VALUE


def learned(run: Run, recipe: ModelRecipe) -> int:
    """Clips that a training of this recipe holds, copies and held-back ones included."""
    counts = dataset(run.development).counts
    own = counts.files if recipe.training.data == "all" or counts.train is None else counts.train.files
    return own + sum(clips for _, clips in _copies(run, recipe))


def recordings_bytes(facts: Dataset) -> int:
    """Of all clips of a data set on a disk."""
    one = WAV_HEADER + facts.audio.samples * facts.audio.bits // 8 * facts.audio.channels
    return facts.counts.files * math.ceil(one / DISK_BLOCK) * DISK_BLOCK


def archives_bytes(facts: Dataset) -> int:
    """Of its archives, as far as the record states their sizes."""
    return sum(archive.bytes or 0 for archive in facts.record.archives) if facts.record else 0


def _copies(run: Run, recipe: ModelRecipe) -> Iterator[tuple[str, int]]:
    """Kinds of augmented copies, each with at most so many clips."""
    train = dataset(run.development).counts.train
    clips = train.files if train else 0
    waveform, pix2pix = recipe.augmentation.waveform, recipe.augmentation.pix2pix
    if waveform:
        asked = waveform.model_dump(exclude={"share"}, exclude_none=True)
        yield from ((f"{kind} {waveform.share}", math.ceil(waveform.share * clips)) for kind in asked)
    if pix2pix:
        of_source = sum((train.per_device if train else {}).get(device, 0) for device in pix2pix.source_devices)
        yield f"pix2pix {pix2pix.share}", math.ceil(pix2pix.share * of_source)
