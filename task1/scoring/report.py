"""Score tables and write the figures down: the work behind `task1 score`.

The document (`--json`) holds the corpus (and whether it is the embedded, synthetic one), the digest of every table and
list that was read, what a system's recipe asked for and its training did not do, all scores with their intervals, and
the comparison of every two systems on the same resamples.
"""

import json as jsonlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from task1.config import dataset, names
from task1.config import edition as edition_named
from task1.errors import InputError
from task1.files import file_digest, write_json, write_text
from task1.outputs import align, basename, read_outputs, read_repaired
from task1.scoring.evaluate import Scores, evaluate
from task1.scoring.intervals import (
    LEVEL,
    METRICS,
    Locations,
    Replicates,
    Resampling,
    compare,
    interval,
    locations,
    resample,
)
from task1.scoring.longform import long_form
from task1.scoring.table import DEFAULT_KINDS, TITLES, render
from task1.scoring.truth import Truth, read_truth

Document = dict[str, Any]

CONVENTIONS = {
    "accuracy": "fraction; mean over scenes present",
    "accuracy_micro": "fraction of all clips",
    "log_loss": "nats; mean over clips, rows divided by their sum, probabilities clipped at the float64 epsilon",
    "log_loss_macro": "nats; mean over scenes present",
    "decision": "the table's scene_label",
    "super_classes": "the decided scene's super-class; accuracy is the mean over super-classes",
    "expected_calibration_error": "fraction; 15 bins of equal width, confidence of the decided scene",
    "interval": "95 %, percentiles of resamples of recording locations",
}


@dataclass(frozen=True)
class View:
    """What is printed: the form (text, md, latex, csv, json), and of tables the metrics (None: as the edition orders
    them) and the kinds of groups."""

    form: str = "text"
    metrics: Sequence[str] | None = None
    kinds: Sequence[str] = DEFAULT_KINDS


def score(outputs: Sequence[Path], labels: Sequence[str], truth: Path, corpus: str | None = None,
          json: Path | None = None, without: Sequence[str] = (), *, csv: Path | None = None,
          edition: str | None = None, resampling: Resampling | None = None, view: View | None = None,
          described: Sequence[Mapping[str, Any]] | None = None, lenient: bool = False) -> str:
    """Score tables against a list and return what is to be printed; `json` and `csv` are files to write.

    Clips in `without` are not scored. `described`: what is known of each system (default: the system.json that
    `task1 predict` left beside a table). Without resamples (0) there are no intervals. `lenient` repairs what can be
    repaired in a table, and says so.
    """
    document = make_document(outputs, labels, truth, corpus, without, edition, resampling or Resampling(), described,
                             lenient)
    if json:
        write_json(json, document)
    if csv:
        write_text(csv, long_form(document))
    view = view or View()
    if view.form == "json":
        return jsonlib.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if view.form == "csv":
        return long_form(document)
    return render(document, view.form, view.metrics or _ordered(edition), view.kinds)


def make_document(outputs: Sequence[Path], labels: Sequence[str], truth: Path, corpus: str | None,
                  without: Sequence[str], edition: str | None, resampling: Resampling,
                  described: Sequence[Mapping[str, Any]] | None = None, lenient: bool = False) -> Document:
    """Everything that is known of the tables, as JSON-able content."""
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise InputError(f"label {twice[0]!r} stands twice, expected one name a table; give names with --label")
    name = corpus or (truth.stem if truth.stem in names("datasets") else None)
    answers = read_truth(truth, without)
    places = locations(answers) if resampling.resamples else None
    systems, replicates = [], []
    for number, (label, path) in enumerate(zip(labels, outputs, strict=True)):
        read, repairs = read_repaired(path) if lenient else (read_outputs(path), [])
        table = align(read, answers.filenames, str(path))
        scores = evaluate(table, answers, str(path))
        if places:
            replicates.append(resample(table, answers, places, resampling))
            add_intervals(scores, replicates[-1])
        system = described[number] if described is not None else _description(path)
        systems.append({"label": label, "file": path.name, "sha256": file_digest(path), "system": system,
                        "repairs": [repair.at(path.name) for repair in repairs], "scores": scores})
    return {
        "format": 1, "corpus": name, "embedded": None if name is None else dataset(name).origin == "embedded",
        "edition": edition and _edition(edition),
        "truth": {"file": truth.name, "sha256": file_digest(truth), "left_out": sorted(map(basename, without))},
        "conventions": CONVENTIONS, "intervals": _intervals(answers, places, resampling),
        "systems": systems, "comparisons": _comparisons(systems, replicates),
    }


def add_intervals(scores: Scores, replicates: Replicates) -> None:
    """Put `<metric>_interval` beside every figure of `scores` that was resampled."""
    for (*groups, metric), values in replicates.items():
        node = scores
        for group in groups:
            node = node[group]
        node[f"{metric}_interval"] = interval(values)


def _intervals(truth: Truth, places: Locations | None, resampling: Resampling) -> dict[str, Any]:
    """What the intervals are made of, or why there are none."""
    if places:
        return {**asdict(resampling), "level": LEVEL, "locations": len(places), "reason": None,
                "stratified_by": "scene" if places.by_scene else None}
    unknown = int((truth.locations == "").sum())
    reason = ("not asked for" if not resampling.resamples else
              f"the recording location of {unknown:,} clips is not known" if unknown else
              "all clips are of one recording location")
    return {"reason": reason}


def _comparisons(systems: Sequence[Document], replicates: Sequence[Replicates]) -> list[dict[str, Any]]:
    """Every two systems on the same resamples."""
    pairs = []
    for (one, of_one), (other, of_other) in combinations(zip(systems, replicates, strict=False), 2):
        for metric in METRICS:
            values = one["scores"][metric], other["scores"][metric]
            told = compare(metric, values, (of_one[metric,], of_other[metric,]))
            pairs.append({"first": one["label"], "second": other["label"], "metric": metric, "difference": told.value,
                          "interval": [told.low, told.high], "first_better": told.first_better})
    return pairs


def _edition(name: str) -> dict[str, str]:
    ranking = edition_named(name).ranking
    ways = {"weighted_ranks": "the weighted mean of ranks: "
            + ", ".join(f"{weight:g} {what}" for what, weight in ranking.weights.items()),
            "subset_mean": "the mean over training subsets of accuracy"}
    return {"name": name, "ranks_by": ways.get(ranking.metric, ranking.metric.replace("_", " "))}


def _ordered(edition: str | None) -> list[str]:
    """The metrics, those of the edition first."""
    first = edition_named(edition).metrics if edition else METRICS
    return [*first, *(metric for metric in TITLES if metric not in first)]


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
