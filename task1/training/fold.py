"""What a model learns from and is validated on: index, feature store, augmented copies and teachers' tables joined.

Validation clips are all clips of a share of the training locations; nothing of these locations is learned from, in any
form. The test fold is never looked at, unless the recipe learns from all development data (`training.data: all`).
"""

import dataclasses
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from task1.augment.copies import copies_of, load_copies
from task1.augment.spectrum_correction import corrections, spectra
from task1.config import ModelRecipe, Run
from task1.corpus.folds import validation_split
from task1.corpus.index import read_index
from task1.errors import InputError
from task1.features.store import STORE, FeatureStore
from task1.files import file_digest
from task1.layout import Layout
from task1.outputs import read_outputs
from task1.training.data import Clips, load_clips, training_rows
from task1.training.distill import taught


@dataclass(frozen=True)
class Fold:
    """Clips to learn from (`own` recordings, then copies of them), to validate on, and what goes with them."""

    train: Clips
    validation: Clips | None
    own: int
    corrections: Tensor | None
    made_of: tuple[str, ...]
    """Digests of the teachers' tables and the copies."""


def split_rows(at: Layout, run: Run, recipe: ModelRecipe) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the index to learn from and to validate on."""
    settings = recipe.training
    rows = training_rows(read_index(at.index(run.development)), settings.data)
    held_back = validation_split(rows, settings.validation_share, settings.seed).to_numpy(dtype=bool)
    if held_back.all() or (held_back.any() != (settings.validation_share > 0)):
        raise InputError(f"{at.index(run.development)}: a validation share of {settings.validation_share:g} "
                         f"holds back {held_back.sum()} of {len(rows)} clips; change training.validation_share")
    # of all development data, clips outside the train fold share locations with those held back: they go, too
    apart = ~rows["location"].isin(set(rows["location"][held_back])).to_numpy(dtype=bool)
    return rows[apart], rows[held_back]


def load_fold(at: Layout, run: Run, name: str, device: torch.device) -> Fold:
    """Everything a training of model `name` needs, on the device."""
    recipe = run.model(name)
    if recipe.training.validation_share == 0 and recipe.training.keep != "last":
        raise InputError(f"{at.config}: training.keep is {recipe.training.keep}, but validation_share is 0, so there "
                         "is nothing to choose by; expected keep: last or a share above 0")
    train, held_back = split_rows(at, run, recipe)
    store = FeatureStore(at.features(run, run.development), run.features)
    sources = train[~train["filename"].isin(set(store.skipped))]
    parts, names = [(store, sources)], sources["filename"].tolist()
    for copies in copies_of(run, name):
        made, rows = load_copies(at, run, copies, sources)
        parts.append((made, rows))
        names += rows["source"].tolist()
    clips = load_clips(parts, device, "training clips")
    validation = load_clips([(store, held_back)], device, "validation clips") if len(held_back) else None
    made_of = [at.copies(copies) / STORE for copies in copies_of(run, name)]
    tables = [at.model_output(teacher, "learning") for teacher in recipe.teachers]
    if recipe.distillation:
        targets = taught([read_outputs(path) for path in tables], names, recipe.distillation)
        clips = dataclasses.replace(clips, taught=targets.to(device))
    return Fold(clips, validation, len(sources), _corrections(run, recipe, clips, len(sources)),
                tuple(map(file_digest, made_of + tables)))


def _corrections(run: Run, recipe: ModelRecipe, clips: Clips, own: int) -> Tensor | None:
    settings = recipe.augmentation.spectrum_correction
    if settings is None:
        return None
    base = {"10": 10.0, "e": torch.e}[run.features.log.base]
    return corrections(clips.filenames[:own], spectra(clips.logmel[:own], base), settings.device, base,
                       settings.method)
