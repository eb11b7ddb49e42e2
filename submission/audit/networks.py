"""Figures of the networks of a system, counted anew.

Inputs: folders that `task1 train` wrote, or ONNX files. Output: `Counted`, one a system, sums over its members.

- A folder (model.json, model.safetensors): the published float network is built from its recipe and its weights are
  loaded; parameters and MACs are counted on it (task1/complexity.py), whatever form of it ships. The width of a weight
  is that of the stored numbers: of model.onnx for int8, else of model.safetensors.
- An ONNX file: from its graph alone (submission/audit/graph.py). `NAME.float.onnx` and `NAME.onnx`, both given, are one
  network: counted on the first, its weights as wide as in the second. The first alone does not say how wide what ships
  is.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from submission.audit.graph import Graph, count_graph
from task1.config import Edition, FeatureSettings, ModelRecipe, check
from task1.errors import InputError
from task1.files import file_digest

FLOAT, PLAIN = ".float.onnx", ".onnx"


@dataclass(frozen=True)
class Counted:
    """Sums over members; None where a file does not tell."""

    members: int
    parameters: int
    non_zero: int
    bytes: int | None
    non_zero_bytes: int | None
    macs: int | None
    more: int = 0
    """Parameters that the published network may have beyond those of a folded or integer file; and so on."""
    fewer: int = 0
    more_bytes: int = 0
    fewer_macs: int = 0
    sample_rates: frozenset[int] = frozenset()
    """Of the recordings that the members see, where it is known."""

    def size(self, rules: Edition) -> int | None:
        """What the edition's size limit speaks of."""
        if rules.size.as_ == "count":
            return self.parameters if rules.size.counted == "all" else self.non_zero
        return self.bytes if rules.size.counted == "all" else self.non_zero_bytes


def count_networks(paths: Sequence[Path], known: dict[Path, Counted]) -> Counted:
    """All members of a system; folders that are `known` are not counted again."""
    for path in paths:
        if path.is_dir() and path not in known:
            known[path] = _folder(path)
    return _sum([known[path] if path.is_dir() else _file(path, paths) for path in paths
                 if path.is_dir() or not _float_form(path) & set(paths)])


def digest_of(folder: Path) -> str:
    """SHA-256 of what `submission package` names as a model's weights: model.onnx of int8, else model.safetensors."""
    weights = _facts(folder)["weights"]
    return file_digest(folder / ("model.onnx" if weights == "int8" else "model.safetensors"))


def _folder(folder: Path) -> Counted:
    from task1.complexity import count  # imports torch
    from task1.compress.restore import load_float, shape_of

    facts, where = _facts(folder), str(folder / "model.json")
    recipe, features = check(ModelRecipe, facts["recipe"], where), check(FeatureSettings, facts["features"], where)
    counted = count(load_float(folder), shape_of(recipe, features))
    width = _stored_width(folder, facts["weights"])
    return Counted(1, counted.parameters, counted.non_zero, counted.parameters * width, counted.non_zero * width,
                   counted.macs["torchinfo"], sample_rates=frozenset({features.sample_rate}))


def _file(path: Path, paths: Sequence[Path]) -> Counted:
    graph = count_graph(path)
    width: int | None = graph.weight_bytes
    if path.name.endswith(FLOAT):
        shipped = path.with_name(path.name.removesuffix(FLOAT) + PLAIN)
        width = count_graph(shipped).weight_bytes if shipped in paths else None
    return Counted(1, graph.parameters, graph.non_zero, None if width is None else graph.parameters * width,
                   None if width is None else graph.non_zero * width, graph.macs if graph.whole else None,
                   graph.more, graph.fewer, graph.more * (width or 0), graph.fewer_macs, _sample_rate(graph))


def _sum(members: Sequence[Counted]) -> Counted:
    def total(name: str) -> Any:
        values = [getattr(member, name) for member in members]
        return None if None in values else sum(values)

    totals = {field.name: total(field.name) for field in fields(Counted) if field.name != "sample_rates"}
    return Counted(**totals, sample_rates=frozenset[int]().union(*(one.sample_rates for one in members)))


def _float_form(path: Path) -> set[Path]:
    """The float file that belongs to an ONNX file, by its name."""
    if path.name.endswith(FLOAT):
        return set()
    return {path.with_name(path.name.removesuffix(PLAIN) + FLOAT)}


def _sample_rate(graph: Graph) -> frozenset[int]:
    """Our files say in their metadata what features they were made for."""
    try:
        return frozenset({int(json.loads(graph.metadata["features"])["sample_rate"])})
    except (KeyError, TypeError, ValueError):
        return frozenset()


def _stored_width(folder: Path, weights: str) -> int:
    """Bytes of a weight in the file that ships."""
    if weights == "int8":
        return count_graph(folder / "model.onnx").weight_bytes
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / "model.safetensors", "pt") as stored:
            return max(stored.get_tensor(name).itemsize for name in stored.keys()  # noqa: SIM118
                       if stored.get_tensor(name).is_floating_point())
    except (OSError, ValueError, SafetensorError) as error:
        raise InputError(f"{folder / 'model.safetensors'}: cannot be read ({error}); train the model again") from None


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / "model.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if {"recipe", "features", "weights"} <= facts.keys():
            return dict(facts)
    except FileNotFoundError:
        raise InputError(f"{folder}: no model.json in it; expected a folder that `task1 train` wrote, or an ONNX file"
                         ) from None
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from None
    raise InputError(f"{path}: found no recipe, features or weights in it; expected what `task1 train` writes")
