"""Bytes against the record that `submission package` wrote (package.json): the zip, its members, the networks.

Output: rows. SHA-256 says that bytes are the recorded ones, and nothing about whether their figures are right.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from submission.audit.contents import Contents
from submission.audit.networks import digest_of
from submission.audit.rows import NONE, PACKAGE, Row
from submission.validate.findings import named

SHOWN = 16
"""Digits of a digest that are shown; all are compared."""


def digest_rows(contents: Contents, record: Any, models: Mapping[int, Sequence[Path]]) -> Iterator[Row]:
    """Everything in the record that can be compared."""
    yield _row(PACKAGE, "SHA-256 of the zip", record["sha256"], contents.sha256)
    for name, digest in sorted(contents.digests.items()):
        recorded = record["members"].get(name)
        if recorded is not None:  # records of older versions have the zip alone
            yield _row(PACKAGE, f"SHA-256 of {named(name.rpartition('/')[2])}", recorded, digest)
    folders = {path.resolve().name: path for paths in models.values() for path in paths if path.is_dir()}
    for name, path in folders.items():
        if name in record["models"]:
            yield _row(PACKAGE, f"SHA-256 of the weights of {name}", record["models"][name], digest_of(path))


def _row(system: str, key: str, recorded: object, found: str) -> Row:
    return Row(system, key, str(recorded)[:SHOWN], found[:SHOWN], NONE, "agrees" if recorded == found else "differs",
               "recorded in package.json")
