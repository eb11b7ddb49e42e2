"""A run of an entry that was never trained, for measurements: networks, lists, tables and scores as a run has them.

The networks have the entry's sizes and random weights, and the predictions are made up. So nothing but times may be
taken from it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from safetensors.torch import save_file

from task1.bench.corpus import Corpus, corpus
from task1.bench.tables import write_predictions
from task1.compress.quantize import prepare_qat
from task1.compress.restore import shape_of
from task1.compress.ship import write_onnx
from task1.config import META, Entry, Run, dataset, edition, load, resolve, save_run
from task1.corpus.index import COLUMNS, write_index
from task1.corpus.synthetic.write import META_HEADER
from task1.files import write_json, write_text
from task1.layout import Layout
from task1.models import build
from task1.scoring.intervals import Resampling
from task1.scoring.report import score


class MadeUp(NamedTuple):
    """Folder, systems, and clips of the evaluation set."""

    run: Path
    systems: int
    rows: int


def made_up_run(work: Path, entry: str, rows: int | None, systems: Sequence[int] = ()) -> MadeUp:
    """Systems of `entry` (default: all), on an evaluation set of `rows` clips, or of as many as its edition has."""
    every = load(Entry, META / "entries" / f"{entry}.yaml").systems
    run = resolve(entry, "demo", systems=systems or sorted(every))
    rules = edition(run.edition)
    layout = Layout(work / "runs" / "made-up")
    save_run(run, layout.config)
    for name in run.models:
        _network(layout, run, name)
    test = dataset(rules.datasets["development"]).counts.test
    development = corpus(work, rows or (test.files if test else 0))
    evaluation = corpus(work, rows or rules.output_rows)
    numbered = [f"{number}.wav" for number in range(rows or rules.output_rows)]
    _lists(layout, run, development, numbered, evaluation)
    for system in run.systems:
        write_predictions(layout.output(system, "development"), development.names, system)
        write_predictions(layout.output(system, "evaluation"), numbered, system)
        score([layout.output(system, "development")], [f"system{system}"], layout.index(run.development),
              run.development, layout.scores(system, "development"), resampling=Resampling(0))
    return MadeUp(layout.run, len(run.systems), len(numbered))


def _network(layout: Layout, run: Run, name: str) -> None:
    """What `task1 train` leaves behind, after no training; int8 networks have the ranges of one random batch."""
    recipe, folder = run.models[name], layout.model(name)
    torch.manual_seed(0)
    network = build(recipe.network)
    weights = recipe.compression.weights
    if weights == "int8":
        network = prepare_qat(network, torch.randn(4, *shape_of(recipe, run.features)))
    tensors = network.state_dict()
    folder.mkdir(parents=True)
    save_file(tensors, folder / "model.safetensors")
    write_onnx(folder, recipe, run.features, {}, tensors, {}, {})
    write_json(folder / "model.json", {"recipe": recipe.model_dump(mode="json"), "weights": weights, "deviations": [],
                                       "features": run.features.model_dump(mode="json")})


def _lists(layout: Layout, run: Run, development: Corpus, numbered: list[str], evaluation: Corpus) -> None:
    """Indexes of both sets, and the truth of the evaluation set."""
    columns = dict(zip(("filename", "scene", "location", "device"), zip(*development.rows, strict=True), strict=True))
    frame = pd.DataFrame({**columns, "city": [place.partition("-")[0] for place in columns["location"]]})
    _index(layout.index(run.development), frame.assign(split="test"))
    _index(layout.index(run.evaluation), pd.DataFrame({"filename": [f"audio/{name}" for name in numbered],
                                                       "split": "evaluation"}))
    rows = [(name, *row[1:]) for name, row in zip(numbered, evaluation.rows * 2, strict=False)]
    write_text(layout.truth(run, run.evaluation), "".join("\t".join(row) + "\n" for row in [META_HEADER, *rows]))


def _index(path: Path, frame: pd.DataFrame) -> None:
    write_index(frame.reindex(columns=list(COLUMNS), fill_value=""), path)
