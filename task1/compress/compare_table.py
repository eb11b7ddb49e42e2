"""The comparison of `compare.py` as a table for people, the paper's figures and claim beside ours.

Input: what `compare` gives. What the papers print is read from meta/published.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from task1.columns import aligned
from task1.compress.compare import FORMS
from task1.config.claims import claims
from task1.config.published import Figure
from task1.config.quantized import Columns, quantized
from task1.scoring.table import heading

AGREEMENT = 0.99
"""Share of decisions on which simulation and execution should agree; contract of the project."""
HEADINGS = ("model", "blocks cut", "before", "simulated", "executed", "lost", "agree", "float ops", "file", "counted",
            "paper before", "paper int8", "paper lost")


def render(compared: Mapping[str, Any]) -> str:
    """The text of the whole comparison."""
    paper, rows = quantized(compared["entry"]), compared["models"]
    pairs = paper[1] if paper else {}
    table = aligned([HEADINGS, *(_row(row, pairs.get(row["model"])) for row in rows)])
    return "\n".join([
        heading(compared["corpus"], compared["embedded"]),
        f"{compared['clips']:,} test clips; accuracy in percent (mean over scenes) and log loss in nats; lost: points "
        "of accuracy", "", table, *_notes(rows), *(_claim(compared["entry"], *paper, rows) if paper else ()),
        *(["  the paper's figures are of recordings, ours here are not"] if paper and compared["embedded"] else ()),
        *warnings(compared)]) + "\n"


def warnings(compared: Mapping[str, Any]) -> list[str]:
    """What is not as it should be, a sentence each."""
    said = [f"{row['model']}: executed and simulated decide alike on {100 * row['agreement']:.2f} % of the clips only "
            f"({row['clips_decided_otherwise']} differ)" for row in compared["models"] if row["agreement"] < AGREEMENT]
    return said + [f"{row['model']}: not executed on integers: {_operations(row)}" for row in compared["models"]
                   if row["float_operations"]]


def _row(row: Mapping[str, Any], pair: tuple[Figure, Figure] | None) -> tuple[str, ...]:
    forms = (f"{100 * row[form]['accuracy']:.1f} {row[form]['log_loss']:.3f}"
             for form in FORMS)
    printed = (pair[0].as_printed, pair[1].as_printed, f"{pair[0].value - pair[1].value:.1f}") if pair else ("",) * 3
    return (row["model"], row["cut"], *forms, f"{_lost(row):.1f}", f"{100 * row['agreement']:.1f} %",
            _operations(row) or "0", f"{row['file_bytes']:,}", f"{row['counted']:,}", *printed)


def _operations(row: Mapping[str, Any]) -> str:
    return " ".join(f"{number} {kind}" for kind, number in row["float_operations"].items())


def _lost(row: Mapping[str, Any]) -> float:
    """Points of accuracy from before to executed."""
    return 100 * float(row["before"]["accuracy"] - row["executed"]["accuracy"])


def _notes(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        epoch = f" (epoch {row['before_epoch']})" if row["before_epoch"] else ""
        yield f"{row['model']}: before is {row['before_is']}{epoch}"
    yield f"file: bytes of model.onnx; counted: {rows[0]['counted_as']}, as the edition counts"
    yield "float ops: convolutions and matrix products that ONNX Runtime computes in floating point"


def _claim(entry: str, columns: Columns, pairs: Mapping[str, tuple[Figure, Figure]],
           rows: list[Mapping[str, Any]]) -> Iterator[str]:
    claim = claims(entry)[columns.claim]
    yield f"\nThe paper ({claim.where}) says: {claim.says}."
    for row in sorted(rows, key=_lost):
        yield f"  here {row['model']} ({row['cut']} blocks cut) loses {_lost(row):.1f} points"
    for note in dict.fromkeys(figure.note for row in rows for figure in pairs.get(row["model"], ()) if figure.note):
        yield f"  of the paper's figures: {note}"
