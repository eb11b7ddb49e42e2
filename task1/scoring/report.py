"""Score tables and write the figures down: the work behind `task1 score`.

`scores.json` holds the corpus (and whether it is the embedded, synthetic one), the digest of every table and list that
was read, what a system's recipe asked for and its training did not do, and all scores.
"""

import json as jsonlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from task1.config import dataset, names
from task1.errors import InputError
from task1.files import file_digest, write_json
from task1.outputs import basename, read_outputs
from task1.scoring.evaluate import evaluate
from task1.scoring.table import heading, render
from task1.scoring.truth import read_truth

CONVENTIONS = {
    "accuracy": "fraction; mean over scenes present",
    "accuracy_micro": "fraction of all clips",
    "log_loss": "nats; mean over clips, probabilities clipped at the float64 epsilon",
    "log_loss_macro": "nats; mean over scenes present",
    "decision": "the table's scene_label",
}


def score(outputs: Sequence[Path], labels: Sequence[str], truth: Path, corpus: str | None = None,
          json: Path | None = None, without: Sequence[str] = ()) -> str:
    """The text table of all systems; with `json` the figures are written there. Clips in `without` are not scored."""
    name = corpus or (truth.stem if truth.stem in names("datasets") else None)
    embedded = None if name is None else dataset(name).origin == "embedded"
    answers = read_truth(truth, without)
    systems = [evaluate(read_outputs(path), answers, str(path)) for path in outputs]
    described = [_description(path) for path in outputs]
    if json:
        write_json(json, {
            "format": 1, "corpus": name, "embedded": embedded,
            "truth": {"file": truth.name, "sha256": file_digest(truth), "left_out": sorted(map(basename, without))},
            "conventions": CONVENTIONS,
            "systems": [
                {"label": label, "file": path.name, "sha256": file_digest(path), "system": system, "scores": scores}
                for label, path, system, scores in zip(labels, outputs, described, systems, strict=True)
            ],
        })
    return render(labels, systems, heading(name, embedded)) + _deviations(labels, described)


def _description(output: Path) -> dict[str, Any] | None:
    """What `task1 predict` left beside the table, if it is one of ours."""
    path = output.parent / "system.json"
    if not path.exists():
        return None
    try:
        content = jsonlib.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(f"{path}: not JSON; delete it or predict again") from None
    return content if isinstance(content, dict) else None


def _deviations(labels: Sequence[str], described: Sequence[dict[str, Any] | None]) -> str:
    lines = [f"{label}: not done as the recipe asks: {'; '.join(system['deviations'])}\n"
             for label, system in zip(labels, described, strict=True) if system and system.get("deviations")]
    return "".join(["\n", *lines]) if lines else ""
