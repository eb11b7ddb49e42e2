"""What a real run has and the made-up one of conftest.py has not: recordings, histories, scores of models, int8."""

import csv
import json
from pathlib import Path

import numpy as np
import soundfile

from task1.compress.compare import FORMS
from task1.config import dataset, load_run
from task1.corpus.index import read_index
from task1.files import write_json, write_text
from task1.layout import Layout
from task1.scoring.report import score

EPOCHS = 12


def enrich(folder: Path, scenes: tuple[str, ...] = ("airport", "bus", "park"), history: bool = True) -> Path:
    """Put them into a run folder of the fixture `make_run`."""
    recordings(folder, scenes)
    at, run = Layout(folder), load_run(folder)
    for number, name in enumerate(run.models):
        if history:
            write_history(at.model(name) / "history.csv", number)
        output = at.model_output(name, "development")
        write_text(output, at.output(1, "development").read_text(encoding="utf-8"))
        score([output], [name], at.index(run.development), run.development, at.model_scores(name, "development"))
    return folder


def recordings(folder: Path, scenes: tuple[str, ...]) -> None:
    """Noise with a tone of the device's own: the same moment by every device, as 24-bit WAV."""
    at, run = Layout(folder), load_run(folder)
    index = read_index(at.index(run.development))
    audio = dataset(run.development).audio
    random = np.random.default_rng(0)
    root = at.root(run, run.development)
    (root / "audio").mkdir(parents=True, exist_ok=True)
    time = np.arange(audio.samples) / audio.sample_rate
    for number, (name, scene) in enumerate(zip(index["filename"], index["scene"], strict=True)):
        if scene in scenes:
            wave = 0.05 * random.standard_normal(audio.samples) + 0.2 * np.sin(2 * np.pi * (300 + 40 * number) * time)
            soundfile.write(root / name, wave, audio.sample_rate, subtype="PCM_24")


def write_history(path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["epoch", "lr", "loss", "accuracy", "validation_loss", "validation_accuracy"])
        for epoch in range(1, EPOCHS + 1):
            loss = 2.3 * float(np.exp(-epoch / 6)) + float(random.uniform(0, 0.1))
            writer.writerow([epoch, 0.01, loss, 1 - loss / 2.5, loss + 0.2 if epoch > 1 else "", 0.5])


def quantize(folder: Path) -> None:
    """What `task1 quantization` leaves."""
    at, run = Layout(folder), load_run(folder)
    rows = [{"model": name, "cut": "5 of 5", "agreement": 0.985, "before_epoch": 3, "before_is": "weights of an epoch",
             "clips_decided_otherwise": 2, "counted": 30, "counted_as": "all parameters, bytes", "file_bytes": 138_926,
             "float_operations": {"Conv": 1}, "largest_difference": 0.1,
             **{form: {"accuracy": 0.6 - 0.01 * number, "log_loss": 1.2} for number, form in enumerate(FORMS)}}
            for name in run.models]
    write_json(at.quantization, {"format": 1, "entry": run.entry, "profile": run.profile, "corpus": run.development,
                                 "embedded": run.embedded, "clips": 90, "models": rows})


def items(folder: Path) -> None:
    """One figure as `submission figures` leaves it."""
    report = Layout(folder).report
    write_text(report / "figures" / "cost.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    item = {"name": "cost", "kind": "figure", "title": "Accuracy & cost", "caption": "", "missing": "",
            "files": {"svg": "figures/cost.svg"}, "made_from": []}
    write_text(report / "items.json", json.dumps({"format": 1, "corpus": load_run(folder).development,
                                                  "embedded": True, "items": [item], "left_out": []}))
