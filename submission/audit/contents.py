"""A package, read for its audit: of each system the claims of its meta file and its output table.

Input: a zip from anybody, read as the validator reads it (nothing is unpacked, nothing hostile is inflated). Output:
`Contents`; whatever cannot be read becomes a finding there.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from submission.audit.claims import Claim, read_claims
from submission.validate.archive import Archive, open_archive
from submission.validate.findings import Finding, named
from submission.validate.members import MOST_CHECKED, sort_members
from submission.validate.zipped import guess
from task1.config import Edition, edition, names
from task1.errors import InputError
from task1.files import file_digest
from task1.outputs import Outputs, faults
from task1.outputs.read import read_by_row, read_quickly

MOST_FAULTS = 5
"""Faults of one table that are told; the validator tells more."""


@dataclass(frozen=True)
class Entry:
    """One system of the package."""

    label: str
    number: int
    """The last part of the label; 0 where it is no number."""
    tree: Any
    claims: Mapping[str, Claim]
    table: Outputs | None
    """None where it is missing or has faults."""
    table_bytes: bytes
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Contents:
    """Everything in the zip that an audit looks at."""

    path: Path
    rules: Edition
    guessed: bool
    sha256: str
    entries: tuple[Entry, ...]
    digests: Mapping[str, str]
    """SHA-256 of every member that was read, by name."""
    findings: tuple[Finding, ...] = field(default=())


def read_contents(path: Path, rules: Edition | None) -> Contents:
    """The package; the edition is guessed where none is given."""
    guessed = rules is None
    with open_archive(path) as archive:
        if isinstance(archive, Finding):
            latest = edition(names("editions")[-1])
            return Contents(path, rules or latest, guessed, file_digest(path), (), {}, (archive,))
        rules = rules or guess(archive)
        members = sort_members(archive.names, rules)
        digests: dict[str, str] = {}
        entries = tuple(_entry(archive, label, *files, digests) for label, files in
                        list(members.systems.items())[:MOST_CHECKED])
        for name in members.reports[:MOST_CHECKED]:
            _read(archive, name, digests)
        errors = [finding for finding in (*archive.findings, *members.findings) if finding.severity == "error"]
        return Contents(path, rules, guessed, file_digest(path), entries, digests, tuple(errors))


def _entry(archive: Archive, label: str, output: str | None, meta: str | None, digests: dict[str, str]) -> Entry:
    meta_bytes, table_bytes = (_read(archive, name, digests) for name in (meta, output))
    tree, claims, findings = (None, {}, []) if meta_bytes is None else read_claims(meta_bytes, named(meta or ""))
    table = None
    if table_bytes is not None:
        table, wrong = _table(table_bytes, named(output or ""))
        findings += wrong
    index = re.fullmatch(r".*_([1-9])", label)
    return Entry(label, int(index[1]) if index else 0, tree, claims, table, table_bytes or b"", tuple(findings))


def _read(archive: Archive, name: str | None, digests: dict[str, str]) -> bytes | None:
    content = None if name is None else archive.read(name)
    if content is not None and name is not None:
        digests[name] = hashlib.sha256(content).hexdigest()
    return content


def _table(content: bytes, file: str) -> tuple[Outputs | None, list[Finding]]:
    """The table, or its first faults."""
    stream = BytesIO(content)
    quick = read_quickly(stream)
    if quick is not None:
        return quick, []
    stream.seek(0)
    try:
        return read_by_row(stream, Path(file)), []
    except InputError:
        stream.seek(0)
        return None, [Finding("error", file, "" if fault.row is None else f"row {fault.row}", fault.message, "")
                      for fault in islice(faults(stream), MOST_FAULTS)]
