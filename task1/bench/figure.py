"""The figure of growth: seconds against rows, both axes logarithmic, so that linear growth has the slope of the grey
lines."""

from collections.abc import Sequence
from pathlib import Path

from task1.bench.rows import Row
from task1.plotting import COLOURS, LINES, MARKERS, drawing, save

SUFFIXES = (".svg", ".png")


def draw_growth(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draw the rows that hold points into `folder`/growth.{svg,png}; nothing where there are none."""
    drawn = sorted((row for row in rows if row.points), key=lambda row: -row.points[-1][1])
    if not drawn:
        return []
    with drawing(6.6, 3.6) as figure:
        axes = figure.add_subplot()
        for number, row in enumerate(drawn):
            sizes, seconds = zip(*row.points, strict=True)
            axes.plot(sizes, seconds, marker=MARKERS[number % len(MARKERS)], markersize=5, linewidth=1.2,
                      linestyle=LINES[number % len(LINES)], color=COLOURS[number % len(COLOURS)],
                      label=f"{row.what.partition(':')[0]}, {row.ours:.2f}")
        axes.set(xscale="log", yscale="log", xlabel="clips or rows", ylabel="processor seconds")
        low, high = axes.get_xlim()
        bottom, top = axes.get_ylim()
        for power in range(-14, 8):  # seconds a row
            axes.plot([low, high], [low * 10.0**power, high * 10.0**power], color="0.85", linewidth=0.8, zorder=0)
        axes.set(xlim=(low, high), ylim=(bottom, top))
        figure.legend(loc="outside right upper", title="exponent (1 is linear)", alignment="left",
                      frameon=False)
        paths = [folder / f"growth{suffix}" for suffix in SUFFIXES]
        for path in paths:
            save(figure, path)
    return paths
