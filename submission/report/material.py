"""Everything that a report is made from, read from a run folder.

Needed: config.yaml, `submission/package.json` and the scores of every system on the development test fold. Left out,
and told where it matters, when they are missing: scores on the evaluation set (its truth is known of embedded corpora
only), scores of single models, `scores/quantization.json`, what a training left (history.csv, model.json), figures and
tables for papers (`report/items.json`).
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from submission.items import INDEX, Item, read_items
from submission.results import Results
from submission.systems import Scored, read_scored
from task1.config import Edition, ModelRecipe, Run, edition, load_run
from task1.errors import InputError
from task1.layout import Layout

Part = Literal["development", "evaluation"]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """One network of the run, with what its training left; empty or None where that is not there."""

    name: str
    recipe: ModelRecipe
    facts: Row
    history: Sequence[Mapping[str, float | None]]


@dataclass(frozen=True)
class Material:
    """`evaluation` is empty where the truth is not known."""

    at: Layout
    run: Run
    rules: Edition
    folder: str
    """The run's folder as it is typed beside run_all.sh."""
    package: Row
    development: Mapping[int, Scored]
    evaluation: Mapping[int, Scored]
    documents: Mapping[Part, Row]
    """What `task1 score` says of a part besides the scores: intervals, list of truth."""
    models: Mapping[str, Model]
    results: Results
    """The same scores group by group, with those of single models, and what the paper prints beside them."""
    quantization: Row | None
    items: Sequence[Item]

    @property
    def members(self) -> list[Row]:
        """The networks of all systems, each once, as they were counted for the package."""
        return list({member["model"]: member for record in self.package["systems"]
                     for member in record["members"]}.values())

    def recorded(self, index: int) -> Row:
        """What the package's record says of a system."""
        return next(record for record in self.package["systems"] if record["index"] == index)

    def models_of(self, index: int) -> str:
        return " + ".join(self.run.systems[index].models)


def gather(folder: Path) -> Material:
    """Read a run folder; InputError says what has to be there and is not, or is not as it should be."""
    at, run = Layout(folder), load_run(folder)
    package = _json(at.submission / "package.json", f"`submission package --run {folder}`")
    if package is None:
        raise InputError(f"{at.submission / 'package.json'}: no such file; `submission package --run {folder}` writes "
                         "it")
    if not isinstance(package, dict) or "systems" not in package:
        raise InputError(f"{at.submission / 'package.json'}: not the record of a package; package the run again")
    rescore = f"`task1 score --run {folder}`"
    development = {index: read_scored(at, run, index, "development") for index in sorted(run.systems)}
    known = all(at.scores(index, "evaluation").exists() for index in run.systems)
    evaluation = {index: read_scored(at, run, index, "evaluation") for index in sorted(run.systems) if known}
    parts: list[Part] = ["development", "evaluation"] if known else ["development"]
    documents = {part: _json(at.scores(min(run.systems), part), rescore) for part in parts}
    return Material(at, run, edition(run.edition), str(Path(at.work.resolve().name, "runs", folder.resolve().name)),
                    package, development, evaluation, documents,
                    {name: _model(at, name, recipe) for name, recipe in run.models.items()}, Results(at, run),
                    _json(at.quantization, f"`task1 quantization --run {folder}`"),
                    read_items(folder).items if (at.report / INDEX).exists() else ())


def _model(at: Layout, name: str, recipe: ModelRecipe) -> Model:
    facts = _json(at.model(name) / "model.json", "the training") or {}
    return Model(name, recipe, facts, _history(at.model(name) / "history.csv"))


def _history(path: Path) -> list[dict[str, float | None]]:
    """One row an epoch; an empty cell, and what is no finite number, is None."""
    if not path.exists():
        return []
    try:
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
        return [{key: value if isfinite(value := float(cell or "nan")) else None for key, cell in row.items()}
                for row in rows]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise InputError(f"{path}: not the history of a training ({error}); train the model again") from None


def _json(path: Path, maker: str) -> Any:
    """Content of a JSON file; None where there is no file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); {maker} writes it again") from None
