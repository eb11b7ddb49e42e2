"""Augmented copies of recordings: which ones a run needs, how they are stored, and how a training reads them.

Copies are clips made of clips of the official train split, and of no others. Those of one kind lie in a folder
`<run>/copies/<kind>-<digest>/` of their own; models of a run that ask for the same share it. It is a feature store
(task1/features/store.py) of the originals' parameters and data set name, with two additions:

    copies.csv      TAB-separated: filename (`audio/<stem of the source>+<kind>.wav`), source (file name of the
                    original), device (what the copy sounds like), partner (second original of a mix, else "")
    store.json      written last, as ever; its key `copies` is the SHA-256 of copies.csv

pitch, speed, noise and mix are made by task1/augment/waveform_copies.py, pix2pix by task1/augment/pix2pix.py.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from task1.config import FeatureSettings, Run
from task1.config.recipe import Augmentation, Pix2Pix, Waveform
from task1.errors import InputError
from task1.features.store import STORE, FeatureStore, Part, Rows
from task1.features.writer import part_path, write_part, write_store
from task1.files import digest, file_digest, write_text
from task1.layout import Layout

if TYPE_CHECKING:
    import pandas as pd

WAVEFORM_KINDS = {"pitch": "pitch_semitones", "speed": "speed", "noise": "noise_snr_db", "mix": "mix_gains"}
"""Kind of copies: the key of `augmentation.waveform` that asks for it."""
PIX2PIX = "pix2pix"

TABLE = "copies.csv"
COLUMNS = ("filename", "source", "device", "partner")
REPAIR = "make the copies again with `task1 copies`, which computes what is missing or broken"


@dataclass(frozen=True)
class CopiesRecipe:
    """What one folder of copies is made by; a `Waveform` block holds the one key of its kind."""

    kind: str
    block: Waveform | Pix2Pix
    seed: int


class Copy(NamedTuple):
    """One row of copies.csv."""

    filename: str
    source: str
    device: str
    partner: str = ""


def copies_of(run: Run, model: str) -> tuple[str, ...]:
    """Names of the folders of copies that the model's recipe asks for."""
    return tuple(_recipes(run, model))


def recipe_of(run: Run, name: str) -> CopiesRecipe:
    """What the copies in the folder `name` are made by."""
    recipes = {own: recipe for model in run.trainings for own, recipe in _recipes(run, model).items()}
    if name not in recipes:
        raise InputError(f"copies {name}: no model of this run asks for them; expected "
                         f"{', '.join(recipes) or 'none, since no recipe of this run has augmented copies'}")
    return recipes[name]


def _recipes(run: Run, model: str) -> dict[str, CopiesRecipe]:
    recipe = run.model(model)
    return {_name(run, kind, block, recipe.training.seed): CopiesRecipe(kind, block, recipe.training.seed)
            for kind, block in _blocks(recipe.augmentation)}


def _blocks(augmentation: Augmentation) -> Iterator[tuple[str, Waveform | Pix2Pix]]:
    waveform = augmentation.waveform
    for kind, key in WAVEFORM_KINDS.items():
        if waveform and getattr(waveform, key):
            yield kind, Waveform.model_validate({"share": waveform.share, key: getattr(waveform, key)})
    if augmentation.pix2pix:
        yield PIX2PIX, augmentation.pix2pix


def _name(run: Run, kind: str, block: Waveform | Pix2Pix, seed: int) -> str:
    made_by = {"kind": kind, "recipe": block.model_dump(mode="json"), "seed": seed,
               "features": run.features.model_dump(mode="json"), "dataset": run.development}
    return f"{kind}-{digest(made_by)}"


def copy_name(source: str, kind: str) -> str:
    """The file name of the copy of `source`: `audio/x.wav` gives `audio/x+pitch.wav`."""
    return f"{source.removesuffix('.wav')}+{kind}.wav"


def write_copies(folder: Path, settings: FeatureSettings, dataset: str,
                 rows: Iterable[tuple[str, str, str, Rows]], part_clips: int) -> FeatureStore:
    """Write copies that come one after the other, as (filename, source, device, log-mel (mel, frame) float16).

    What the folder held before is replaced; it counts as complete again when all is written.
    """
    (folder / STORE).unlink(missing_ok=True)
    parts: list[Part] = []
    table: list[Copy] = []
    remaining = iter(rows)
    while batch := list(islice(remaining, part_clips)):
        copies = [Copy(filename, source, device) for filename, source, device, _ in batch]
        block = np.stack([logmel for _, _, _, logmel in batch])
        if block.dtype != np.float16 or block.shape[1:] != (settings.n_mels, settings.frames):
            raise ValueError(f"float16 log-mels of {settings.n_mels} x {settings.frames} expected, not {block.dtype} "
                             f"of {' x '.join(map(str, block.shape[1:]))}")
        if not np.isfinite(block).all():
            raise InputError(f"{folder}: the copies have values that are not finite; expected finite log-mels, so the "
                             "training behind them went wrong: change the recipe")
        parts.append(write_part(part_path(folder, len(parts)), settings, dataset, [copy.filename for copy in copies],
                                [block]))
        table += copies
    if not parts:
        raise InputError(f"{folder}: no clip to make a copy of; expected clips of the train split that the recipe "
                         "applies to")
    write_store(folder, settings, dataset, parts, [], range(len(parts)), copies=write_table(folder, table))
    return FeatureStore(folder, settings, REPAIR)


def write_table(folder: Path, copies: Iterable[Copy]) -> str:
    """Write copies.csv, whole or not at all; its SHA-256, which belongs into store.json."""
    path = folder / TABLE
    write_text(path, "\n".join(["\t".join(COLUMNS), *map("\t".join, copies)]) + "\n")
    return file_digest(path)


def read_copies(folder: Path, settings: FeatureSettings) -> "tuple[FeatureStore, pd.DataFrame]":
    """The store in `folder` and its table (columns COLUMNS, strings), row by row the same clips."""
    from task1.corpus.lists import read_list  # imports pandas, which asking for names does without

    store = FeatureStore(folder, settings, REPAIR)
    path = folder / TABLE
    if not path.is_file():
        raise InputError(f"{path}: no such file, but {STORE} lies beside it; {REPAIR}")
    if file_digest(path) != json.loads((folder / STORE).read_bytes()).get("copies"):
        raise InputError(f"{path}: not the content that was written (SHA-256 differs from {STORE}); {REPAIR}")
    table = read_list(path, COLUMNS).reset_index(drop=True)
    if table["filename"].tolist() != store.filenames:
        raise InputError(f"{path}: its {len(table)} file names are not those of the {len(store.filenames)} copies in "
                         f"the parts beside it; {REPAIR}")
    return store, table


def load_copies(at: Layout, run: Run, name: str, originals: "pd.DataFrame") -> "tuple[FeatureStore, pd.DataFrame]":
    """The store of the copies `name` and those of its rows that are made of nothing but `originals`.

    `originals` are rows of the index; the rows given back have the columns of copies.csv and the scene of their source.
    So no copy of a clip that is held back for validation, or mixed with one, is learned from.
    """
    store, table = read_copies(at.copies(name), run.features)
    if store.dataset != run.development:
        raise InputError(f"{at.copies(name) / STORE}: found copies of clips of {store.dataset}, expected "
                         f"{run.development}; {REPAIR}")
    known = set(originals["filename"])
    usable = table[table["source"].isin(known) & table["partner"].isin(known | {""})]
    scenes = originals.set_index("filename")["scene"]
    return store, usable.assign(scene=scenes.loc[usable["source"]].to_numpy()).reset_index(drop=True)
