"""What tables and figures of a run are made from: the scores of systems and networks, and their names.

Inputs: config.yaml and `scores/` of a run folder (development test fold). Scores of another table than lies in the run
now are refused; ones that are not there leave their system or network out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from submission.items import relative
from task1.complexity import Complexity
from task1.complexity_tables import count_model
from task1.config import Run, load_run
from task1.config.counterparts import Counterpart, Subject, counterparts
from task1.config.published import Figure
from task1.errors import InputError
from task1.files import file_digest
from task1.layout import Layout
from task1.scoring.rows import Row, rows
from task1.scoring.table import heading

Groups = Mapping[tuple[str, str], Row]
"""By kind of group and group, as task1/scoring/rows.py names them."""
OVERALL = ("overall", "overall")
VARIANT = "variant="


@dataclass(frozen=True)
class Scored:
    """One network or system: what it is called, its figures, where they come from."""

    subject: str
    heading: str
    groups: Groups
    path: Path

    @property
    def overall(self) -> Mapping[str, Any]:
        return self.groups[OVERALL].node


@dataclass(frozen=True)
class Results:
    """A run and its scores."""

    layout: Layout
    run: Run

    @classmethod
    def of(cls, run_folder: Path) -> "Results":
        return cls(Layout(run_folder), load_run(run_folder))

    @property
    def corpus(self) -> str:
        """The sentence that every table and figure carries (contract 9 of the design)."""
        return heading(self.run.development, self.run.embedded)

    @property
    def variant(self) -> str:
        """The variant of the entry that was asked for, or nothing."""
        return next((text.removeprefix(VARIANT) for text in reversed(self.run.settings) if text.startswith(VARIANT)),
                    "")

    @cached_property
    def systems(self) -> dict[int, Scored]:
        """Systems that are scored, in order."""
        found = {index: self._read(self.layout.scores(index, "development"), self.layout.output(index, "development"),
                                   f"system {index}", f"System {index}") for index in sorted(self.run.systems)}
        return {index: one for index, one in found.items() if one}

    @cached_property
    def models(self) -> dict[str, Scored]:
        """Networks that are scored: teachers, baselines and ablations too."""
        found = {name: self._read(self.layout.model_scores(name, "development"),
                                  self.layout.model_output(name, "development"), name, name)
                 for name in self.run.models}
        alone = {self.run.systems[index].models[0]: one for index, one in self.systems.items()
                 if self.run.systems[index].combine == "single"}
        return {name: one for name in self.run.models if (one := found[name] or _renamed(alone.get(name), name))}

    @cached_property
    def networks_and_fusions(self) -> list[Scored]:
        """Everything that decides in its own way: each network, and each system of several networks."""
        return [*self.models.values(), *(one for index, one in self.systems.items()
                                         if self.run.systems[index].combine != "single")]

    @cached_property
    def complexity(self) -> dict[str, Complexity]:
        """Every network of the run, counted."""
        return {name: count_model(self.run, name) for name in self.run.models}

    def printed(self, subject: str, quantity: str, group: tuple[str, str] = OVERALL,
                exact: bool = False) -> Figure | None:
        """What the paper prints about a network or system; a network alone in a system is that system.

        `exact`: about the variant of the entry that was run, and else nothing.
        """
        alone = {f"system {index}": system.models[0] for index, system in self.run.systems.items()
                 if system.combine == "single"}
        names = [subject, *([alone[subject]] if subject in alone else []),
                 *(system for system, model in alone.items() if model == subject)]
        known = counterparts(self.run.entry)
        for variant in dict.fromkeys([self.variant] if exact else [self.variant, ""]):
            for name in names:
                if found := known.get(Counterpart(Subject(name, variant), quantity, *group)):
                    return found
        return None

    def made_from(self, *paths: Path) -> tuple[str, ...]:
        """As items name their inputs."""
        return relative(self.layout, paths)

    def _read(self, path: Path, table: Path, subject: str, called: str) -> Scored | None:
        again = f"score it again with `task1 score --run {self.layout.run}`"
        if not path.exists():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            (system,) = content["systems"]
            scored = Scored(subject, called, {(row.kind, row.name): row for row in rows(system["scores"])}, path)
            corpus, digest = content["corpus"], system["sha256"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: not the scores of one table ({error!r}); {again}") from None
        if corpus != self.run.development:
            raise InputError(f"{path}: scores on {corpus}, expected {self.run.development}; {again}")
        if table.exists() and file_digest(table) != digest:
            raise InputError(f"{path}: scores of another table than {table} is now; {again}")
        return scored


def _renamed(scored: Scored | None, name: str) -> Scored | None:
    return scored and replace(scored, subject=name, heading=name)
