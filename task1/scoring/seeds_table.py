"""Mean and spread over several seeds as tables for people: one table a figure, one line a system or model.

In: the document that task1/scoring/seeds.py makes. Out: plain text, Markdown, LaTeX (package booktabs), CSV (a line a
system or model and figure, accuracies as fractions), JSON (the document). A model that is a system by itself stands in
the first three as that system; CSV and JSON have both.
"""

import csv
import io
import json
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from task1.columns import aligned
from task1.scoring.table import heading
from task1.textual import latex_row, latex_text, markdown_row, markdown_rule, markdown_text, tabular

TITLES = {
    "accuracy": "Accuracy in percent (mean over scenes)", "log_loss": "Log loss in nats (mean over clips)",
    "accuracy_seen": "Accuracy in percent on devices with training clips",
    "accuracy_unseen": "Accuracy in percent on devices without training clips"}
HEADINGS = ("", "n", "mean", "sd", "min", "max", "95 % interval")
RIGHT = (False, *[True] * (len(HEADINGS) - 1))
COLUMNS = ("kind", "name", "figure", "n", "mean", "standard_deviation", "minimum", "maximum", "low", "high", "corpus")
WIDTH = 120
Table = tuple[str, list[tuple[str, ...]]]


def render(document: Mapping[str, Any], form: str) -> str:
    """The document in one of FORMS."""
    return FORMS[form](document)


def shown(figure: str, value: float) -> str:
    """An accuracy in percent, a log loss in nats, as tables print them."""
    return f"{value:.3f}" if figure == "log_loss" else f"{100 * value:.1f}"


def subjects(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Systems, then the models that are no system by themselves."""
    alone = {subject["models"][0] for subject in document["subjects"]
             if subject["kind"] == "system" and len(subject["models"]) == 1}
    return [subject for subject in document["subjects"] if subject["kind"] == "system" or subject["name"] not in alone]


def label(subject: Mapping[str, Any]) -> str:
    if subject["kind"] == "model":
        return str(subject["name"])
    return f"system {subject['name']} ({' + '.join(subject['models'])})"


def notes(document: Mapping[str, Any]) -> list[str]:
    """What has to be known to read the tables, a sentence each."""
    said = [f"Of {document['seeds']} trainings that differ in their seed alone: mean, standard deviation (n - 1 in the "
            f"denominator), and the {100 * document['level']:g} % interval of the mean by Student's t, which knows "
            "nothing of the choice of clips."]
    heard = [label(subject) for subject in subjects(document) if subject["heard_test"]]
    return said + (["Learned from the test fold, by itself or through a teacher, so these are not scores of unheard "
                    f"clips: {', '.join(heard)}."] if heard else [])


def _first(document: Mapping[str, Any]) -> list[str]:
    return [heading(document["corpus"], document["embedded"]),
            f"{document['clips']:,} clips of the development test fold; every network trained from "
            f"{document['seeds']} seeds"]


def _tables(document: Mapping[str, Any]) -> list[Table]:
    tables = []
    for figure, title in TITLES.items():
        rows = [(label(subject), *_cells(figure, subject["spread"][figure])) for subject in subjects(document)
                if subject["spread"][figure]]
        if rows:
            tables.append((title, rows))
    return tables


def _cells(figure: str, told: Mapping[str, Any]) -> list[str]:
    mean, deviation, least, most, low, high = (shown(figure, told[key]) for key in COLUMNS[4:-1])
    return [str(told["n"]), mean, deviation, least, most, f"[{low}, {high}]"]


def _text(document: Mapping[str, Any]) -> str:
    tables = [f"{title}\n{aligned([HEADINGS, *rows])}" for title, rows in _tables(document)]
    told = [textwrap.fill(note, WIDTH, break_long_words=False) for note in notes(document)]
    return "\n".join(["\n".join(_first(document)) + "\n", *tables, "\n".join(told) + "\n"])


def _markdown(document: Mapping[str, Any]) -> str:
    header = [markdown_row(HEADINGS), markdown_rule(RIGHT)]
    tables = ["\n".join([f"**{title}**", "", *header, *(markdown_row(map(markdown_text, row)) for row in rows)])
              for title, rows in _tables(document)]
    return "\n\n".join(["  \n".join(map(markdown_text, _first(document))), *tables,
                        "\n".join(f"- {markdown_text(note)}" for note in notes(document))]) + "\n"


def _latex(document: Mapping[str, Any]) -> str:
    header = latex_row(map(latex_text, HEADINGS)).lstrip()
    tables = [f"% {title}\n" + tabular(RIGHT, header, [latex_row(map(latex_text, row)) for row in rows])
              for title, rows in _tables(document)]
    return "\n\n".join(["\n".join(f"% {line}" for line in _first(document)), *tables,
                        "\n".join(f"% {note}" for note in notes(document))]) + "\n"


def _csv(document: Mapping[str, Any]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for subject in document["subjects"]:
        for figure, told in subject["spread"].items():
            if told:
                writer.writerow([subject["kind"], subject["name"], figure, *(told[key] for key in COLUMNS[3:-1]),
                                 document["corpus"]])
    return stream.getvalue()


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


FORMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "text": _text, "md": _markdown, "latex": _latex, "csv": _csv, "json": _json}
