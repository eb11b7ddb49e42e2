"""What an audit recomputes from: lists of true scenes, output tables, networks, the run's own records.

Inputs: files named on the command line; a run folder brings all of them. Output: `Sources`, by system number.
A file says which system it is of as `2=FILE`; else by a folder `system2` above it, a label in its name, the run that
holds it, or because the package has one system only.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from submission.energy import Energy, system_energies
from task1.config import Run, load_run
from task1.errors import InputError
from task1.layout import Layout
from task1.outputs import Outputs, read_outputs
from task1.scoring.truth import Truth, read_truth

RECORD = "package.json"
Part = Literal["development", "evaluation"]
PARTS: tuple[Part, ...] = ("development", "evaluation")
_FOLDER = re.compile(r"system([1-9])")
_LABEL = re.compile(r"[^_]+_[^_]+_task1a?_([1-9])(?:\.|$)")
_NUMBERED = re.compile(r"([1-9])=(.+)")


@dataclass(frozen=True)
class Given:
    """File names as on the command line."""

    truth: Sequence[Path] = ()
    outputs: Sequence[str] = ()
    models: Sequence[str] = ()
    run: Path | None = None
    record: Path | None = None


@dataclass(frozen=True, eq=False)
class List:
    path: Path
    truth: Truth


@dataclass(frozen=True, eq=False)
class Table:
    path: Path
    outputs: Outputs
    part: Part | None = None
    """None where the clips have to tell."""


@dataclass(frozen=True, eq=False)
class Sources:
    """All of it, by system number."""

    lists: Sequence[List] = ()
    tables: Mapping[int, Sequence[Table]] = field(default_factory=dict)
    models: Mapping[int, Sequence[Path]] = field(default_factory=dict)
    run: Run | None = None
    energies: Mapping[int, Energy] = field(default_factory=dict)
    """Of the run's systems; none without a run."""
    deviations: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """What the trainings of the run's systems left out, in its own words; none without a run."""
    record: Any = None
    """Digests of package.json: of the zip (sha256), its members, the models' weights; None without one."""


def package_of(folder: Path) -> Path:
    """The package that a run wrote."""
    path = Layout(folder).submission / RECORD
    record = _read_record(path)
    if record is None:
        raise InputError(f"{path}: no such file; run `submission package --run {folder}`, or name the package")
    return path.parent / record["package"]


def gather(given: Given, numbers: Sequence[int]) -> Sources:
    """Everything that is given, for a package of these systems."""
    if given.record is not None and not given.record.exists():
        raise InputError(f"{given.record}: no such file; expected the {RECORD} that `submission package` writes")
    lists = [List(path, read_truth(path)) for path in given.truth]
    tables: dict[int, list[Table]] = {number: [] for number in numbers}
    for text in given.outputs:
        number, path = _assign(text, numbers)
        tables[number].append(Table(path, read_outputs(path)))
    models: dict[int, list[Path]] = {number: [] for number in numbers}
    for text in given.models:
        for number, path in _assign_model(text, numbers):
            if number in numbers:
                models[number].append(path)
    if given.run is None:
        return Sources(lists, tables, models, record=given.record and _read_record(given.record))
    run, layout = load_run(given.run), Layout(given.run)
    lists = [*lists, *_lists_of(layout, run)]
    for number, system in run.systems.items():
        for part in PARTS:
            path = layout.output(number, part)
            if number in numbers and path.exists():
                tables[number].append(Table(path, read_outputs(path), part))
        if number in numbers and not models[number]:
            models[number] = [layout.model(name) for name in system.models]
    record = given.record or layout.submission / RECORD
    deviations = {number: _deviations(layout.output(number, "evaluation").parent / "system.json") for number in
                  run.systems}
    return Sources(lists, tables, models, run, system_energies(layout, run), deviations, _read_record(record))


def _lists_of(layout: Layout, run: Run) -> list[List]:
    """The index of the development set and, of an embedded corpus, the truth of the evaluation set."""
    found = []
    for name, path in ((run.development, layout.index(run.development)),
                       (run.evaluation, layout.truth(run, run.evaluation))):
        if path.exists():
            without: Sequence[str] = ()
            if run.skip_bad:
                from task1.features.store import left_out  # imports h5py

                without = tuple(left_out(layout.features(run, name)))
            found.append(List(path, read_truth(path, without)))
    return found


def _assign(text: str, numbers: Sequence[int]) -> tuple[int, Path]:
    """The system that a file is of."""
    told = _NUMBERED.fullmatch(text)
    if told and int(told[1]) in numbers:
        return int(told[1]), Path(told[2])
    path = Path(text)
    for found in (_LABEL.match(path.name), _FOLDER.fullmatch(path.resolve().parent.name)):
        if found and int(found[1]) in numbers:
            return int(found[1]), path
    if len(numbers) == 1:
        return numbers[0], path
    raise InputError(f"{text}: of which system is it? The package has {', '.join(map(str, numbers)) or 'none'}; write "
                     f"NUMBER={path}")


def _assign_model(text: str, numbers: Sequence[int]) -> list[tuple[int, Path]]:
    """The systems that a network is a member of."""
    told = _NUMBERED.fullmatch(text)
    path = Path(told[2] if told else text)
    if not path.exists():
        raise InputError(f"{path}: no such file; expected an ONNX file or a folder that `task1 train` wrote")
    folder = path.resolve()
    config = folder.parents[1] / "config.yaml"
    if told is None and path.is_dir() and folder.parent.name == "models" and config.exists():
        systems = load_run(config.parent).systems
        return [(number, path) for number, system in systems.items() if folder.name in system.models]
    return [_assign(text, numbers)]


def _deviations(path: Path) -> list[str]:
    """What `task1 combine` wrote about a system's trainings."""
    try:
        return [str(text) for text in json.loads(path.read_text(encoding="utf-8"))["deviations"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as JSON with a list of deviations ({error!r}); run `task1 combine` "
                         "again") from None


def _read_record(path: Path) -> Any:
    """The digests of a package.json, None where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); run `submission package` again") from None
    try:
        return {"package": str(content["package"]), "sha256": str(content["sha256"]),
                "members": dict(content.get("members", {})),
                "models": {one["model"]: one["sha256"] for system in content["systems"] for one in system["members"]}}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: not the record of a package ({error!r}); expected the {RECORD} that "
                         "`submission package` writes") from None
