"""A run on a handful of half-second recordings that ask for copies; as a program it makes them, slowly."""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile

from task1.augment import waveform_copies
from task1.augment.copies import CopiesRecipe, copies_of, recipe_of
from task1.config import FeatureSettings, Run, resolve, save_run
from task1.corpus.index import COLUMNS, write_index
from task1.features.extract import extract
from task1.features.store import FeatureStore
from task1.layout import Layout

SMALL = FeatureSettings.model_validate({
    "sample_rate": 8000, "clip_seconds": 0.5, "n_fft": 256, "win_length": 256, "hop_length": 128, "n_mels": 16,
    "f_min": 0, "f_max": 4000, "mel_scale": "htk", "mel_norm": "slaney", "log": {"base": "10", "floor": 1e-10}})
MODEL = "teacher1"
ALL_KINDS = {"share": 1.0, "pitch_semitones": 2.0, "speed": [0.8, 1.25], "noise_snr_db": [5.0, 20.0],
             "mix_gains": [0.5, 1.0]}


def with_waveform(waveform: dict[str, Any] | None, seed: int = 1, part_clips: int = 4) -> Run:
    """A run whose one model asks for these copies."""
    run = resolve("zhao2021", "tiny")
    content = run.models[MODEL].model_dump(mode="json")
    content["augmentation"].update(waveform=waveform, crop_frames=None)
    content["training"]["seed"] = seed
    return Run.model_validate({**run.model_dump(mode="json"), "features": SMALL.model_dump(mode="json"),
                               "part_clips": part_clips, "models": {MODEL: content}, "systems": {}})


def make_corpus(work: Path, run: Run, clips: int = 12) -> tuple[Layout, pd.DataFrame]:
    """Recordings of noise, an index and the originals' features: train clips of two scenes on devices a and b, and two
    clips of the test fold. Parallel recordings (a, b) follow each other."""
    at = Layout(work / "runs" / "toy")
    save_run(run, at.config)
    rows = []
    for number in range(clips + 2):
        scene, place, device = ("bus", "park")[number // 2 % 2], number // 4, "ab"[number % 2]
        rows.append({"filename": f"audio/{scene}-lyon-{place}-{number // 2}-{device}.wav", "scene": scene,
                     "city": "lyon", "location": f"lyon-{scene}{place}", "segment": str(number // 2), "device": device,
                     "split": "train" if number < clips else "test"})
    index = pd.DataFrame(rows).reindex(columns=list(COLUMNS), fill_value="")
    audio = at.root(run, run.development) / "audio"
    audio.mkdir(parents=True)
    noise = np.random.default_rng(5)
    for name in index["filename"]:
        wave = noise.normal(0, 0.1, run.features.samples)
        soundfile.write(audio.parent / name, wave, run.features.sample_rate, subtype="PCM_24")
    at.index(run.development).parent.mkdir()
    write_index(index, at.index(run.development))
    extract(index, audio.parent, run.features, run.development, at.features(run, run.development), 5, 1)
    return at, index


def only_name(run: Run) -> str:
    (name,) = copies_of(run, MODEL)
    return name


def made(at: Layout, run: Run, workers: int = 1, recipe: CopiesRecipe | None = None) -> FeatureStore:
    """The run's only folder of copies."""
    name = only_name(run)
    return waveform_copies.make_waveform_copies(at, run, recipe or recipe_of(run, name), at.copies(name), workers)


if __name__ == "__main__":
    from task1.config import load_run

    original = waveform_copies.read_clip

    def slow(path: Path, settings: FeatureSettings) -> Any:
        time.sleep(0.03)
        return original(path, settings)

    waveform_copies.read_clip = slow  # type: ignore[attr-defined]
    made(Layout(Path(sys.argv[1])), load_run(Path(sys.argv[1])))
