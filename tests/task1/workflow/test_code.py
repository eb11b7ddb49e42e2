"""The code digest follows imports, and sees code but not comments."""

from pathlib import Path

import pytest

from task1.workflow import code


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "task1"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("def f():\n    from task1 import b\n    return b.g()\n")
    (package / "b.py").write_text('"""B."""\n\ndef g():\n    """One."""\n    return 1\n')
    monkeypatch.setattr(code, "ROOT", tmp_path)
    _forget()
    return package


def _forget() -> None:
    code.code_digest.cache_clear()
    code._tree.cache_clear()


def _digest() -> str:
    _forget()
    return code.code_digest("task1.a")


def test_a_change_in_an_imported_module_changes_the_digest(tree: Path) -> None:
    before = _digest()
    (tree / "b.py").write_text('"""B."""\n\ndef g():\n    """One."""\n    return 2\n')
    assert _digest() != before


def test_comments_docstrings_and_blank_lines_do_not(tree: Path) -> None:
    before = _digest()
    (tree / "b.py").write_text('"""Other."""\n\n\n# why\ndef g():\n    """Another."""\n    return 1  # one\n')
    assert _digest() == before


def test_modules_that_are_not_imported_do_not_count(tree: Path) -> None:
    before = _digest()
    (tree / "c.py").write_text("x = 1\n")
    assert _digest() == before
