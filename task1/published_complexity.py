"""Every complexity figure that the four papers print, beside what we count, and why they differ where they do.

Inputs: meta/published/<entry>.csv (the printed figures and the convention they were made under) and
meta/published/networks.yaml (which network a row means). A figure agrees when ours, in the printed unit, rounds
("match") or cuts ("truncated") to the printed digits.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import floor

from task1.columns import aligned
from task1.complexity import Complexity
from task1.complexity_tables import count_model
from task1.config import META, Run, read_yaml, resolve
from task1.config.published import Figure, published
from task1.textual import markdown_row, markdown_rule, markdown_text

FOLDER = META / "published"
UNITS = ("parameters", "macs", "KB", "kB")
HEADINGS = ("paper", "where", "row", "figure", "printed", "ours", "verdict", "why")


def published_entries() -> list[str]:
    """The entries with printed figures."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def published_table(entries: Sequence[str], form: str = "text") -> str:
    """All figures of these entries, one row each, aligned or as Markdown (`md`)."""
    rows = [HEADINGS, *(row for entry in entries for row in _entry_rows(entry))]
    if form == "text":
        return aligned(rows)
    lines = [markdown_row(map(markdown_text, row)) for row in rows]
    return "\n".join([lines[0], markdown_rule(False for _ in HEADINGS), *lines[1:]]) + "\n"


def verdict(figure: Figure, ours: float) -> str:
    """`ours` is in the unit of `value`: parameters, MACs or kilobytes."""
    digits = _digits(figure)
    in_print = ours * float(digits) / figure.value
    places = len(digits.partition(".")[2])
    if f"{in_print:.{places}f}" == digits:
        return "match"
    if f"{floor(in_print * 10**places) / 10**places:.{places}f}" == digits:
        return "truncated"
    return f"differs {100 * (ours / figure.value - 1):+.2f} %"


def our_count(figure: Figure, counted: Complexity, bytes_per_weight: int) -> float | None:
    """Our figure under the convention of the printed one; None for a convention that is no count."""
    unit, convention = figure.unit, figure.convention
    if unit == "macs":
        return {"torchinfo_truncated": counted.macs["torchinfo"], "thop": counted.macs["thop"]}.get(convention)
    numbers = {"torchinfo_truncated": counted.parameters, "float16_kib": counted.parameters,
               "keras_total": counted.keras_total, "state_dict": counted.state_entries, "trainable": counted.trainable}
    if convention not in numbers or unit == "parameters":
        return numbers.get(convention)
    return numbers[convention] * bytes_per_weight / (1024 if convention == "float16_kib" else 1000)


def _entry_rows(entry: str) -> Iterator[tuple[str, ...]]:
    run = resolve(entry, "full")
    networks: Mapping[str, str] = read_yaml(FOLDER / "networks.yaml")[0].get(entry, {})
    counted: dict[str, Complexity] = {}
    for figure in published(entry):
        if figure.unit not in UNITS:
            continue
        name = networks.get(figure.row) or networks.get(figure.column)
        told = (entry, figure.table, figure.row, figure.column, figure.as_printed)
        ours = _ours(figure, run, name, counted) if name else None
        if name is None or ours is None:
            yield (*told, "-", "no count", figure.note or "a limit or bound, not a network's count")
            continue
        said = verdict(figure, ours)
        why = [figure.note] if figure.note else []
        if said.startswith("differs"):
            others = {other for other in networks.values() if other != name}
            agree = sorted(other for other in others
                           if not verdict(figure, _ours(figure, run, other, counted) or 0).startswith("differs"))
            why += [f"agrees with our {', '.join(agree)}"] if agree else []
            why = why or ["no reason known"]
        yield (*told, f"{ours:,.2f}" if figure.unit in ("KB", "kB") else f"{ours:,.0f}", said, "; ".join(why))


def _ours(figure: Figure, run: Run, name: str, counted: dict[str, Complexity]) -> float | None:
    if name not in counted:
        counted[name] = count_model(run, name)
    return our_count(figure, counted[name], run.models[name].compression.bytes_per_weight)


def _digits(figure: Figure) -> str:
    found = re.search(r"\d+(?:\.\d+)?", figure.as_printed.replace(",", ""))
    return found.group() if found else str(figure.value)
