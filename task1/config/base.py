"""YAML in, checked objects out, with the line and key path of whatever is wrong.

`Strict` is the base of every schema: unknown keys, wrong types and non-finite numbers are errors. `read_yaml` keeps the
line of every key, so that `check` can say "meta/entries/x.yaml, line 12, training.epochs: found 'ten', expected ...".
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from task1.errors import InputError

KeyPath = tuple[str | int, ...]
Lines = dict[KeyPath, int]
Model = TypeVar("Model", bound=BaseModel)

META = Path(__file__).resolve().parents[2] / "meta"
"""The facts a reviewer reads. Code looks here and nowhere else for numbers of papers and rules."""


class Strict(BaseModel):
    """A schema that forgives nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """Content of a YAML file and the line of every key path in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {_neighbours(path)}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> tuple[Any, Lines]:
    """As `read_yaml`, from text; `where` names it in messages."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        lines: Lines = {}
        _collect(node, (), lines, where, set())
        return yaml.safe_load(text), lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{where}, line {line}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: not valid YAML: {str(error).splitlines()[0]}") from None


def check(schema: type[Model], content: Any, where: str, lines: Lines | None = None) -> Model:
    """Content as an object of `schema`, or one sentence that names every wrong key."""
    if not isinstance(content, Mapping):
        raise InputError(f"{where}: found {_show(content)}, expected a mapping of keys to values")
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        problems = [_sentence(detail, where, lines or {}) for detail in error.errors()]
        raise InputError("\n  ".join(problems)) from None


def load(schema: type[Model], path: Path) -> Model:
    """The YAML file as an object of `schema`."""
    content, lines = read_yaml(path)
    return check(schema, content, str(path), lines)


def merge(base: Any, change: Any) -> Any:
    """`base` with `change` laid over it: mappings merge key by key, anything else is replaced."""
    if isinstance(base, Mapping) and isinstance(change, Mapping):
        return {key: merge(base[key], change[key]) if key in base and key in change else change.get(key, base.get(key))
                for key in [*base, *(key for key in change if key not in base)]}
    return change


def _collect(node: yaml.Node | None, path: KeyPath, lines: Lines, where: str, open_nodes: set[int]) -> None:
    if node is None:
        return
    if id(node) in open_nodes:
        raise InputError(f"{where}, line {node.start_mark.line + 1}: a YAML alias refers to its own parent")
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                dotted = ".".join(map(str, (*path, name)))
                raise InputError(f"{where}, line {key.start_mark.line + 1}: key {dotted} stands twice; keep one")
            seen.add(name)
            lines[(*path, name)] = key.start_mark.line + 1
            _collect(value, (*path, name), lines, where, open_nodes | {id(node)})
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _collect(value, (*path, position), lines, where, open_nodes | {id(node)})


def _sentence(detail: Any, where: str, lines: Lines) -> str:
    location: KeyPath = tuple(part for part in detail["loc"] if part != "[key]")
    # pydantic names the alternative tried in a union ("function-plain", a class name); the file knows no such key
    located = location
    while located and located not in lines:
        located = located[:-1]
    line = f", line {lines[located]}" if located else ""
    dotted = ".".join(map(str, location))
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"{where}{line}: unknown key {dotted}; remove it or correct its spelling"
    if kind == "missing":
        return f"{where}{line}: key {dotted} is missing"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    key = f" {dotted}:" if dotted else ""
    return f"{where}{line}:{key} found {_show(detail['input'])}, expected {message}"


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _neighbours(path: Path) -> str:
    names = sorted(p.stem for p in path.parent.glob(f"*{path.suffix}")) if path.parent.is_dir() else []
    return f"there are: {', '.join(names)}" if names else f"there is no such file in {path.parent}"
