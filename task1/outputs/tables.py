"""An output table in memory: made, joined by file name, and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from task1.config import taxonomy
from task1.errors import InputError
from task1.files import write_text
from task1.outputs.names import are_unique, basenames
from task1.outputs.rows import SUM_TOLERANCE

ROUNDING = 1e-9
"""What sums of the same ten numbers may differ by, added in another order."""
BLOCK = 4096
"""Rows that stay in the processor's nearest cache while column after column is added."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outputs:
    """One system's predictions: base names and probabilities (clip, scene); rows are checked when it is made."""

    filenames: tuple[str, ...]
    probabilities: Floats
    decided: Integers | None = None
    """Index of the scene in the label column; None: the most probable one (the first one of a tie)."""

    def __post_init__(self) -> None:
        names = basenames(self.filenames)
        values = np.ascontiguousarray(self.probabilities, dtype=np.float64)
        expected = (len(names), len(taxonomy().scenes))
        if values.shape != expected:
            raise ValueError(f"probabilities of shape {values.shape}, expected {expected}")
        if not _sound(values):
            raise ValueError("probabilities that are not finite, not negative and of sum 1 in every row")
        if not are_unique(names):
            raise ValueError("a file name stands twice")
        object.__setattr__(self, "filenames", names)
        object.__setattr__(self, "probabilities", values)

    @property
    def decisions(self) -> Integers:
        """Index of the decided scene of each clip."""
        return self.probabilities.argmax(axis=1) if self.decided is None else self.decided

    @property
    def labels(self) -> list[str]:
        """The decided scene of each clip, by name."""
        return np.array(taxonomy().scenes, dtype=object)[self.decisions].tolist()

    def __len__(self) -> int:
        return len(self.filenames)


def _sound(values: Floats) -> bool:
    return bool(values.min(initial=0) >= 0  # NaN is not; what is infinite has no sum of 1
                and (np.abs(row_sums(values) - 1) <= SUM_TOLERANCE + ROUNDING).all())


def row_sums(values: Floats) -> Floats:
    """Sum of each row, from its first value to its last; of short rows that are many, five times as fast as `sum`."""
    total = np.empty(len(values))
    for start in range(0, len(values), BLOCK):
        rows, sums = values[start:start + BLOCK], total[start:start + BLOCK]
        sums[:] = rows[:, 0]
        for column in range(1, rows.shape[1]):
            sums += rows[:, column]
    return total


def write_outputs(path: Path, outputs: Outputs) -> None:
    """Write the table, whole or not at all."""
    write_text(path, table(outputs))


def table(outputs: Outputs) -> str:
    """The table as text: rows of sum 1, nine significant digits, LF line ends."""
    scenes = taxonomy().scenes
    values = outputs.probabilities / outputs.probabilities.sum(axis=1, keepdims=True)
    form = "%s\t%s" + "\t%.9g" * len(scenes)
    rows = [form % (name, label, *row)
            for name, label, row in zip(outputs.filenames, outputs.labels, values.tolist(), strict=True)]
    return "\n".join(["\t".join(("filename", "scene_label", *scenes)), *rows]) + "\n"


def align(outputs: Outputs, filenames: Sequence[str], where: str = "the output table") -> Outputs:
    """The rows of `outputs` in the order of `filenames`, both of which must name the same clips."""
    if tuple(filenames) == outputs.filenames:
        return outputs
    wanted = basenames(filenames)
    if wanted == outputs.filenames:
        return outputs
    rows = pd.Index(outputs.filenames, dtype=object).get_indexer(pd.Index(wanted, dtype=object))
    missing = [wanted[place] for place in np.flatnonzero(rows < 0)]
    extra = sorted(set(outputs.filenames) - set(wanted)) if len(outputs) + len(missing) != len(wanted) else []
    if missing or extra:
        told = [f"{len(names)} {kind} (first: {', '.join(names[:3])})"
                for kind, names in (("missing", missing), ("not asked for", extra)) if names]
        raise InputError(f"{where}: {len(outputs)} clips do not match the {len(wanted)} of the list: "
                         f"{'; '.join(told)}; predict exactly the clips of the list")
    return Outputs(wanted, outputs.probabilities[rows], outputs.decisions[rows])
