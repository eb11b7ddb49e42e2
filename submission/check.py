"""What the official validators look at, and what they miss, as a list of findings.

Input: a package (zip), the edition's rules and the names of the clips that every output table has to hold.
An `error` is what the organisers' validator counts or crashes on, or what makes a table worthless; the rest warns.
"""

import math
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from submission.labels import label_problems, member, meta_name, names_author, output_name
from task1.config import Edition, taxonomy
from task1.config.base import parse_yaml
from task1.config.facts import MetaKey
from task1.errors import InputError
from task1.outputs import SUM_TOLERANCE, basename

ABBREVIATION_LENGTH = 10
AFFILIATION = "submission.authors.affiliation"  # a mapping, or a list of them
TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,),
                                      "mapping": (dict,), "list": (list,)}


@dataclass(frozen=True)
class Finding:
    where: str
    severity: Literal["error", "warning"]
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.message}"


def check_package(path: Path, rules: Edition, clips: Collection[str]) -> list[Finding]:
    """Findings about everything inside the zip; none for a package that the organisers' validator accepts."""
    try:
        with zipfile.ZipFile(path) as package:
            damaged = package.testzip()
            if damaged is not None:
                return [Finding(damaged, "error", "damaged (its checksum does not match)")]
            return list(_check_members(package, rules, clips))
    except (zipfile.BadZipFile, OSError) as error:
        return [Finding(path.name, "error", f"not a readable zip file ({error})")]


def _check_members(package: zipfile.ZipFile, rules: Edition, clips: Collection[str]) -> Iterator[Finding]:
    names = [name for name in package.namelist() if not name.endswith("/")]
    labels = sorted({PurePosixPath(name).parent.name for name in names if not name.endswith(".pdf")})
    wanted = {member(label, name(label), rules) for label in labels for name in (output_name, meta_name)}
    for name in sorted(set(names) - wanted):
        if not name.endswith(".pdf"):
            yield Finding(name, "error", "not a file of a package; expected "
                          f"{member('LABEL', output_name('LABEL'), rules)} and {meta_name('LABEL')} beside it")
    for name in sorted(wanted - set(names)):
        yield Finding(name, "error", "missing from the package")
    if not labels:
        yield Finding("package", "error", "holds no system")
    if len(labels) > rules.max_systems:
        yield Finding("package", "error", f"{len(labels)} systems; edition {rules.name} takes {rules.max_systems}")
    for label in labels:
        output, meta = (member(label, name(label), rules) for name in (output_name, meta_name))
        yield from (Finding(label, "error", problem) for problem in label_problems(label, rules))
        if output in names:
            with package.open(output) as stream:
                yield from check_output(stream, output, clips)
        if meta in names:
            yield from check_meta(package.read(meta), meta, label, rules)


def check_output(lines: Iterable[bytes], where: str, clips: Collection[str]) -> Iterator[Finding]:
    """One output table, read line by line."""
    columns = ["filename", "scene_label", *taxonomy().scenes]
    expected, seen, header = frozenset(clips), set[str](), None
    for row, line in enumerate(lines, start=1):
        at = f"{where}, row {row}"
        try:
            fields = line.decode("utf-8").rstrip("\r\n").split("\t")
        except UnicodeDecodeError:
            yield Finding(at, "error", "not UTF-8 text")
            continue
        if header is None:
            header = fields
            if header != columns:
                yield Finding(at, "error", f"columns {' '.join(header)[:200]}; expected {' '.join(columns)}")
                return
            continue
        if len(fields) != len(columns):
            yield Finding(at, "error", f"{len(fields)} fields, expected {len(columns)}")
            continue
        name = basename(fields[0])
        if name in seen:
            yield Finding(at, "error", f"file {name} stands twice")
        elif name not in expected:
            yield Finding(at, "error", f"file {name!r} is not in the evaluation set")
        seen.add(name)
        yield from _check_decision(at, fields[1], fields[2:])
    if header is None:
        yield Finding(where, "error", "empty")
    elif len(seen & expected) != len(expected):
        missing = sorted(expected - seen)
        yield Finding(where, "error", f"{len(missing):,} of {len(expected):,} clips missing (first: {missing[0]})")


def _check_decision(at: str, label: str, texts: list[str]) -> Iterator[Finding]:
    scenes = taxonomy().scenes
    try:
        values = [float(text) for text in texts]
    except ValueError:
        yield Finding(at, "error", "a probability that is not a number")
        return
    if label not in scenes:
        yield Finding(at, "error", f"scene_label {label!r} is none of the ten scenes")
    if not all(math.isfinite(value) and value >= 0 for value in values):
        yield Finding(at, "error", "a probability that is negative or not finite")
    elif abs(sum(values) - 1) > SUM_TOLERANCE:
        yield Finding(at, "error", f"probabilities of sum {sum(values):.4g}")
    elif label in scenes and values[scenes.index(label)] < max(values):
        yield Finding(at, "error", f"{label} is decided, but {scenes[values.index(max(values))]} is more probable")


def check_meta(content: bytes, where: str, label: str, rules: Edition) -> Iterator[Finding]:
    """One meta YAML: keys and types of the edition's template, and the rules between them."""
    try:
        tree, _ = parse_yaml(content.decode("utf-8"), where)
    except (InputError, UnicodeDecodeError) as error:
        yield Finding(where, "error", f"not readable ({error})")
        return
    listed = {key.path for key in rules.meta_keys}
    for key in rules.meta_keys:
        for path, holder in _holders(tree, key.path, listed):
            name = path.rpartition(".")[2]
            if name not in holder:
                if key.required:
                    yield Finding(where, "error", f"key {path} is missing")
                continue
            value = holder[name]
            if value is None:
                if not key.nullable:
                    yield Finding(where, "warning", f"{path} is null, expected a {key.type}")
            elif not _fits(value, key):
                yield Finding(where, "error", f"{path}: found {str(value)[:60]!r}, expected a {key.type}")
    yield from _check_rules(tree, where, label)


def _fits(value: Any, key: MetaKey) -> bool:
    if isinstance(value, bool):
        return key.type == "boolean"
    if isinstance(value, list) and key.path == AFFILIATION:
        return all(isinstance(element, dict) for element in value)
    return isinstance(value, TYPES[key.type])


def _holders(tree: Any, path: str, listed: Collection[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The mappings that should hold the last part of a dotted path: one for each element of a list on the way.

    Where something on the way is no mapping, an empty one is handed out, unless it is a listed key, told by itself.
    """
    parents = path.split(".")[:-1]
    found: list[tuple[str, Any]] = [("", tree)]
    for depth, part in enumerate(parents, start=1):
        inner = [(f"{at}{part}", holder.get(part) if isinstance(holder, dict) else None) for at, holder in found]
        found = [element for at, value in inner for element in (
            [(f"{at}[{i}].", element) for i, element in enumerate(value)] if isinstance(value, list)
            else [(f"{at}.", value)])]
        if ".".join(parents[:depth]) in listed:
            found = [(at, value) for at, value in found if isinstance(value, dict)]
    yield from ((at + path.split(".")[-1], holder if isinstance(holder, dict) else {}) for at, holder in found)


def _check_rules(tree: Any, where: str, label: str) -> Iterator[Finding]:
    block = tree.get("submission") if isinstance(tree, dict) else None
    if not isinstance(block, dict):
        return
    if block.get("label") != label:
        yield Finding(where, "error", f"submission.label is {block.get('label')!r}, its folder says {label!r}")
    if len(str(block.get("abbreviation", ""))) > ABBREVIATION_LENGTH:
        yield Finding(where, "error", f"submission.abbreviation is longer than {ABBREVIATION_LENGTH} characters")
    authors = block.get("authors")
    corresponding = [author for author in (authors if isinstance(authors, list) else [])
                     if isinstance(author, dict) and author.get("corresponding") is True]
    if len(corresponding) != 1:
        yield Finding(where, "error", f"{len(corresponding)} corresponding authors, expected exactly one")
    elif not names_author(label, str(corresponding[0].get("lastname"))):
        yield Finding(where, "warning", f"the label does not begin with {corresponding[0].get('lastname')!r}, "
                      "the last name of the corresponding author")
