"""What chance does to the scores, where the run was trained from several seeds; else there is no such section."""

from collections.abc import Mapping
from typing import Any

from submission.report.blocks import Cell, Items, Section, Table
from submission.report.formats import NOTHING
from submission.report.material import Material
from task1.scoring.seeds import read_seeds
from task1.scoring.seeds_table import notes, shown, subjects

COLUMNS = {"accuracy": "Accuracy, %", "log_loss": "Log loss", "accuracy_seen": "Acc. seen devices",
           "accuracy_unseen": "Acc. unseen devices"}


def seeds(material: Material) -> Section | None:
    document = read_seeds(material.at, material.run)
    if document is None:
        return None
    rows = [[_name(subject), *(_mean(figure, subject["spread"][figure]) for figure in COLUMNS),
             *(_range(figure, subject["spread"][figure]) for figure in ("accuracy", "log_loss"))]
            for subject in subjects(document)]
    table = Table(f"Mean ± standard deviation over {document['seeds']} seeds, beneath it the interval of the mean",
                  ["System or network", *COLUMNS.values(), "Accuracy, least to greatest",
                   "Log loss, least to greatest"], rows)
    told = [f"Every network was trained from {document['seeds']} seeds. Tables, figures and package are of the first.",
            *notes(document)]
    return Section("Several seeds", [table, Items(told)], brief=True)


def _name(subject: Mapping[str, Any]) -> Cell:
    if subject["kind"] == "model":
        return Cell(subject["name"])
    return Cell(f"System {subject['name']}", small=" + ".join(subject["models"]))


def _mean(figure: str, told: Mapping[str, Any] | None) -> Cell:
    if told is None:
        return NOTHING
    mean, deviation, low, high = (shown(figure, told[key]) for key in ("mean", "standard_deviation", "low", "high"))
    return Cell(f"{mean} ± {deviation}", told["mean"], f"{low} to {high}")


def _range(figure: str, told: Mapping[str, Any] | None) -> Cell:
    if told is None:
        return NOTHING
    return Cell(f"{shown(figure, told['minimum'])} to {shown(figure, told['maximum'])}", told["mean"])
