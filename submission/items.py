"""Tables and figures of a run, and the list that names them: what the PDF and the HTML report read.

    RUN/report/tables/NAME.{tex,md,csv,json}   a table; JSON holds its cells as they are shown, for other renderers
    RUN/report/figures/NAME.{svg,pdf,png}      a figure; its bytes depend on what it shows alone
    RUN/report/items.json                      every item with title, caption, files and what it was made from

Conventions: file names in `files` are relative to RUN/report, those in `made_from` to RUN. An item that cannot be made
has no files and says why in `missing`.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from task1.config import Run
from task1.errors import InputError
from task1.files import write_json
from task1.layout import Layout

INDEX, TABLES, FIGURES = "items.json", "tables", "figures"


@dataclass(frozen=True)
class Item:
    """One table or figure. `files`: form (svg, pdf, png; tex, md, csv, json) -> path."""

    name: str
    kind: Literal["table", "figure"]
    title: str
    caption: str
    files: Mapping[str, str] = field(default_factory=dict)
    made_from: tuple[str, ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Items:
    """What items.json holds; `left_out` are the items that could not be made."""

    corpus: str
    embedded: bool
    items: tuple[Item, ...]
    left_out: tuple[Item, ...]

    def named(self, name: str) -> Item | None:
        """The item of that name, if it was made."""
        return next((item for item in self.items if item.name == name), None)


def relative(layout: Layout, paths: Iterable[Path]) -> tuple[str, ...]:
    """Paths as `made_from` names them: from the run folder, so that no machine's folders get into a file."""
    return tuple(Path(os.path.relpath(path, layout.run)).as_posix() for path in paths)


def write_items(layout: Layout, run: Run, items: Iterable[Item]) -> Path:
    """Write items.json; return its path."""
    listed = list(items)
    content: dict[str, Any] = {"format": 1, "corpus": run.development, "embedded": run.embedded,
                               "items": [asdict(item) for item in listed if not item.missing],
                               "left_out": [asdict(item) for item in listed if item.missing]}
    path = layout.report / INDEX
    write_json(path, content)
    return path


def read_items(run_folder: Path) -> Items:
    """The list that `submission figures` wrote."""
    path = Layout(run_folder).report / INDEX
    again = f"run `submission figures --run {run_folder}`"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made, left_out = (tuple(Item(**{**item, "made_from": tuple(item["made_from"])}) for item in content[key])
                          for key in ("items", "left_out"))
        return Items(content["corpus"], content["embedded"], made, left_out)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; {again}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a list of tables and figures ({error!r}); {again}") from None


def make_all(run_folder: Path) -> str:
    """Write all tables, all figures and the list of both; return what there is to tell."""
    from submission import figures, tables
    from submission.results import Results

    results = Results.of(run_folder)  # one for both, so that networks are counted once
    layout = results.layout
    for folder in (TABLES, FIGURES):  # there even if no item is
        (layout.report / folder).mkdir(parents=True, exist_ok=True)
    made = [*tables.make(run_folder, results), *figures.make(run_folder, results)]
    path = write_items(layout, results.run, made)
    told = [f"{item.kind} {item.name}: " + (f"left out: {item.missing}" if item.missing else
                                            ", ".join(item.files.values())) for item in made]
    return "\n".join([*told, str(path)])
