"""How the recipe of a run differs from the published one: profile overrides and `--set` arguments, key by key."""

from collections.abc import Mapping
from typing import Any

from task1.config import Run, resolve
from task1.errors import InputError

PUBLISHED = "full"
"""The profile that changes nothing of an entry."""


def recipe_changes(run: Run) -> list[str]:
    """One line for each changed key, models with the same change together."""
    try:
        published = resolve(run.recipe, PUBLISHED)
    except InputError:  # the file is gone, or means other data sets
        return []
    changes: dict[str, list[str]] = {}
    for name, model in run.models.items():
        if name not in published.models:
            continue
        ours, theirs = (_flat(recipe.model_dump(mode="json")) for recipe in (model, published.models[name]))
        for key in sorted(ours.keys() | theirs.keys()):
            if _show(ours.get(key)) != _show(theirs.get(key)):
                text = f"{key}: {_show(ours.get(key))} instead of {_show(theirs.get(key))}"
                changes.setdefault(text, []).append(name)
    everyone = list(run.models)
    lines = [f"{'all models' if names == everyone else ', '.join(names)}: {text}" for text, names in changes.items()]
    if run.development != published.development:
        lines.insert(0, f"recordings: {run.development} and {run.evaluation} instead of {published.development} and "
                        f"{published.evaluation}")
    return lines


def _flat(content: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(content, Mapping):
        return {path: content}
    flat: dict[str, Any] = {}
    for key, value in content.items():
        flat |= _flat(value, f"{path}.{key}" if path else str(key))
    return flat


def _show(value: Any) -> str:
    return "nothing" if value in (None, [], {}) else str(value)
