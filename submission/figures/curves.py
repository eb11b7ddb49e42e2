"""Learning curves of all networks of a run, from their histories (models/<model>/history.csv)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from submission.figures.canvas import WHOLE, left_out, make_item
from submission.items import Item
from submission.results import Results
from task1.errors import InputError
from task1.plotting import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS_A_ROW = 3
MARKED = 25
"""Epochs up to which every one has a marker; of more, so many have."""


class Shown(NamedTuple):
    """One figure: title, axis, and which columns of a history, times what, are of training and of validation."""

    title: str
    axis: str
    training: str
    validation: str
    scale: float


SHOWN = {"learning_curves_accuracy": Shown("Learning curves: accuracy", "accuracy (%)", "accuracy",
                                           "validation_accuracy", 100.0),
         "learning_curves_loss": Shown("Learning curves: loss", "loss (nats)", "loss", "validation_loss", 1.0)}


def learning_curves(results: Results) -> list[Item]:
    """Accuracy and loss by epoch, one panel a network, those trained on and those held back."""
    paths = {name: results.layout.model(name) / "history.csv" for name in results.run.models}
    histories = {name: _read(results, name) for name, path in paths.items() if path.exists()}
    if not histories:
        return [left_out(name, shown.title, "no network is trained: models/*/history.csv")
                for name, shown in SHOWN.items()]
    made_from = results.made_from(*(paths[name] for name in histories))
    rows = -(-len(histories) // PANELS_A_ROW)
    size = (WHOLE if len(histories) > 1 else WHOLE / 2, 2.0 * rows + 0.8)
    caption = ("Clips trained on are augmented (and mixed, where the recipe does so), so their {} is not that of whole "
               "clips; validation: clips of locations held back from the training clips, where the recipe holds any.")
    return [make_item(results, name, shown.title, caption.format(shown.axis.split()[0]), made_from, size,
                      lambda figure, shown=shown: _fill(figure, histories, shown))  # type: ignore[misc]
            for name, shown in SHOWN.items()]


def _fill(figure: "Figure", histories: Mapping[str, pd.DataFrame], shown: Shown) -> None:
    from matplotlib.ticker import MaxNLocator

    columns = min(PANELS_A_ROW, len(histories))
    rows = -(-len(histories) // columns)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for number, (axes, (name, history)) in enumerate(zip(panels.flat, histories.items(), strict=False)):
        step = max(len(history) // MARKED, 1)
        for column, label, marker, line, colour in ((shown.training, "training", "o", "-", COLOURS[0]),
                                                    (shown.validation, "validation", "s", "--", COLOURS[1])):
            values = history[column].dropna() * shown.scale
            axes.plot(history["epoch"].loc[values.index], values, marker=marker, linestyle=line, color=colour,
                      markersize=3.5, markevery=step, linewidth=1.2, label=label,
                      markerfacecolor=colour if label == "training" else "white")
        axes.set_title(name)
        axes.grid(visible=True, linewidth=0.4, color="#CCCCCC")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        axes.set_xlim(0.5, max(history["epoch"].max(), 1) + 0.5)
        if number % columns == 0:
            axes.set_ylabel(shown.axis)
        if number + columns >= len(histories):
            axes.set_xlabel("epoch")
    for axes in panels.flat[len(histories):]:
        axes.set_axis_off()
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)


def _read(results: Results, name: str) -> pd.DataFrame:
    path = results.layout.model(name) / "history.csv"
    columns: Sequence[str] = ("epoch", *(column for shown in SHOWN.values()
                                         for column in (shown.training, shown.validation)))
    try:
        return pd.read_csv(path, usecols=list(columns), dtype=float)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: found no history of epochs ({error}), expected the columns {', '.join(columns)}; "
                         f"train {name} again") from None
