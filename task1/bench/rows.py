"""Rows of the bench: what was measured, ours and perhaps a peer's, and what was wished for; as text, Markdown, JSON.

`target` is the wished ratio where there is a peer, and the wished value where there is none. Times are in seconds or
milliseconds, as `unit` says. `points` holds the measurements behind a fitted row: (rows, seconds).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Literal

from task1.textual import markdown_row, markdown_rule, markdown_text

HEADER = ("section", "what", "ours", "peer", "ratio", "target", "met", "note")
RIGHT = (False, False, True, True, True, True, False, False)


class Size(Enum):
    """How much is measured: so little that it takes seconds, or as much as the wishes are about."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True)
class Row:
    """One measurement."""

    section: str
    what: str
    ours: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    target: float | None = None
    better: Literal["less", "more"] = "less"
    note: str = ""
    points: tuple[tuple[float, float], ...] = ()

    @property
    def ratio(self) -> float | None:
        """How many times better ours is than the peer; None without one."""
        if self.peer is None:
            return None
        return self.peer / self.ours if self.better == "less" else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Whether the wish is fulfilled; None where nothing is wished for."""
        if self.target is None:
            return None
        if self.ratio is not None:
            return self.ratio >= self.target
        return self.ours <= self.target if self.better == "less" else self.ours >= self.target


def as_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The rows for bench.json, ratio and verdict with them."""
    return [{**asdict(row), "points": [list(point) for point in row.points], "ratio": row.ratio, "met": row.met}
            for row in rows]


def text_table(rows: Sequence[Row]) -> str:
    """The table for a terminal, columns aligned."""
    lines = [HEADER, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "".join("  ".join(cell.rjust(width) if right else cell.ljust(width)
                             for cell, width, right in zip(line, widths, RIGHT, strict=True)).rstrip() + "\n"
                   for line in lines)


def markdown_table(rows: Sequence[Row]) -> str:
    """The table for docs/performance.md."""
    body = (markdown_row(map(markdown_text, _cells(row))) for row in rows)
    return "\n".join([markdown_row(HEADER), markdown_rule(RIGHT), *body]) + "\n"


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - _magnitude(value))
    return f"{value:,.{digits}f}"


def _magnitude(value: float) -> int:
    """The exponent of ten of the value as it is printed."""
    return int(f"{abs(value):.2e}".rpartition("e")[2])


def _cells(row: Row) -> tuple[str, ...]:
    peer = f"{number(row.peer)} {row.unit} ({row.peer_name})" if row.peer is not None else ""
    ratio = f"{number(row.ratio)}x" if row.ratio is not None else ""
    met = {None: "", True: "yes", False: "no"}[row.met]
    return (row.section, row.what, f"{number(row.ours)} {row.unit}".rstrip(), peer, ratio, _target(row), met, row.note)


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    if row.peer is not None:
        return f"{number(row.target)}x"
    return f"{'<=' if row.better == 'less' else '>='} {number(row.target)} {row.unit}".rstrip()
