"""The clips of a fold, held on the training device as one tensor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from task1.config import taxonomy
from task1.errors import InputError

if TYPE_CHECKING:
    from task1.features.store import FeatureStore

CLIPS_AT_ONCE = 1024


@dataclass(frozen=True, eq=False)
class Clips:
    """filenames, log-mel (clip, mel, frame) float16, scenes (clip,) and devices; the tensors on the device.

    `taught` (clip, scene + super-class): softened targets by teachers, where there are any.
    """

    filenames: list[str]
    logmel: Tensor
    scenes: Tensor
    devices: list[str]
    taught: Tensor | None = None

    def __len__(self) -> int:
        return len(self.filenames)


def training_rows(index: pd.DataFrame, data: str) -> pd.DataFrame:
    """The rows to learn from: the official train fold, or every clip of the development set."""
    return index[index["split"] == "train"] if data == "train" else index


def load_clips(parts: Sequence[tuple["FeatureStore", pd.DataFrame]], device: torch.device, title: str) -> Clips:
    """The clips of stores, each with its rows (filename, scene, device), one after the other in one tensor.

    Clips that a store had to leave out are left out here, too.
    """
    kept = [(store, rows[~rows["filename"].isin(set(store.skipped))]) for store, rows in parts]
    rows = pd.concat([table[["filename", "scene", "device"]] for _, table in kept], ignore_index=True)
    scenes = pd.Index(taxonomy().scenes).get_indexer(pd.Index(rows["scene"]))
    if not len(rows) or (scenes < 0).any():
        raise InputError(f"{title}: {len(rows)} clips, {int((scenes < 0).sum())} of them without a known scene; "
                         "expected labelled clips; check the index of the data set")
    logmel = torch.empty((len(rows), *kept[0][0].shape[1:]), dtype=torch.float16, device=device)
    done = 0
    with tqdm(total=len(rows), desc=title, unit="clip", disable=None, leave=False) as bar:
        for store, table in kept:
            positions = store.rows(table["filename"].tolist())
            for start in range(0, len(positions), CLIPS_AT_ONCE):
                part = positions[start:start + CLIPS_AT_ONCE]
                logmel[done:done + len(part)] = torch.from_numpy(store.read(part)).to(device)
                done += len(part)
                bar.update(len(part))
    return Clips(rows["filename"].tolist(), logmel, torch.from_numpy(scenes).to(device), rows["device"].tolist())


def batches(clips: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Positions of an epoch's batches: a random order, each clip once; a last batch of one clip is left out, since
    batch normalisation has no statistics of one."""
    for batch in torch.randperm(clips, generator=generator).split(size):
        if len(batch) > 1:
            yield batch
