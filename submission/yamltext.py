"""A nested mapping as YAML text with a comment above a key; any text survives, numbers stay numbers.

`yaml.safe_load` of the result is the tree again. "Not applicable" is written `!!null`, as the organisers' templates do.
"""

from collections.abc import Mapping
from typing import Any

import yaml

_WIDTH = float("inf")  # a value stays on its line, whatever its length
_COMMENT_WIDTH = 100


def render(tree: Mapping[str, Any], comments: Mapping[str, str], heading: str) -> str:
    """YAML text: `heading` as comment on top, `comments` by dotted key above the keys, a blank line between blocks.

    Keys of mappings in a list have the comments of `list.key`, in the first of them only.
    """
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    for key, value in tree.items():
        lines += ["", *_entry(key, value, (), comments)]
    return "\n".join(lines) + "\n"


def _entry(key: str, value: Any, parents: tuple[str, ...], comments: Mapping[str, str]) -> list[str]:
    path = (*parents, key)
    indent = "  " * len(parents)
    lines = [f"{indent}# {line}" for line in _wrap(comments.get(".".join(path), ""))]
    if isinstance(value, Mapping) and value:
        lines.append(f"{indent}{_scalar(key)}:")
        for name, inner in value.items():
            lines += _entry(str(name), inner, path, comments)
    elif isinstance(value, list) and value:
        lines.append(f"{indent}{_scalar(key)}:")
        for number, item in enumerate(value):
            lines += _item(item, path, {} if number else comments)
    else:
        lines.append(f"{indent}{_scalar(key)}: {_scalar(value)}")
    return lines


def _item(item: Any, parents: tuple[str, ...], comments: Mapping[str, str]) -> list[str]:
    indent = "  " * len(parents)
    if not isinstance(item, Mapping) or not item:
        return [f"{indent}- {_scalar(item)}"]
    inner = [f"  {line}" for name, value in item.items() for line in _entry(str(name), value, parents, comments)]
    # the first key of an item stands behind its dash, comments on it above the dash
    first = next(number for number, line in enumerate(inner) if not line.lstrip().startswith("#"))
    return [*(line[2:] for line in inner[:first]), f"{indent}- {inner[first].lstrip()}", *inner[first + 1:]]


def _scalar(value: Any) -> str:
    if value is None:
        return "!!null"
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    text = yaml.safe_dump(value, width=_WIDTH, allow_unicode=True).removesuffix("\n").removesuffix("\n...")
    if not text.isprintable():  # line ends and the like, which only double quotes can escape
        text = yaml.safe_dump(value, width=_WIDTH, default_style='"').removesuffix("\n")
    return text


def _wrap(text: str) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= _COMMENT_WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
