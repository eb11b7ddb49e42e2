"""Digest of the code behind a stage, so that a changed function reruns what it made and a changed comment does not.

The modules are found by following `import` statements (also those inside functions) from the stage's library modules.
Settings reach a stage as rule parameters, so the modules that only carry them are left out.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("task1", "submission")
CARRIERS = ("task1.config", "task1.energy", "task1.errors", "task1.files", "task1.layout", "task1.processes",
            "task1.cli", "task1.commands", "task1.workflow")


@cache
def code_digest(*modules: str) -> str:
    """12 hex digits that change when the code of these modules, or of those they import, changes."""
    total = hashlib.sha256()
    for name in sorted(_closure(modules)):
        total.update(name.encode() + b"\0" + _canonical(_file(name)).encode() + b"\0")
    return total.hexdigest()[:12]


def _closure(modules: Iterable[str]) -> set[str]:
    todo, seen = list(modules), set()
    while todo:
        name = todo.pop()
        if name in seen or name.startswith(CARRIERS) or not _file(name).exists():
            continue
        seen.add(name)
        todo += _imports(_file(name))
    return seen


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in PACKAGES)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def _canonical(path: Path) -> str:
    """The syntax tree without positions, comments and docstrings."""
    tree = _tree(path)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            first.value = ast.Constant(None)
    return ast.dump(tree)
