"""Runs of the same entry with other settings, which lie beside a run: `work/runs/*`, whatever they are called.

A run and its variants have entry, profile and development set in common, and differ in what was given with `--set`.
"""

from collections.abc import Iterator
from pathlib import Path

from task1.config import Run, load_run
from task1.errors import InputError
from task1.layout import Layout


def variants(run_folder: Path) -> list[tuple[Layout, Run]]:
    """The run itself and its finished variants, by their settings."""
    own = load_run(run_folder)
    found = [(Layout(run_folder), own), *_others(run_folder, own)]
    return sorted(found, key=lambda pair: (pair[1].settings, pair[0].run != run_folder, pair[0].run.name))


def variant_scores(run_folder: Path) -> list[Path]:
    """The files behind a table of variants that no rule of this run makes."""
    own = load_run(run_folder)
    return [path for at, run in _others(run_folder, own)
            for path in (at.config, *(at.model_scores(name, "development") for name in run.models)) if path.exists()]


def _others(run_folder: Path, own: Run) -> Iterator[tuple[Layout, Run]]:
    for path in sorted(run_folder.resolve().parent.glob("*/config.yaml")):
        if path.parent == run_folder.resolve():
            continue
        try:
            run = load_run(path.parent)
        except InputError:  # of another version of the project, or no run at all
            continue
        if (run.entry, run.profile, run.development) == (own.entry, own.profile, own.development) \
                and run.settings != own.settings:
            yield Layout(run_folder.parent / path.parent.name), run
