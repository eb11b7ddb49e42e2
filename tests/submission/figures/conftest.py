"""A made-up run with features and histories, whose devices differ by known amounts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from task1.augment.copies import copies_of, copy_name, write_copies
from task1.config import Run, load_run, taxonomy
from task1.corpus.index import COLUMNS, read_index, write_index
from task1.features.store import Rows
from task1.features.writer import part_path, write_part, write_store
from task1.layout import Layout

EPOCHS = 3
OFFSETS = {"a": 0.0, "b": 1.0, "c": -1.0, "s1": 0.5, "s2": 0.25, "s3": -0.5, "s4": 2.0, "s5": -2.0, "s6": 1.5}
"""Of each device's log-mels (base 10), the same in every band: tens of decibels at a power of 2."""


def clip(run: Run, device: str, seed: int) -> Rows:
    """(mel, frame) of one device: noise of the moment, and the device's offset."""
    noise = np.random.default_rng(seed).normal(size=(run.features.n_mels, run.features.frames))
    return (noise + OFFSETS[device]).astype(np.float16)


@pytest.fixture
def full_run(make_run: Any) -> Callable[..., Path]:
    """`full_run(name, **changes)`: as `make_run`, with clips to train on, stored features and histories."""
    def make(name: str = "full", **changes: Any) -> Path:
        folder: Path = make_run(name, **changes)
        layout, run = Layout(folder), load_run(folder)
        test = read_index(layout.index(run.development))
        train = [{"filename": f"audio/park-lyon-2-2-{device}.wav", "scene": "park", "city": "lyon", "device": device,
                  "split": "train"} for device in taxonomy().seen_devices]
        index = pd.concat([test, pd.DataFrame(train)]).reindex(columns=list(COLUMNS)).fillna("")
        write_index(index, layout.index(run.development))
        moments, _ = pd.factorize(index["filename"].str.rpartition("-")[0])
        rows = np.stack([clip(run, device, seed) for device, seed in zip(index["device"], moments, strict=True)])
        store = layout.features(run, run.development)
        part = write_part(part_path(store, 0), run.features, run.development, index["filename"].tolist(), [rows])
        write_store(store, run.features, run.development, [part], [], range(1))
        for model in run.models:
            history(layout.model(model) / "history.csv")
        return folder

    return make


def history(path: Path) -> None:
    epochs = np.arange(1, EPOCHS + 1)
    pd.DataFrame({"epoch": epochs, "lr": 0.1, "loss": 2.0 / epochs, "accuracy": 0.2 * epochs,
                  "validation_loss": np.nan, "validation_accuracy": np.nan}).to_csv(path, index=False)


def write_pix2pix(folder: Path) -> None:
    """One copy for the run's model: of the clip of device a, sounding like s1."""
    layout, run = Layout(folder), load_run(folder)
    name = next(copies for copies in copies_of(run, "model1") if copies.startswith("pix2pix-"))
    source = "audio/park-lyon-2-2-a.wav"
    write_copies(layout.copies(name), run.features, run.development,
                 iter([(copy_name(source, "pix2pix"), source, "s1", clip(run, "s1", 99))]), run.part_clips)
