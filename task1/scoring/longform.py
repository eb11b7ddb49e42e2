"""Scores as one long table: a line a system, group and metric; what spreadsheets and plotting tools read.

Columns: system, kind, group, metric, value, low, high, clips, corpus. Accuracies and calibration errors are fractions,
log losses nats; low and high bound the 95 % interval; an empty cell is a figure that does not exist. Differences of
two systems have kind `difference` and the metrics `accuracy`, `log_loss` (first minus second) and `..._first_better`.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from task1.scoring.rows import METRICS, rows

COLUMNS = ("system", "kind", "group", "metric", "value", "low", "high", "clips", "corpus")


def long_form(document: Mapping[str, Any]) -> str:
    """The whole CSV text, comma-separated with LF line ends."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((*line, document["corpus"]) for line in _lines(document))
    return stream.getvalue()


def _lines(document: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for system in document["systems"]:
        for row in rows(system["scores"]):
            for metric in METRICS:
                if metric in row.node:
                    low, high = row.node.get(f"{metric}_interval") or (None, None)
                    yield (system["label"], row.kind, row.name, metric, row.node[metric], low, high, row.node["clips"])
    for pair in document["comparisons"]:
        who, metric = f"{pair['first']} minus {pair['second']}", pair["metric"]
        clips = document["systems"][0]["scores"]["clips"]
        yield who, "difference", "overall", metric, pair["difference"], *pair["interval"], clips
        yield who, "difference", "overall", f"{metric}_first_better", pair["first_better"], None, None, clips
