"""Tables of a technical report, from the scores of a run: LaTeX (booktabs), Markdown, CSV and JSON.

`make(run_folder)` writes RUN/report/tables and returns one `Item` a table (submission/items.py).
"""

from pathlib import Path

from submission.items import Item


def make(run_folder: Path) -> list[Item]:
    """Write every table that the run has scores for."""
    return []
