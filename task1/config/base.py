"""YAML in, checked objects out, with the line and key path of whatever is wrong.

`Strict` is the base of every schema: unknown keys, wrong types and non-finite numbers are errors; text is no number.
`read_yaml` keeps the line of every key, so that `check` can say "meta/entries/x.yaml, line 12: training.epochs: found
'ten', expected a valid integer". Content that was put together from several sources comes with a `Place` for each key.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from task1.errors import InputError

KeyPath = tuple[str, ...]
Lines = dict[KeyPath, int]
Model = TypeVar("Model", bound=BaseModel)

META = Path(__file__).resolve().parents[2] / "meta"
"""The facts a reviewer reads. Code looks here and nowhere else for numbers of papers and rules."""

MOST_VALUES = 100_000
_UNDOTTED = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")
# what PyYAML's constructors let through besides YAMLError, all of them for malformed scalars (`!!int ""`, dates ...)
_MALFORMED = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


class Strict(BaseModel):
    """A schema that forgives nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


class Place(NamedTuple):
    """Where a value was written: a file and line or a --set argument, and its key as written there."""

    where: str
    key: KeyPath


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """Content of a YAML file and the line of every key path in it."""
    return parse_yaml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Text of a UTF-8 file, with or without a byte order mark."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {_neighbours(path)}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def parse_yaml(text: str, where: str) -> tuple[Any, Lines]:
    """As `read_yaml`, from text; `where` names it in messages."""
    lines: Lines = {}
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        _collect(node, (), lines, where, frozenset())
        return (None if node is None else loader.construct_document(node)), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{where}, line {line}: not valid YAML: {error.problem or error.context}") from None
    except RecursionError:
        raise InputError(f"{where}: not valid YAML: nested too deeply") from None
    except _MALFORMED as error:
        raise InputError(f"{where}: not valid YAML: {(str(error) or type(error).__name__).splitlines()[0]}") from None


def check(schema: type[Model], content: Any, where: str, lines: Lines | None = None,
          places: Mapping[KeyPath, Place] | None = None) -> Model:
    """Content as an object of `schema`, or one sentence for every wrong key."""
    if content is None:
        raise InputError(f"{where}: empty, expected a mapping of keys to values")
    if not isinstance(content, Mapping):
        raise InputError(f"{where}: found {_show(content)}, expected a mapping of keys to values")
    known = dict(places or {}) | {key: Place(f"{where}, line {line}", key) for key, line in (lines or {}).items()}
    try:
        # strict JSON mode: a list may be a tuple and a key a number, but "3" and `yes` are no numbers
        return schema.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        problems = dict.fromkeys(_sentence(detail, where, known) for detail in error.errors())
        raise InputError("\n  ".join(problems)) from None
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: found a value that is no plain YAML ({error}); "
                         "expected numbers, texts, lists and mappings") from None


def load(schema: type[Model], path: Path) -> Model:
    """The YAML file as an object of `schema`."""
    content, lines = read_yaml(path)
    return check(schema, content, str(path), lines)


def merge(base: Any, change: Any) -> Any:
    """`base` with `change` laid over it: mappings merge key by key, anything else is replaced."""
    if isinstance(base, Mapping) and isinstance(change, Mapping):
        return {**base, **{key: merge(base[key], value) if key in base else value for key, value in change.items()}}
    return change


def _collect(node: yaml.Node | None, path: KeyPath, lines: Lines, where: str, open_nodes: frozenset[int]) -> None:
    if node is None:
        return
    line = node.start_mark.line + 1
    if id(node) in open_nodes:
        raise InputError(f"{where}, line {line}: a YAML alias refers to its own parent")
    lines.setdefault(path, line)
    if len(lines) > MOST_VALUES:
        raise InputError(f"{where}: more than {MOST_VALUES:,} values, those repeated by aliases included")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            inner = (*path, name)
            if name in seen:
                again = key.start_mark.line + 1
                raise InputError(f"{where}, line {again}: key {'.'.join(inner)} stands twice; keep one")
            seen.add(name)
            lines[inner] = key.start_mark.line + 1
            _collect(value, inner, lines, where, open_nodes | {id(node)})
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _collect(value, (*path, str(position)), lines, where, open_nodes | {id(node)})
    elif isinstance(node, yaml.ScalarNode):
        _check_scalar(node, path, f"{where}, line {line}")


def _check_scalar(node: yaml.ScalarNode, path: KeyPath, where: str) -> None:
    """Values that mean something else than what was meant."""
    key = f" {'.'.join(path)}:" if path else ""
    value = node.value
    if node.tag == "tag:yaml.org,2002:float" and value.lower().lstrip("+-") in (".nan", ".inf"):
        raise InputError(f"{where}:{key} found {value}, expected a finite number")
    if node.style is None and node.tag == "tag:yaml.org,2002:str" and _UNDOTTED.fullmatch(value):
        mantissa, exponent = re.split("[eE]", value)
        dotted = f"{mantissa}{'' if '.' in mantissa else '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"
        raise InputError(f"{where}:{key} found {value}, which YAML takes for text; write {dotted} for the number "
                         "(a dot, and a sign after the e), or put quotes around the text")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise InputError(f"{where}:{key} found half of a surrogate pair, expected text")


def _sentence(detail: Any, where: str, places: Mapping[KeyPath, Place]) -> str:
    location = tuple(str(part) for part in detail["loc"] if part != "[key]")
    located = location
    while located and located not in places:
        located = located[:-1]
    place = places[located] if located else Place(where, ())
    dotted = ".".join((*place.key, *location[len(located):]))
    if detail["type"] == "extra_forbidden":
        return f"{place.where}: unknown key {dotted}; remove it or correct its spelling"
    if detail["type"] == "missing":
        return f"{place.where}: key {dotted} is missing"
    message = re.sub(r"^(\w+ should be |Value error, )", "", detail["msg"])
    message = re.sub(r"^\w+ should ", "it to ", message)
    if detail["type"] == "string_type" and isinstance(detail["input"], int | float):
        message += "; put quotes around it"
    key = f" {dotted}:" if dotted else ""
    # a rule between keys would show the whole block; its sentence says what it found
    found = "" if detail["type"] == "value_error" else f"found {_show(detail['input'])}, "
    return f"{place.where}:{key} {found}expected {message}"


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _neighbours(path: Path) -> str:
    names = sorted(p.stem for p in path.parent.glob(f"*{path.suffix}")) if path.parent.is_dir() else []
    return f"there are: {', '.join(names)}" if names else f"there is no such file in {path.parent}"
