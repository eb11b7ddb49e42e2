"""pix2pix (shao2022): clips of real devices, turned into what other devices would have recorded.

In: index and feature store of the development set; only clips of the official train split are touched. Out: a folder of
copies (task1/augment/copies.py), beside its parts generator.safetensors and history.csv (one row an epoch of the GAN of
task1/augment/pix2pix_gan.py). What is generated depends on recipe, seed and clips alone, not on how often the work was
interrupted: killed while it trains, the same command goes on from the last epoch.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from task1.allocator import out_of_memory
from task1.augment.copies import PIX2PIX, copy_name, write_copies
from task1.augment.pix2pix_gan import CLIPS_AT_ONCE, Pairs, Translator, train_generator
from task1.augment.spectrum_correction import moments
from task1.config import FeatureSettings, Run
from task1.config.recipe import Pix2Pix
from task1.corpus.folds import validation_split
from task1.corpus.index import read_index
from task1.energy import measured
from task1.errors import InputError
from task1.features.store import STORE, FeatureStore, Rows
from task1.files import atomic_path, digest
from task1.layout import Layout
from task1.training.checkpoint import Checkpoint, save_tensors
from task1.workflow.code import code_digest

GENERATOR = "generator.safetensors"
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class TrainingPairs:
    """`profiles` (source device, target device, mel): mean of target - source over the pairs trained on."""

    train: Pairs
    validation: Pairs | None
    profiles: Tensor
    filenames: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Copies:
    """For each copy the file name of its source, and source and target device as their numbers in the recipe."""

    filenames: list[str]
    source: Positions
    target: Positions


def make_pix2pix_copies(at: Layout, run: Run, recipe: Pix2Pix, folder: Path, device: torch.device, seed: int) -> None:
    """Train the generator and fill `folder` with what it makes of a share of the training clips."""
    store = FeatureStore(at.features(run, run.development), run.features)
    index = read_index(at.index(run.development))
    rows = index[(index["split"] == "train") & ~index["filename"].isin(set(store.skipped))]
    (folder / STORE).unlink(missing_ok=True)  # what lies beside it is about to be replaced
    if device.type == "cuda":  # the same seed shall give the same bytes, as it does on a CPU
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        pairs = training_pairs(rows, store, recipe, seed, device)
        checkpoint = Checkpoint(folder / "checkpoint", _identity(store, recipe, pairs, seed))
        with measured(at.energy(f"{folder.name}.training"), checkpoint.identity, checkpoint.current.exists()):
            translator = train_generator(folder.name, recipe, pairs.train, pairs.validation, checkpoint, seed)
        _save(translator, recipe, pairs, folder)
        copies = draw_copies(rows, recipe, seed)
        write_copies(folder, run.features, run.development,
                     _rows(copies, recipe, generate(translator, store, copies, pairs.profiles, seed)), run.part_clips)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise InputError(f"{folder.name}: out of memory on device {device.type}; the last finished epoch is kept, so "
                         f"lower augmentation.pix2pix.batch_size ({recipe.batch_size}), or free memory and give the "
                         "same command again") from error
    checkpoint.remove()


def parallel(filenames: Sequence[str], sources: Sequence[str], targets: Sequence[str]) -> tuple[Positions, Positions]:
    """Positions of the source and the target clip of every pair recorded at the same moment; linear in the clips."""
    moment, device = moments(filenames)
    table = pd.DataFrame({"moment": moment, "row": np.arange(len(filenames))})
    pairs = table[np.isin(device, sources)].merge(table[np.isin(device, targets)], on="moment", suffixes=("", "_of"))
    return pairs["row"].to_numpy(np.intp), pairs["row_of"].to_numpy(np.intp)


def training_pairs(rows: pd.DataFrame, store: FeatureStore, recipe: Pix2Pix, seed: int,
                   device: torch.device) -> TrainingPairs:
    """All pairs of the recipe's devices; those of the held-back locations are for validation."""
    names = rows["filename"].tolist()
    _refuse_unknown(names, recipe)
    source, target = parallel(names, recipe.source_devices, recipe.target_devices)
    held_back = validation_split(rows, recipe.validation_share, seed).to_numpy(dtype=bool)[source]
    if held_back.all():
        raise InputError(f"pix2pix: found {len(source)} parallel recordings of {_told(recipe.source_devices)} and "
                         f"{_told(recipe.target_devices)} among the {len(names)} training clips, {held_back.sum()} of "
                         "them held back for validation, expected some to train on; change the devices or "
                         "validation_share of augmentation.pix2pix, or remove it")
    used, places = np.unique(np.concatenate([source, target]), return_inverse=True)
    source, target = np.split(places, 2)
    names = [names[row] for row in used]
    clips = _load(store, names, device)
    kinds = _numbers(names, recipe.source_devices)[source], _numbers(names, recipe.target_devices)[target]
    profiles = _profiles(clips, source[~held_back], target[~held_back], kinds[0][~held_back], kinds[1][~held_back],
                         recipe)
    row = kinds[0] * len(recipe.target_devices) + kinds[1]

    def part(chosen: npt.NDArray[np.bool_]) -> Pairs:
        numbers = [torch.from_numpy(values[chosen]).to(device) for values in (source, target, row)]
        return Pairs(clips, numbers[0], numbers[1], numbers[2], profiles.flatten(0, 1))

    return TrainingPairs(part(~held_back), part(held_back) if held_back.any() else None, profiles, tuple(names))


def draw_copies(rows: pd.DataFrame, recipe: Pix2Pix, seed: int) -> Copies:
    """`share` of the source devices' clips, drawn without return, each with a target device drawn evenly."""
    names = np.array(rows["filename"], dtype=object)
    numbers = _numbers(names.tolist(), recipe.source_devices)
    candidates = np.flatnonzero(numbers >= 0)
    generator = np.random.default_rng(seed)
    wanted = max(round(recipe.share * len(candidates)), 1)
    chosen = np.sort(generator.choice(candidates, wanted, replace=False))
    targets = generator.integers(len(recipe.target_devices), size=wanted)
    return Copies(names[chosen].tolist(), numbers[chosen], targets.astype(np.intp))


@torch.inference_mode()
def generate(translator: Translator, store: FeatureStore, copies: Copies, profiles: Tensor,
             seed: int) -> Iterator[Rows]:
    """The copies' log-mels in their order, (clip, mel, frame), so many clips at once."""
    positions, lowest = store.rows(copies.filenames), _lowest(store.settings)
    device = profiles.device
    translator.generating()
    torch.manual_seed(seed)  # of the dropout
    for part in np.split(np.arange(len(positions)), range(CLIPS_AT_ONCE, len(positions), CLIPS_AT_ONCE)):
        source = torch.from_numpy(store.read(positions[part])).to(device).float()
        made = translator(source, profiles[copies.source[part], copies.target[part]])
        yield made.clamp_min(lowest).cpu().numpy().astype(np.float16)


def _rows(copies: Copies, recipe: Pix2Pix, logmels: Iterator[Rows]) -> Iterator[tuple[str, str, str, Rows]]:
    """What `write_copies` takes: file name, source, device and log-mel of copy after copy."""
    clips = (clip for block in logmels for clip in block)
    for source, target, clip in zip(copies.filenames, copies.target, clips, strict=True):
        yield copy_name(source, PIX2PIX), source, recipe.target_devices[target], clip


def _identity(store: FeatureStore, recipe: Pix2Pix, pairs: TrainingPairs, seed: int) -> str:
    """Names what a checkpoint belongs to: recipe, features, clips, and what decides how numbers are rounded."""
    return digest({
        "recipe": recipe.model_dump(mode="json"), "features": store.settings.model_dump(mode="json"),
        "dataset": store.dataset, "clips": pairs.filenames, "seed": seed, "device": pairs.train.clips.device.type,
        "torch": torch.__version__, "code": code_digest("task1.augment.pix2pix_gan"),
    })


def _save(translator: Translator, recipe: Pix2Pix, pairs: TrainingPairs, folder: Path) -> None:
    """The generator with the profiles it was trained on and, as facts, the recipe."""
    with atomic_path(folder / GENERATOR) as temporary:
        save_tensors({**translator.state_dict(), "profiles": pairs.profiles}, temporary,
                     json.dumps({"recipe": recipe.model_dump(mode="json")}, sort_keys=True))


def _refuse_unknown(names: Sequence[str], recipe: Pix2Pix) -> None:
    there = sorted(set(moments(names)[1]))
    absent = [device for device in (*recipe.source_devices, *recipe.target_devices) if device not in there]
    if absent:
        raise InputError(f"pix2pix: no training clip of device {_told(absent)}; the {len(names)} clips are of "
                         f"{_told(there)}; change the devices of augmentation.pix2pix")


def _numbers(names: Sequence[str], devices: Sequence[str]) -> Positions:
    """Each clip's device as its number among `devices`, -1 for others."""
    return pd.Index(devices).get_indexer(pd.Index(moments(names)[1]))


def _load(store: FeatureStore, names: Sequence[str], device: torch.device) -> Tensor:
    positions = store.rows(names)
    clips = torch.empty((len(names), *store.shape[1:]), dtype=torch.float16, device=device)
    for start in range(0, len(names), CLIPS_AT_ONCE):
        part = positions[start:start + CLIPS_AT_ONCE]
        clips[start:start + len(part)] = torch.from_numpy(store.read(part)).to(device)
    return clips


def _profiles(clips: Tensor, source: Positions, target: Positions, of_source: Positions, of_target: Positions,
              recipe: Pix2Pix) -> Tensor:
    """Where a source device has no recording parallel to a target device: the mean of all pairs of that target."""
    spectra = torch.cat([part.float().mean(dim=-1) for part in clips.split(CLIPS_AT_ONCE)])
    result = torch.zeros(len(recipe.source_devices), len(recipe.target_devices), clips.shape[1], device=clips.device)
    for number, name in enumerate(recipe.target_devices):
        pairs = np.flatnonzero(of_target == number)
        if not len(pairs):
            raise InputError(f"pix2pix: no recording of target device {name} to train on is parallel to one of "
                             f"{_told(recipe.source_devices)}; remove it from augmentation.pix2pix.target_devices")
        for own in range(len(recipe.source_devices)):
            chosen = pairs[of_source[pairs] == own]
            chosen = chosen if len(chosen) else pairs
            result[own, number] = (spectra[target[chosen]] - spectra[source[chosen]]).mean(dim=0)
    return result


def _lowest(settings: FeatureSettings) -> float:
    """The log-mel of silence, below which none lies."""
    return float(np.log(settings.log.floor) / np.log({"10": 10.0, "e": np.e}[settings.log.base]))


def _told(devices: Sequence[str]) -> str:
    return ", ".join(devices)
