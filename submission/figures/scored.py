"""Figures of scores: confusion matrices, and accuracy against MACs with the memory as area (ye2024, Fig. 1)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from submission.figures.canvas import figure_item, left_out, make_item, paths
from submission.items import Item
from submission.results import Results, Scored
from submission.tables.networks import costs
from task1.plotting import COLOURS, PAPER_SCALE
from task1.scoring.pareto import pareto_front
from task1.scoring.pareto_plot import Style, Styles, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROLES: Styles = {
    "system": Style("s", COLOURS[1], "networks of the systems"),
    "fusion": Style("D", COLOURS[0], "fusions of several networks"),
    "teacher": Style("^", COLOURS[2], "teachers"),
    "baseline": Style("o", "#999999", "baselines"),
    "ablation": Style("v", COLOURS[3], "ablations"),
}
LIGHT = 0.55
"""Share of a scene's clips up to which a cell of the matrix is light, and its figure black."""


def confusions(results: Results) -> Iterator[Item]:
    """One matrix a system."""
    if not results.systems:
        yield left_out("confusion", "Confusion matrices", "no system is scored: scores/system*.development.json")
    for index, one in results.systems.items():
        yield _confusion(results, index, one)


def accuracy_macs(results: Results) -> Item:
    """Networks and fusions: accuracy against MACs, area in proportion to memory."""
    name, title = "accuracy_macs", "Accuracy against multiply-accumulates"
    rows: list[dict[str, Any]] = []
    for one in results.networks_and_fusions:
        accuracy = one.overall["accuracy"]
        if accuracy is None:
            continue
        model = results.run.models.get(one.subject)
        cost = costs(results, one.subject)
        rows.append({"system": one.subject, "accuracy": 100 * accuracy, "macs": cost["macs"], "memory": cost["bytes"],
                     "from": model.role if model else "fusion"})
    if not rows:
        return left_out(name, title, "no network is scored: scores/model.*.development.json")
    front = pareto_front([[row["accuracy"], row["macs"], row["memory"]] for row in rows], ("max", "min", "min"))
    for row, on_front in zip(rows, front.tolist(), strict=True):
        row["front"] = on_front
    for path in paths(name).values():
        draw(results.layout.report / path, rows, results.corpus, ROLES)
    return figure_item(
        results, name, title, "Accuracy (mean over scenes, development test fold) against the MACs of one clip; areas "
        "are in proportion to the bytes of the parameters as they ship. A thick edge: no other network is at least as "
        "good in all three and better in one.", results.made_from(*(one.path for one in results.networks_and_fusions)))


def _confusion(results: Results, index: int, one: Scored) -> Item:
    table = one.overall["confusion"]
    counts = np.array(table["true_by_decided"])
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    scenes = [scene.replace("_", " ") for scene in table["scenes"]]

    def fill(figure: "Figure") -> None:
        axes = figure.add_subplot()
        image = axes.imshow(shares, vmin=0, vmax=1, cmap=PAPER_SCALE, interpolation="none")
        for row, column in np.ndindex(*shares.shape):
            if counts[row, column]:
                share = shares[row, column]
                axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7,
                          color="white" if share > LIGHT else "black")
        axes.set_xticks(range(len(scenes)), scenes, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(scenes)), [f"{scene} ({total:,})" for scene, total in zip(scenes, totals[:, 0],
                                                                                          strict=True)])
        axes.set_xlabel("decided")
        axes.set_ylabel("true (clips)")
        axes.set_title(f"{one.heading}: {' + '.join(results.run.systems[index].models)}")
        figure.colorbar(image, ax=axes, label="share of the true scene's clips", fraction=0.046, pad=0.03)

    return make_item(results, f"confusion_system{index}", f"Confusion matrix of system {index}",
                     "Rows are true scenes, columns decided ones; in the cells percent of the row's clips, none where "
                     "no clip is. Development test fold.", results.made_from(one.path), (5.6, 4.9), fill)
