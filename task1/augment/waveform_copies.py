"""Copies of the train split's recordings with changed samples: pitch, speed, noise, mix (task1/augment/waveform.py).

Their log-mels are computed by the code that computes those of the originals, part by part, in parallel processes. A
killed run leaves its finished parts; they are taken as they are unless the recipe, the recordings behind them or the
code has changed since.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from task1.augment.copies import REPAIR, WAVEFORM_KINDS, CopiesRecipe, Copy, copy_name, write_table
from task1.augment.waveform import SHORTEST, augmented, dice_of
from task1.config import Run
from task1.config.recipe import Waveform
from task1.corpus.index import read_index
from task1.errors import InputError
from task1.features.audio import Samples, read_clip
from task1.features.extract import check_names, make_parts
from task1.features.parts import DEFINITION, PartJob, stamp
from task1.features.store import FeatureStore, left_out
from task1.features.writer import write_store
from task1.files import digest
from task1.layout import Layout
from task1.workflow.code import code_digest


@dataclass(frozen=True)
class CopiesJob(PartJob):
    """A part of copies: `filenames` are those of the copies, `root` is where their sources lie."""

    copies: tuple[Copy, ...]
    kind: str
    block: Waveform
    seed: int

    def wave(self, name: str) -> Samples:
        copy = self._copies[name]
        source = read_clip(self.root / copy.source, self.settings)
        partner = read_clip(self.root / copy.partner, self.settings) if copy.partner else None
        dice = dice_of(self.seed, self.kind, copy.source)
        return augmented(source, partner, self.block, self.settings.sample_rate, dice)

    def origin(self) -> dict[str, Any]:
        return {"code": code_digest(*DEFINITION, "task1.augment.waveform"),
                "kind": self.kind, "recipe": self.block.model_dump(mode="json"), "seed": self.seed,
                "recordings": [[copy.source, *stamp(self.root / copy.source),
                                copy.partner, *stamp(self.root / copy.partner)] for copy in self.copies]}

    @cached_property
    def _copies(self) -> dict[str, Copy]:
        return {copy.filename: copy for copy in self.copies}


def make_waveform_copies(at: Layout, run: Run, recipe: CopiesRecipe, folder: Path, workers: int) -> FeatureStore:
    """Make the copies that `folder` does not hold yet. Recordings that the features had to leave out get none."""
    name = run.development
    _refuse_short(run, recipe.kind)
    index = read_index(at.index(name))
    rows = index[(index["split"] == "train") & ~index["filename"].isin(set(left_out(at.features(run, name))))]
    copies = draw_copies(rows, recipe)
    if not copies:
        wanted = "two usable clips or more of one scene and device" if recipe.kind == "mix" else "one or more usable"
        raise InputError(f"{at.index(name)}: no copies of kind {recipe.kind} can be made of the {len(rows)} usable "
                         f"clips of split train, expected {wanted}; complete the data set or take "
                         f"augmentation.waveform.{WAVEFORM_KINDS[recipe.kind]} out of the recipe")
    root = at.root(run, name)
    check_names(sorted({file for copy in copies for file in (copy.source, copy.partner) if file}), root, name)
    jobs = _plan(copies, run, root, recipe, folder)
    outcomes = make_parts(jobs, workers, f"copies {recipe.kind}")
    failed = [skip for outcome in outcomes for skip in outcome.skipped]
    if failed:
        raise InputError(f"{failed[0].filename}: {failed[0].reason}; {len(failed)} of {len(copies)} copies cannot be "
                         "made, this is the first; correct the recordings and run the features stage again")
    write_store(folder, run.features, name, [outcome.part for outcome in outcomes if outcome.part], [],
                [outcome.number for outcome in outcomes], copies=write_table(folder, copies))
    return FeatureStore(folder, run.features, REPAIR)


def draw_copies(rows: pd.DataFrame, recipe: CopiesRecipe) -> tuple[Copy, ...]:
    """The recipe's share of the clips in `rows` (of an index), in their order, and the partners of mixes.

    A partner is another clip of the same scene and device, so that the copy is of that device, too; clips without any
    are not among those that get a copy. Clips are chosen by a digest of seed, kind and name: the choice does not depend
    on the order of the rows, and a larger share holds the clips of a smaller one.
    """
    assert isinstance(recipe.block, Waveform)
    if recipe.kind == "mix":
        rows = rows[rows.duplicated(["scene", "device"], keep=False)]
    if rows.empty:
        return ()
    count = max(1, round(recipe.block.share * len(rows)))
    order = sorted(rows["filename"], key=lambda name: digest([recipe.seed, "share", recipe.kind, name]))
    chosen = rows[rows["filename"].isin(order[:count])]
    partners = _partners(rows, chosen, recipe.seed) if recipe.kind == "mix" else [""] * len(chosen)
    return tuple(Copy(copy_name(source, recipe.kind), source, device, partner)
                 for source, device, partner in zip(chosen["filename"], chosen["device"], partners, strict=True))


def _partners(rows: pd.DataFrame, chosen: pd.DataFrame, seed: int) -> list[str]:
    groups = {key: sorted(group) for key, group in rows.groupby(["scene", "device"])["filename"]}
    partners = []
    for source, key in zip(chosen["filename"], zip(chosen["scene"], chosen["device"], strict=True), strict=True):
        others = groups[key]
        step = int(dice_of(seed, "partner", source).integers(1, len(others)))  # never back to the clip itself
        partners.append(others[(others.index(source) + step) % len(others)])
    return partners


def _plan(copies: tuple[Copy, ...], run: Run, root: Path, recipe: CopiesRecipe, folder: Path) -> list[CopiesJob]:
    assert isinstance(recipe.block, Waveform)
    parts = [copies[start:start + run.part_clips] for start in range(0, len(copies), run.part_clips)]
    return [CopiesJob(folder, number, root, tuple(copy.filename for copy in part), run.features, run.development,
                      False, part, recipe.kind, recipe.block, recipe.seed) for number, part in enumerate(parts)]


def _refuse_short(run: Run, kind: str) -> None:
    if kind in ("pitch", "speed") and run.features.samples < SHORTEST:
        raise InputError(f"augmentation.waveform.{WAVEFORM_KINDS[kind]}: found clips of {run.features.samples} samples "
                         f"(features.clip_seconds times sample_rate), expected {SHORTEST} or more; take it out of the "
                         "recipe")
