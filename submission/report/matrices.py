"""Figures that are grids of shares: confusion matrices, accuracy of each scene on each device."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from submission.report.colours import dark_text
from submission.report.svg import WIDTH, Drawing

LABELS = 106.0
HEADINGS = 104.0
CELL = 25.0
CHARACTER = 5.9  # width of a letter in these labels, about


@dataclass(frozen=True)
class Share:
    """One cell: its share of the whole (0 to 1; None: nothing is there), and what the mark tells."""

    value: float | None
    tells: str


def grid(title: str, rows: Sequence[str], columns: Sequence[str], shares: Sequence[Sequence[Share]],
         across: str, zeros: bool = False) -> Markup:
    """Darker (in dark mode brighter) is more; the numbers are percent, zeros written only if `zeros`. `across` says
    what the columns are."""
    width = min((WIDTH - LABELS) / len(columns), 30.0)
    heading = min(HEADINGS, 22 + CHARACTER * max(map(len, columns)))
    drawing = Drawing(heading + CELL * len(rows) + 2, title, len(columns))
    drawing.text(LABELS - 8, 12, across, "tick", "end")
    for index, name in enumerate(columns):
        drawing.text(LABELS + (index + 0.5) * width + 4, heading - 6, name, "", "start", turned=True)
    for number, (name, line) in enumerate(zip(rows, shares, strict=True)):
        y = heading + number * CELL
        drawing.text(LABELS - 8, y + CELL / 2 + 4, name, "", "end")
        for index, share in enumerate(line):
            _cell(drawing, LABELS + index * width, y, width, share, zeros)
    return drawing.svg()


def _cell(drawing: Drawing, x: float, y: float, width: float, share: Share, zeros: bool) -> None:
    drawing.open_mark(share.tells)
    drawing.rect(x + 0.5, y + 0.5, width - 1, CELL - 1, "void" if share.value is None else "cell-back")
    if share.value is not None:
        drawing.rect(x + 0.5, y + 0.5, width - 1, CELL - 1, "cell", share.value)
        text = f"{100 * share.value:.0f}"
        if zeros or text != "0":
            light, dark = (dark_text(share.value, theme) for theme in ("light", "dark"))
            drawing.text(x + width / 2, y + CELL / 2 + 4, text,
                         f"n {'lk' if light else 'lw'} {'dk' if dark else 'dw'}", "middle")
    drawing.close_mark()
