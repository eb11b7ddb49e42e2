"""README and docs: tables have as many cells in every row as in their head, and links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
RULE = re.compile(r"^\|[ :|-]+\|$")


def prose(document: Path) -> list[str]:
    """Its lines, numbered by position; empty where they are code."""
    lines, fenced = [], False
    for line in document.read_text(encoding="utf-8").splitlines():
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        lines.append("" if fence or fenced or line.startswith("    ") else line)
    return lines


def cells(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip().strip("|")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tables_are_whole(document: Path) -> None:
    lines = prose(document)
    for number, line in enumerate(lines):
        if not line.startswith("|"):
            continue
        if not lines[number - 1].startswith("|"):
            head = cells(line)
            assert RULE.match(lines[number + 1]), f"{document}:{number + 1}: a table without a rule below its head"
        assert cells(line) == head, f"{document}:{number + 1}: {cells(line)} cells below a head of {head}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall("\n".join(prose(document))):
        if not re.match(r"\w+:|#", target):
            assert (document.parent / target.partition("#")[0]).exists(), f"{document}: {target}"
