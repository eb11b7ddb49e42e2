"""Changes laid over an entry: its own variant, a profile's overrides, --set arguments; each value keeps its origin.

Input: an entry as read from YAML. Output: the same structure with every change merged in, and a `Place` for every key
of the models as a run has them (`models.NAME.training.epochs`), be it written there or in a shared block.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from task1.config.base import KeyPath, Lines, Place, merge, parse_yaml
from task1.config.entry import SHARED_BLOCKS, Entry, Profile
from task1.errors import InputError

ENTRY_WIDE = ("features", "edition", "datasets", "texts", "systems", "models")
VARIANT = "variant"


@dataclass(frozen=True)
class Layer:
    """Blocks to be laid over those of the entry, and what to call their origin."""

    where: str
    blocks: Mapping[str, Any]


class Layered:
    """An entry's content under change, with the place that each key was last written at."""

    def __init__(self, content: Mapping[str, Any], lines: Lines, where: str) -> None:
        self.content: dict[str, Any] = json.loads(json.dumps(content, default=str))  # keys become text, as in --set
        self.places = {key: Place(f"{where}, line {line}", key) for key, line in lines.items()}
        for key, place in list(self.places.items()):
            if key and key[0] in SHARED_BLOCKS:
                for model in self.content["models"]:
                    self.places.setdefault(("models", model, *key), place)

    def lay(self, layer: Layer) -> None:
        """Merge one layer in; what it says of single models comes after what it says of all."""
        for block in sorted(layer.blocks, key=lambda block: block == "models"):
            value = layer.blocks[block]
            if block not in (*SHARED_BLOCKS, *ENTRY_WIDE):
                known = ", ".join((*SHARED_BLOCKS, *ENTRY_WIDE))
                raise InputError(f"{layer.where}: unknown key {block}; expected one of {known}")
            if block == "models":
                self._check_models(layer.where, value)
            self.content[block] = merge(self.content.get(block), value)
            if block in SHARED_BLOCKS:
                self.content["models"] = {
                    name: {**model, block: merge(model[block], value)} if block in model else model
                    for name, model in self.content["models"].items()}
            self._note(layer.where, block, value)

    def _check_models(self, where: str, value: Any) -> None:
        if not isinstance(value, Mapping) or not all(isinstance(blocks, Mapping) for blocks in value.values()):
            raise InputError(f"{where}: expected a key of one model, as in models.NAME.training.epochs")
        unknown = [name for name in value if name not in self.content["models"]]
        if unknown:
            raise InputError(f"{where}: no model {', '.join(unknown)}; there are: {', '.join(self.content['models'])}")

    def _note(self, where: str, block: str, value: Any) -> None:
        for path in _leaves(value):
            key = (block, *path)
            self.places[key] = Place(where, key)
            if block in SHARED_BLOCKS:
                for model in self.content["models"]:
                    self.places["models", model, *key] = Place(where, key)


def layers(entry: Entry, profile: Profile, profile_name: str, settings: Sequence[str]) -> Iterator[Layer]:
    """Every change to the entry, weakest first (see task1.config.entry)."""
    chosen = [(text, _setting(text)) for text in settings]
    for text, blocks in chosen:
        if VARIANT in blocks:
            name = blocks[VARIANT]
            if not isinstance(name, str) or name not in entry.variants:
                known = ", ".join(entry.variants) or "none"
                raise InputError(f"--set {text}: entry {entry.name} has no such variant; there are: {known}")
            yield Layer(f"variant {name} of entry {entry.name}", entry.variants[name])
    yield Layer(f"{profile_name}, overrides", profile.overrides)
    yield Layer(f"{profile_name}, entries.{entry.name}", profile.entries.get(entry.name, {}))
    rest = [Layer(f"--set {text}", blocks) for text, blocks in chosen if VARIANT not in blocks]
    yield from sorted(rest, key=lambda layer: "models" in layer.blocks)


def variants(settings: Sequence[str]) -> list[str]:
    """The entry's variants that `--set` arguments choose."""
    return [str(blocks[VARIANT]) for blocks in map(_setting, settings) if VARIANT in blocks]


def _setting(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(part.strip() for part in parts):
        raise InputError(f"--set {text}: expected KEY=VALUE with a dotted key, as in training.epochs=3")
    parsed, _ = parse_yaml(value, f"--set {text}")
    for part in reversed(parts):
        parsed = {part.strip(): parsed}
    return parsed


def _leaves(value: Any) -> Iterator[KeyPath]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from ((str(key), *path) for path in _leaves(inner))
    else:
        yield ()
