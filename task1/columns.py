"""Text tables for a terminal."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width: numbers to the right, texts to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    to_right = [all(not cell or cell[0].isdigit() for cell in column[1:]) for column in zip(*rows, strict=True)]
    return "".join("  ".join(cell.rjust(width) if right else cell.ljust(width)
                             for cell, width, right in zip(row, widths, to_right, strict=True)).rstrip() + "\n"
                   for row in rows)
