"""A run with parallel log-mels of a few devices that asks for pix2pix; as a program it makes its copies."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from task1.augment.copies import copies_of, recipe_of
from task1.augment.pix2pix import make_pix2pix_copies
from task1.config import FeatureSettings, Run, load_run, resolve, save_run
from task1.config.recipe import Pix2Pix
from task1.corpus.index import COLUMNS, write_index
from task1.features.writer import part_path, write_part, write_store
from task1.layout import Layout

SMALL = FeatureSettings.model_validate({
    "sample_rate": 8000, "clip_seconds": 0.25, "n_fft": 256, "win_length": 256, "hop_length": 128, "n_mels": 16,
    "f_min": 0, "f_max": 4000, "mel_scale": "htk", "mel_norm": "slaney", "log": {"base": "10", "floor": 1e-10}})
MODEL = "student1"
CPU = torch.device("cpu")
RECIPE: dict[str, Any] = {
    "source_devices": ["a", "b"], "target_devices": ["s1", "s2"], "generator": [8, 16], "discriminator": [4, 8],
    "dropout": 0.5, "epochs": 3, "batch_size": 8, "lr": 0.002, "beta1": 0.5, "l1_weight": 100.0, "share": 0.5,
    "validation_share": 0.2}


def recipe(**changes: object) -> Pix2Pix:
    return Pix2Pix.model_validate_json(Pix2Pix.model_validate({
        key: tuple(value) if isinstance(value, list) else value for key, value in (RECIPE | changes).items()
    }).model_dump_json())


def make_run(settings: Pix2Pix, seed: int = 1) -> Run:
    """A run whose one model asks for these generated clips."""
    run = resolve("shao2022", "tiny")
    content = run.models[MODEL].model_dump(mode="json")
    content["augmentation"].update(pix2pix=settings.model_dump(mode="json"), crop_frames=None)
    content["training"]["seed"] = seed
    content["distillation"] = None
    return Run.model_validate({**run.model_dump(mode="json"), "features": SMALL.model_dump(mode="json"),
                               "part_clips": 7, "models": {MODEL: content}, "systems": {}})


def make_corpus(work: Path, run: Run, locations: int = 5, moments: int = 4) -> tuple[Layout, pd.DataFrame]:
    """Index and features: moments heard by device a, and by s1 and s2, every second one by b; some of them in the test
    fold. Device s1 damps high bands and adds a floor of noise, s2 amplifies them; b is an a that is 0.5 louder."""
    at = Layout(work / "runs" / "toy")
    save_run(run, at.config)
    noise, rows, clips = np.random.default_rng(5), [], []
    slope = np.linspace(0, 2, SMALL.n_mels)[:, None]
    for number in range(2 * (locations + 1) * moments):
        scene, place = ("bus", "park")[number % 2], number // 2 // moments
        clip = noise.normal(0, 1, (SMALL.n_mels, 1)) + noise.normal(0, 0.3, (SMALL.n_mels, SMALL.frames))
        heard = {"a": clip, "b": clip + 0.5, "s1": np.log10(10 ** (clip - slope) + 0.03), "s2": clip + slope}
        for device, logmel in heard.items():
            if device != "b" or number % 4 < 2:
                rows.append({"filename": f"audio/{scene}-lyon-{place}-{number}-{device}.wav", "scene": scene,
                             "city": "lyon", "location": f"lyon-{scene}{place}", "segment": str(number),
                             "device": device, "split": "train" if place < locations else "test"})
                clips.append(logmel.astype(np.float16))
    index = pd.DataFrame(rows).reindex(columns=list(COLUMNS), fill_value="")
    at.index(run.development).parent.mkdir(parents=True, exist_ok=True)
    write_index(index, at.index(run.development))
    folder = at.features(run, run.development)
    part = write_part(part_path(folder, 0), SMALL, run.development, index["filename"].tolist(), [np.stack(clips)])
    write_store(folder, SMALL, run.development, [part], [], [0])
    return at, index


def make(at: Layout, run: Run) -> Path:
    """The run's only folder of copies."""
    (name,) = copies_of(run, MODEL)
    wanted = recipe_of(run, name)
    assert isinstance(wanted.block, Pix2Pix)
    make_pix2pix_copies(at, run, wanted.block, at.copies(name), CPU, wanted.seed)
    return at.copies(name)


if __name__ == "__main__":
    torch.set_num_threads(1)
    make(Layout(Path(sys.argv[1])), load_run(Path(sys.argv[1])))
