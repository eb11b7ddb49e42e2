"""Which models share a setting, and how they are called: "all networks", "the teachers", "student1 and student2"."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from submission.technical.markup import Typst, say
from submission.technical.words import listing
from task1.config import ModelRecipe, Run

Value = TypeVar("Value")
ROLES = {"system": "network of the systems", "teacher": "teacher", "baseline": "baseline", "ablation": "ablation"}
_PLURALS = {"system": "networks of the systems", "teacher": "teachers", "baseline": "baselines",
            "ablation": "ablations"}


def by_value(run: Run, value: Callable[[ModelRecipe], Value]) -> list[tuple[Value, list[str]]]:
    """Each value of a setting with the models that have it, in the recipe's order."""
    found: list[tuple[Value, list[str]]] = []
    for name, recipe in run.models.items():
        own = value(recipe)
        for other, names in found:
            if other == own:
                names.append(name)
                break
        else:
            found.append((own, [name]))
    return found


def whom(run: Run, names: Sequence[str]) -> Typst:
    """What these models are called in a sentence: "all networks", "the teachers", "teacher1"; never empty."""
    if len(names) == len(run.models):
        return Typst("the network" if len(names) == 1 else "all networks")
    for role, several in _PLURALS.items():
        of_role = [name for name, recipe in run.models.items() if recipe.role == role]
        if names and sorted(of_role) == sorted(names):
            return Typst(f"the {several if len(names) > 1 else ROLES[role]}")
    return names_of(names)


def names_of(names: Sequence[str]) -> Typst:
    """The models by name."""
    return listing(say("_{}_", name) for name in names)


def is_all(run: Run, names: Sequence[str]) -> bool:
    return len(names) == len(run.models)
