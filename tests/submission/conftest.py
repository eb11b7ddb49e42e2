"""A finished run folder, tiny and made up: real index, tables, scores and weights, of a network of one layer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from task1.config import META, Run, check, dataset, read_yaml, save_run, taxonomy
from task1.config.entry import SHARED_BLOCKS
from task1.corpus.index import COLUMNS, write_index
from task1.files import write_json
from task1.layout import Layout
from task1.outputs import Outputs, write_outputs
from task1.scoring.report import score

CLIPS = 3
MakeRun = Callable[..., Path]


def tiny_network(*_: Any) -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """`make_run(name, **changes)` writes a run folder; `changes` are laid over the top level of the resolved run."""
    monkeypatch.setattr("task1.inference.build", tiny_network)

    def make(name: str = "run", **changes: Any) -> Path:
        layout = Layout(tmp_path / name / "runs" / "made-up")
        run = check(Run, resolved() | changes, "made-up run")
        layout.run.mkdir(parents=True)
        save_run(run, layout.config)
        _weights(layout, run)
        _evaluation(layout, run)
        _development(layout, run)
        return layout.run

    return make


def resolved() -> dict[str, Any]:
    """A resolved run of entry wang2023 on the embedded corpus: two systems, the second of them an ensemble."""
    entry, _ = read_yaml(META / "entries" / "wang2023.yaml")
    model = {"role": "system", **{block: entry.get(block) for block in SHARED_BLOCKS}, **entry["models"]["model1"],
             "compression": {"weights": "float16"}}
    return {
        "name": "wang2023-demo", "entry": "wang2023", "recipe": "wang2023", "profile": "demo",
        "command": ["./run_all.sh", "--entry", "wang2023", "--profile", "demo"],
        "edition": entry["edition"], "embedded": True, "corpora": "corpora",
        "development": "embedded-1s-dev", "evaluation": "embedded-1s-eval", "features": entry["features"],
        "part_clips": 8, "models": {"model1": model, "model2": model},
        "systems": {1: {"models": ["model1"]},
                    2: {"models": ["model1", "model2"], "combine": "mean", "name": "Both", "abbreviation": "BOTH"}},
        "authors": entry["authors"], "texts": entry["texts"], "source": entry["source"], "clip_seconds": 1.0,
    }




def _weights(layout: Layout, run: Run) -> None:
    network = tiny_network()
    for name in run.models:
        state = {key: torch.full_like(value, 0.5) for key, value in network.state_dict().items()}
        state["0.bias"][:4] = 0
        layout.model(name).mkdir(parents=True)
        save_file(state, layout.model(name) / "model.safetensors")
        recipe = run.models[name].model_dump(mode="json")
        write_json(layout.model(name) / "model.json", {"recipe": recipe, "weights": "float16", "deviations": []})


def _evaluation(layout: Layout, run: Run) -> None:
    names = [f"{number}.wav" for number in range(CLIPS)]
    _index(layout.index(run.evaluation), [{"filename": f"audio/{name}", "split": "evaluation"} for name in names])
    for index in run.systems:
        probabilities = np.full((CLIPS, 10), 0.05)
        probabilities[np.arange(CLIPS), np.arange(CLIPS)] = 0.55
        write_outputs(layout.output(index, "evaluation"), Outputs(tuple(reversed(names)), probabilities[::-1]))


def _development(layout: Layout, run: Run) -> None:
    """Every scene on every device; the unseen devices are always wrong."""
    scenes, devices = taxonomy().scenes, sorted(dataset(run.development).counts.per_device)
    clips = [(scene, device) for scene in scenes for device in devices]
    names = [f"{scene}-lyon-1-1-{device}.wav" for scene, device in clips]
    _index(layout.index(run.development), [
        {"filename": f"audio/{name}", "scene": scene, "city": "lyon", "device": device, "split": "test"}
        for name, (scene, device) in zip(names, clips, strict=True)])
    right = np.array([scenes.index(scene) + (device not in taxonomy().seen_devices) for scene, device in clips]) % 10
    probabilities = np.full((len(clips), 10), 0.01)
    probabilities[np.arange(len(clips)), right] = 0.91
    for index in run.systems:
        table = layout.output(index, "development")
        write_outputs(table, Outputs(tuple(names), probabilities))
        score([table], [f"system{index}"], layout.index(run.development), run.development,
              layout.scores(index, "development"))
        if run.embedded:
            truth = layout.run / "truth.csv"
            truth.write_text("filename,scene\n" + "".join(f"{i}.wav,{scenes[0]}\n" for i in range(CLIPS)))
            score([layout.output(index, "evaluation")], [f"system{index}"], truth, run.evaluation,
                  layout.scores(index, "evaluation"))


def _index(path: Path, clips: list[dict[str, str]]) -> None:
    write_index(pd.DataFrame(clips).reindex(columns=list(COLUMNS), fill_value=""), path)
