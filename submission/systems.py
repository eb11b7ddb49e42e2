"""What a package says about one system, gathered from a run folder: label, members' complexity, scores.

Inputs: the resolved run, trained networks `models/<model>/`, `scores/system<k>.<part>.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch

from submission.labels import system_label
from task1.complexity import Complexity, count, counted_size, memory_bytes
from task1.complexity_tables import input_shape
from task1.compress.restore import load_float
from task1.config import Edition, Run, System
from task1.config.recipe import BYTES_PER_WEIGHT
from task1.errors import InputError
from task1.files import file_digest
from task1.inference import ONNX, load_trained
from task1.layout import Layout
from task1.limits import Verdict, judge

Scores = Mapping[str, Any]
"""As `task1.scoring.evaluate` makes them: accuracy (0 to 1, mean over scenes) and log loss, overall and by group."""


@dataclass(frozen=True)
class Scored:
    """One output table's scores, and what its recipe asked for that was not done."""

    scores: Scores
    deviations: tuple[str, ...]
    table_digest: str


@dataclass(frozen=True)
class Member:
    """One network of a system, with the bytes each of its weights takes in what ships."""

    name: str
    complexity: Complexity
    weights: str
    bytes_per_weight: int
    digest: str
    """SHA-256 of the trained weights' file."""


@dataclass(frozen=True)
class SystemFacts:
    """One system; the figures of an ensemble are the sums of its members'."""

    index: int
    label: str
    system: System
    members: tuple[Member, ...]
    scored: Scored

    @cached_property
    def parameters(self) -> int:
        return sum(member.complexity.parameters for member in self.members)

    @cached_property
    def non_zero(self) -> int:
        return sum(member.complexity.non_zero for member in self.members)

    @cached_property
    def bytes(self) -> int:
        return sum(memory_bytes(member.complexity.parameters, member.bytes_per_weight) for member in self.members)

    @cached_property
    def non_zero_bytes(self) -> int:
        return sum(memory_bytes(member.complexity.non_zero, member.bytes_per_weight) for member in self.members)

    def macs(self, convention: str) -> int:
        return sum(member.complexity.macs[convention] for member in self.members)

    def size(self, rules: Edition) -> int:
        """What the edition's size limit speaks of."""
        return sum(counted_size(member.complexity, rules, member.bytes_per_weight) for member in self.members)

    def verdicts(self, rules: Edition) -> list[Verdict]:
        return judge(self.size(rules), self.macs(rules.macs.convention), rules)


def gather(layout: Layout, run: Run, rules: Edition) -> list[SystemFacts]:
    """All systems of a run, in order; models that several systems share are counted once."""
    members = {name: _member(layout, run, name)
               for name in dict.fromkeys(name for system in run.systems.values() for name in system.models)}
    return [SystemFacts(index, system_label(run, index, rules), system,
                        tuple(members[name] for name in system.models),
                        read_scored(layout, run, index, "development"))
            for index, system in sorted(run.systems.items())]


def read_scored(layout: Layout, run: Run, index: int, part: Literal["development", "evaluation"]) -> Scored:
    """What `task1 score` wrote about a system, if it is about this run's table as it stands now."""
    path, table = layout.scores(index, part), layout.output(index, part)
    again = f"run `task1 score --run {layout.run} --system {index} --part {part}`"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        (system,) = content["systems"]
        scored = Scored(system["scores"], tuple((system["system"] or {}).get("deviations", ())), system["sha256"])
        corpus = content["corpus"]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {again}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the scores of one system ({error!r}); {again}") from None
    wanted = run.development if part == "development" else run.evaluation
    if corpus != wanted:
        raise InputError(f"{path}: scores on {corpus}, expected {wanted}; {again}")
    if not table.exists() or file_digest(table) != scored.table_digest:
        raise InputError(f"{path}: scores of another table than {table} is now; {again}")
    return scored


def _member(layout: Layout, run: Run, name: str) -> Member:
    trained = load_trained(layout.model(name), torch.device("cpu"))
    if trained.recipe != run.models[name]:
        raise InputError(f"{layout.model(name)}: trained by another recipe than config.yaml has now; train it again")
    weights = trained.facts["weights"]  # as shipped, which may be more than the recipe asks for
    path = layout.model(name) / "model.safetensors"
    # the published float network, as narrow as pruning left it, whatever form of it ships
    network = load_float(layout.model(name)) if trained.network is None else trained.network
    return Member(name, count(network, input_shape(run, name)), weights, BYTES_PER_WEIGHT[weights],
                  file_digest(layout.model(name) / ONNX if weights == "int8" else path))
