"""The official output table: the only form in which predictions travel.

TAB-separated UTF-8, header `filename scene_label` and one column of probabilities per scene (read by header, written in
the official order). Files are identified by base name (`audio/0.wav` is `0.wav`) and tables are joined by it, never by
row. The decision is the label, which has to be a scene of the largest probability; so rounding to a tie loses nothing.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from task1.config import taxonomy
from task1.errors import InputError
from task1.files import write_text

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SUM_TOLERANCE = 0.01  # ten values printed with three decimals are off by at most 0.005


@dataclass(frozen=True, eq=False)
class Outputs:
    """One system's predictions: base names and probabilities (clip, scene); rows are checked when it is made."""

    filenames: tuple[str, ...]
    probabilities: Floats
    decided: Integers | None = None
    """Index of the scene in the label column; None: the most probable one (the first one of a tie)."""

    def __post_init__(self) -> None:
        names = tuple(map(basename, self.filenames))
        values = np.ascontiguousarray(self.probabilities, dtype=np.float64)
        expected = (len(names), len(taxonomy().scenes))
        if values.shape != expected:
            raise ValueError(f"probabilities of shape {values.shape}, expected {expected}")
        if not _sound(values):
            raise ValueError("probabilities that are not finite, not negative and of sum 1 in every row")
        if len(set(names)) != len(names):
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


def basename(name: str) -> str:
    """The name that identifies a clip: no directories."""
    return name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]


def _sound(values: Floats) -> bool:
    return bool(np.isfinite(values).all() and (values >= 0).all()
                and (np.abs(values.sum(axis=1) - 1) <= SUM_TOLERANCE).all())


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
    wanted = [basename(name) for name in filenames]
    rows = pd.Index(outputs.filenames).get_indexer(pd.Index(wanted))
    missing = [name for name, row in zip(wanted, rows, strict=True) if row < 0]
    extra = sorted(set(outputs.filenames) - set(wanted)) if len(outputs) + len(missing) != len(wanted) else []
    if missing or extra:
        told = [f"{len(names)} {kind} (first: {', '.join(names[:3])})"
                for kind, names in (("missing", missing), ("not asked for", extra)) if names]
        raise InputError(f"{where}: {len(outputs)} clips do not match the {len(wanted)} of the list: "
                         f"{'; '.join(told)}; predict exactly the clips of the list")
    return Outputs(tuple(wanted), outputs.probabilities[rows], outputs.decisions[rows])


def read_outputs(path: Path) -> Outputs:
    """A table from anybody, checked strictly: the first thing wrong is told with its row (the header is row 1)."""
    data = _bytes(path)
    columns = _header(path, data)
    # the C parser is quick but cannot say what is wrong; whatever it stumbles over is read again row by row
    return _parse_fast(data, columns) or _parse_rows(path, data, columns)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected an output table") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if data.startswith(b"\xef\xbb\xbf"):
        raise InputError(f"{path}: begins with a byte-order mark, which the organisers' checker takes for a part of "
                         "the first column's name; save it as UTF-8 without one")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, row {row}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    data = data.rstrip(b"\r\n")
    if not data:
        raise InputError(f"{path}: empty; expected a header and one row per clip")
    return data


def _header(path: Path, data: bytes) -> list[str]:
    line = data.split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8")
    columns = line.split("\t")
    expected = ["filename", "scene_label", *taxonomy().scenes]
    if len(columns) == 1:
        marks = {",": "commas", ";": "semicolons", " ": "spaces"}
        separator = next((name for mark, name in marks.items() if mark in line), "nothing")
        raise InputError(f"{path}, row 1: columns separated by {separator}, expected TAB characters between "
                         f"{' '.join(expected)}")
    if not set(columns) & set(expected[:2]):
        raise InputError(f"{path}, row 1: found {_shown(columns[0])} where the header should be, expected "
                         f"{' '.join(expected)} (TAB-separated); add the header row")
    for problem, names in (
        ("missing column", [name for name in expected if name not in columns]),
        ("unknown column", [name for name in columns if name not in expected]),
        ("column that stands twice:", sorted({name for name in columns if columns.count(name) > 1})),
    ):
        if names:
            raise InputError(f"{path}, row 1: {problem} {', '.join(map(_shown, names))}; expected {' '.join(expected)}")
    return columns


def _parse_fast(data: bytes, columns: list[str]) -> Outputs | None:
    """The table by the C parser, or None if anything at all is odd."""
    scenes = list(taxonomy().scenes)
    lines = data.count(b"\n")
    if lines == 0 or data.count(b"\t") != (len(columns) - 1) * (lines + 1) or b"\0" in data:
        return None
    try:
        table = pd.read_csv(io.BytesIO(data), sep="\t", header=None, names=columns, skiprows=1, index_col=False,
                            dtype={"filename": str, "scene_label": str, **dict.fromkeys(scenes, np.float64)},
                            quoting=3, na_filter=False, skip_blank_lines=False, encoding="utf-8", low_memory=False)
    except (ValueError, pd.errors.ParserError):
        return None
    if len(table) != lines:
        return None
    names = pd.Index([basename(name) for name in table["filename"]])
    values = np.ascontiguousarray(table[scenes].to_numpy())
    decisions = pd.Index(scenes).get_indexer(pd.Index(table["scene_label"]))
    sound = (names.is_unique and all(map(_nameable, names)) and (decisions >= 0).all() and _sound(values)
             and (values[np.arange(lines), decisions] == values.max(axis=1)).all())
    return Outputs(tuple(names), values, decisions.astype(np.int64)) if sound else None


def _parse_rows(path: Path, data: bytes, columns: list[str]) -> Outputs:
    """The table row by row: the definition of what is accepted, and the sentence about what is not."""
    scenes = taxonomy().scenes
    places = [columns.index(scene) for scene in scenes]
    file_column, label_column = columns.index("filename"), columns.index("scene_label")
    seen: dict[str, int] = {}
    probabilities, decisions = [], []
    for row, line in enumerate(data.decode("utf-8").split("\n")[1:], start=2):
        fields = line.removesuffix("\r").split("\t")
        if len(fields) != len(columns):
            raise InputError(f"{path}, row {row}: found {len(fields)} columns, expected {len(columns)} (TAB-separated)")
        name, label = basename(fields[file_column]), fields[label_column]
        if not _nameable(name):
            raise InputError(f"{path}, row {row}: found file name {_shown(name)}, expected one like '0.wav'")
        if name in seen:
            raise InputError(f"{path}, row {row}: file {name} stands in row {seen[name]} already; keep one of them")
        seen[name] = row
        values = [_probability(path, row, scene, fields[place]) for scene, place in zip(scenes, places, strict=True)]
        if abs(sum(values) - 1) > SUM_TOLERANCE:
            raise InputError(f"{path}, row {row}: probabilities of sum {sum(values):.6g}, expected 1 "
                             f"(within {SUM_TOLERANCE:g})")
        if label not in scenes:
            raise InputError(f"{path}, row {row}: found scene_label {_shown(label)}, expected one of "
                             f"{', '.join(scenes)}")
        decision = scenes.index(label)
        if values[decision] != max(values):
            best = scenes[values.index(max(values))]
            raise InputError(f"{path}, row {row}: scene_label {label} has probability {values[decision]:.6g}, but "
                             f"{best} has {max(values):.6g}; expected the label of the largest probability")
        probabilities.append(values)
        decisions.append(decision)
    if not seen:
        raise InputError(f"{path}: a header and no rows; expected one row per clip")
    return Outputs(tuple(seen), np.array(probabilities), np.array(decisions, dtype=np.int64))


def _nameable(name: str) -> bool:
    return bool(name) and name.isprintable()


def _probability(path: Path, row: int, scene: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise InputError(f"{path}, row {row}: found {_shown(text)} for {scene}, expected a probability from 0 to 1")
    return value


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
