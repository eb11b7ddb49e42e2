"""Anybody's package, or one output table with its meta file, against the rules of its edition.

Inputs: a zip or single files, the edition (guessed if not given), the names of the evaluation clips (those of the
edition if not given). Output: a `Report` of findings. Nothing in a package, however made, raises anything; InputError
is for files that are not there and editions that are not known.
"""

from collections.abc import Sequence
from pathlib import Path

from submission.validate.findings import Finding, Report, render
from submission.validate.single import KINDS, validate_files
from submission.validate.tables import read_clips
from submission.validate.zipped import validate_package
from task1.config import Edition

__all__ = ["Finding", "Report", "read_clips", "render", "validate", "validate_files", "validate_package"]


def validate(paths: Sequence[Path], rules: Edition | None = None, clips: Sequence[str] | None = None) -> Report:
    """One package; or one system's output table, meta file and report, any of them in any order."""
    if len(paths) == 1 and paths[0].suffix.lower() not in KINDS:
        return validate_package(paths[0], rules, clips)
    return validate_files(paths, rules, clips)
