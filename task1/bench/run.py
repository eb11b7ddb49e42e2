"""Measure sections, write what was found, and say it.

Outputs in the folder: bench.json (machine, all rows, their verdicts), bench.md (the same as a table), and growth.svg
and growth.png where growth was measured. They are written anew after each section, so an interrupted bench leaves the
sections that it had finished.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from task1.bench.figure import draw_growth
from task1.bench.machine import describe
from task1.bench.rows import Row, Size, as_json, markdown_table, text_table
from task1.files import write_json, write_text
from task1.textual import markdown_text


def bench(sections: Sequence[str], size: Size, out: Path, form: str) -> str:
    """Measure `sections` in their order; return what is to be printed, as `form` (text, md or json)."""
    document: dict[str, Any] = {"format": 1, "size": size.value, "machine": describe(),
                                "when": datetime.now(UTC).isoformat(timespec="seconds")}
    rows: list[Row] = []
    for section in sections:
        for row in _measure(section, size):
            print(text_table([row]).splitlines()[1], file=sys.stderr, flush=True)
            rows.append(row)
        document["rows"] = as_json(rows)
        write_json(out / "bench.json", document)
        write_text(out / "bench.md", _markdown(document["machine"], size, rows))
        draw_growth(rows, out)
    if form == "json":
        return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return _markdown(document["machine"], size, rows) if form == "md" else _text(document["machine"], size, rows)


def _measure(section: str, size: Size) -> Iterator[Row]:
    """So little is too little to judge by, so quick rows have no targets."""
    for row in import_module(f"task1.bench.{section}").measure(size):
        yield row if size is Size.FULL else replace(row, target=None)


def _text(machine: dict[str, str], size: Size, rows: Sequence[Row]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in _told(machine, size)) + "\n" + text_table(rows)


def _markdown(machine: dict[str, str], size: Size, rows: Sequence[Row]) -> str:
    lines = [f"- {key}: {markdown_text(value)}" for key, value in _told(machine, size)]
    return "\n".join(lines) + "\n\n" + markdown_table(rows)


def _told(machine: dict[str, str], size: Size) -> list[tuple[str, str]]:
    quick = [("size", "quick: too little is measured to judge by")] if size is Size.QUICK else []
    return [*machine.items(), *quick]
