"""One meta YAML: keys and types of the edition's template, label, abbreviation and authors.

Input: the bytes. `read_tree` gives the tree (expanded aliases counted, depth and size bounded by its reader), the
others findings with the dotted key. The official validator looks for the presence of its required keys, casts
`total_parameters` to a whole number and counts corresponding authors; wrong types in texts it lets pass.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from submission.labels import names_author
from submission.validate.findings import Finding, shown
from task1.config import Edition
from task1.config.base import parse_yaml
from task1.config.facts import MetaKey
from task1.errors import InputError

AFFILIATION = "submission.authors.affiliation"  # a mapping, or a list of them
LARGEST_NUMBER = 1e15
CORPUS = "results.corpus"
"""What packages of this program say about the recordings behind them, beyond the template."""


def read_tree(content: bytes, file: str) -> tuple[Any, list[Finding]]:
    """The tree, or None with the finding that says why there is none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Finding("error", file, "", f"byte {error.start} that is no UTF-8", "UTF-8 text")]
    try:
        tree, _ = parse_yaml(text, "")
    except InputError as error:
        told = "".join(character if character.isprintable() else "?" for character in str(error).lstrip(", :"))
        return None, [Finding("error", file, "", f"text that cannot be read ({told[:160]})", "plain YAML")]
    if not isinstance(tree, dict):
        return None, [Finding("error", file, "", shown(tree), "a mapping of keys to values")]
    return tree, []


def lookup(tree: Any, path: str) -> Any:
    """The value of a dotted key; None where there is none."""
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree


def number(value: Any) -> float | None:
    """A number that can be one of a package, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = value if isinstance(value, int) else float(value)
        return result if abs(float(result)) <= LARGEST_NUMBER else None  # which NaN is not
    except (ValueError, OverflowError):
        return None


def check_keys(tree: Any, file: str, rules: Edition) -> Iterator[Finding]:
    """Every key of the template: is it there, and of its type?"""
    listed = {key.path for key in rules.meta_keys}
    parents = {key.path.rpartition(".")[0] for key in rules.meta_keys if key.required}
    for key in rules.meta_keys:
        for path, holder in _holders(tree, key.path, listed):
            name = path.rpartition(".")[2]
            if name in holder:
                wrong = _wrong_type(holder[name], key, key.path in parents)
                if wrong:
                    yield Finding(wrong[0], file, path, shown(holder[name]), wrong[1])
            elif not key.optional:
                yield Finding("error" if key.required else "warning", file, path, "no such key", _kind(key))


def check_submission(tree: Any, file: str, label: str, rules: Edition) -> Iterator[Finding]:
    """Label, abbreviation, authors."""
    found = lookup(tree, "submission.label")
    if found is not None and found != label:
        yield Finding("error", file, "submission.label", shown(found), f"{shown(label)}, as its files are called")
    abbreviation = lookup(tree, "submission.abbreviation")
    if isinstance(abbreviation, str) and len(abbreviation) > rules.abbreviation_length:
        yield Finding("error", file, "submission.abbreviation", f"{len(abbreviation)} characters",
                      f"at most {rules.abbreviation_length}")
    authors = lookup(tree, "submission.authors")
    if not isinstance(authors, list):
        return
    corresponding = [author for author in authors if isinstance(author, dict) and author.get("corresponding") is True]
    if len(corresponding) != 1:
        yield Finding("error", file, "submission.authors", f"{len(corresponding)} corresponding authors",
                      "exactly one with corresponding: true")
        return
    name, email = corresponding[0].get("lastname"), corresponding[0].get("email")
    if isinstance(name, str) and not names_author(label, name):
        yield Finding("warning", file, "submission.label", f"a label that does not begin with {shown(name)}",
                      "the last name of the corresponding author")
    if isinstance(email, str) and "@" not in email:
        yield Finding("warning", file, "submission.authors", f"e-mail {shown(email)} of the corresponding author",
                      "an address with @")


def _wrong_type(value: Any, key: MetaKey, has_required: bool) -> tuple[Any, str] | None:
    """Severity and what was expected, if the value is not of the key's type."""
    expected = _kind(key)
    if value is None:
        if key.nullable:
            return None
        # without a figure no limit can be judged, without a block its keys are missing; other nulls pass officially
        strict = key.type == "list" or (key.type == "mapping" and has_required) or (
            key.type == "integer" and key.required)
        return "error" if strict else "warning", expected
    if key.type in ("number", "integer"):
        return _wrong_number(value, key.type, expected)
    if key.type == "string":
        if isinstance(value, str):
            return None if value.strip() else ("warning", f"{expected} that is not empty")
        return "warning", expected
    if key.type == "boolean":
        return None if isinstance(value, bool) else ("warning", expected)
    if key.type == "list" or (key.path == AFFILIATION and isinstance(value, list)):
        whole = isinstance(value, list) and all(isinstance(element, dict) for element in value)
        return None if whole else ("error", "a list of mappings")
    return None if isinstance(value, dict) else ("error", expected)


def _wrong_number(value: Any, kind: str, expected: str) -> tuple[str, str] | None:
    parsed = number(value)
    if parsed is None:
        return "error", expected
    if isinstance(value, str):
        return "warning", f"{expected} without quotes"
    if kind == "integer" and not float(parsed).is_integer():
        return "error", expected
    return None


def _kind(key: MetaKey) -> str:
    kinds = {"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
             "mapping": "a block of keys", "list": "a list"}
    return f"{kinds[key.type]}{' or !!null' if key.nullable else ''}"


def _holders(tree: Any, path: str, listed: Collection[str]) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """The mappings that should hold the last part of a dotted path: one for each element of a list on the way.

    Where something on the way is no mapping, an empty one is handed out, unless it is a listed key, told by itself.
    """
    *parents, last = path.split(".")
    found: list[tuple[str, Any]] = [("", tree)]
    for depth, part in enumerate(parents, start=1):
        inner = [(f"{at}{part}", holder.get(part) if isinstance(holder, dict) else None) for at, holder in found]
        found = [element for at, value in inner for element in (
            [(f"{at}[{i}].", element) for i, element in enumerate(value)] if isinstance(value, list)
            else [(f"{at}.", value)])]
        if ".".join(parents[:depth]) in listed:
            found = [(at, value) for at, value in found if isinstance(value, dict)]
    yield from ((f"{at}{last}", holder if isinstance(holder, dict) else {}) for at, holder in found)
