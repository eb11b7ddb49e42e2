"""What a meta YAML claims: every scalar, by dotted key, with the digits as they stand in the file.

Input: the bytes. Output: claims in the order of the file. The reader is the validator's (aliases counted, no tags that
make objects), so a hostile file gives a finding and no claims. Keys inside lists carry their position, as in
authors[0].email. Comments claim nothing and are not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import yaml

from submission.validate.findings import Finding, shown
from submission.validate.meta import number, read_tree

LONGEST = 60
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Claim:
    """One scalar: its dotted key, its text in the file, and what YAML makes of it."""

    key: str
    text: str
    value: Any

    @property
    def is_null(self) -> bool:
        return self.value is None

    @cached_property
    def printed(self) -> Decimal | None:
        """The number with the digits that are printed; None if it is none."""
        value = number(self.value)
        if value is None:
            return None
        try:
            printed = Decimal(self.text.strip())
            if printed == Decimal(value) or float(printed) == value:
                return printed
        except (InvalidOperation, OverflowError):
            pass
        return Decimal(repr(value))  # hexadecimal, octal and the like: what YAML reads

    @property
    def shown(self) -> str:
        """For a table: numbers as printed, foreign text so that it can do no harm."""
        if self.is_null:
            return "null"
        return self.text if len(self.text) <= LONGEST and self.text.isprintable() else shown(self.text)

    @property
    def has_digits(self) -> bool:
        return any(character.isdigit() for character in self.text)


def read_claims(content: bytes, file: str) -> tuple[Any, dict[str, Claim], list[Finding]]:
    """The tree, its claims by key, and the finding that says why there are none."""
    tree, findings = read_tree(content, file)
    if tree is None:
        return None, {}, findings
    loader = yaml.SafeLoader(content.decode("utf-8-sig"))
    claims = {claim.key: claim for claim in _leaves(loader, loader.get_single_node(), "")}
    return tree, claims, []


def _leaves(loader: yaml.SafeLoader, node: yaml.Node | None, path: str) -> Iterator[Claim]:
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)  # `<<` brings keys of another mapping
        for key, value in node.value:
            yield from _leaves(loader, value, f"{path}.{key.value}" if path else str(key.value))
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _leaves(loader, value, f"{path}[{position}]")
    elif node is not None:
        yield Claim(path, str(node.value), loader.construct_object(node))
