"""Output tables of made-up predictions, and the lists of true scenes they are scored against."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from task1.bench.corpus import corpus
from task1.config import taxonomy
from task1.files import write_text
from task1.outputs import Outputs, basename, write_outputs


def write_predictions(path: Path, names: Sequence[str], seed: int) -> None:
    """Probabilities as a trained network gives them: decided mostly, wrongly sometimes."""
    drawn = np.random.default_rng(seed).dirichlet(np.full(len(taxonomy().scenes), 0.2), len(names)) + 1e-6
    write_outputs(path, Outputs(tuple(map(basename, names)), drawn / drawn.sum(axis=1, keepdims=True)))


def write_scoring(folder: Path, rows: int) -> tuple[Path, Path, int]:
    """A table and its list, as TAU's fold1_evaluate.csv, of about `rows` clips; and how many they are."""
    clips = corpus(folder, rows).rows
    table, truth = folder / "predicted.output.csv", folder / "fold1_evaluate.csv"
    write_predictions(table, [name for name, *_ in clips], 0)
    write_text(truth, "filename\tscene_label\n" + "".join(f"{name}\t{scene}\n" for name, scene, *_ in clips))
    return table, truth, len(clips)
