"""What `task1 seeds` says of a made-up run: a document with figures that are easy to find again."""

from dataclasses import asdict
from typing import Any

from task1.config import Run
from task1.scoring.spread import spread

VALUES = {"accuracy": [0.5, 0.6], "log_loss": [1.25, 1.5], "accuracy_seen": [0.7, 0.7], "accuracy_unseen": None}


def document(run: Run) -> dict[str, Any]:
    """Two seeds; the second system's accuracy varies twice as much as the first's."""
    subjects = []
    for index, system in run.systems.items():
        values = VALUES | ({"accuracy": [0.4, 0.6]} if index == 2 else {})
        subjects.append({"kind": "system", "name": str(index), "models": list(system.models), "heard_test": False,
                         "values": values, "spread": _spread(values)})
    subjects += [{"kind": "model", "name": name, "seeds": [1, 1001], "sha256": ["", ""], "heard_test": False,
                  "values": VALUES, "spread": _spread(VALUES)} for name in run.models]
    return {"format": 1, "entry": run.entry, "profile": run.profile, "corpus": run.development,
            "embedded": run.embedded, "seeds": 2, "clips": 90, "level": 0.95, "subjects": subjects}


def _spread(values: dict[str, Any]) -> dict[str, Any]:
    return {figure: asdict(spread(found)) if found else None for figure, found in values.items()}
