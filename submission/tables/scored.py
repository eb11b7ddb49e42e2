"""Tables of scores: by scene and system (zhao2021, Table 1), by device and network (shao2022, wang2023), by variant.

Accuracy in percent (mean over scenes, overall and in every group) or log loss in nats, on the development test fold.
The paper's printed figures stand in a column of their own beside ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from submission.results import OVERALL, Results, Scored
from submission.tables.grid import Column, Row, Table, nats, percent
from submission.variants import variants
from task1.config import taxonomy

Metric = Literal["accuracy", "log_loss"]
Group = tuple[str, str]


class Words(NamedTuple):
    """How a metric is told and shown."""

    title: str
    unit: str
    overall: str


WORDS = {"accuracy": Words("Accuracy", "percent", "Average over scenes"),
         "log_loss": Words("Log loss", "nats", "Average over clips")}
FOLD = "on the development test fold"


def by_scene(results: Results, metric: Metric) -> Table | str:
    """Scenes in rows, systems in columns; or why there is none."""
    if not results.systems:
        return "no system is scored: scores/system*.development.json"
    scored = list(results.systems.values())
    rows = [(name, ("scene", name), False) for name in taxonomy().scenes]
    words = WORDS[metric]
    return _table(results, scored, metric, Table(
        f"scenes_{metric}", f"{words.title} by scene and system", f"In {words.unit}, {FOLD}.", ("scene", "Scene"), [],
        []), [*rows, (words.overall, OVERALL, True)])


def by_device(results: Results, metric: Metric) -> Table | str:
    """Devices and means of devices in rows, networks and fusions in columns; or why there is none."""
    scored = results.networks_and_fusions
    if not scored:
        return "no network or system is scored: scores/*.development.json"
    words = WORDS[metric]
    return _table(results, scored, metric, Table(
        f"devices_{metric}", f"{words.title} by device", f"In {words.unit}, {FOLD}; in means of devices each device "
        "counts alike.", ("device", "Device"), [], []), [*_devices(scored), (words.overall, OVERALL, True)])


def by_variant(results: Results, run_folder: Path) -> Table | str:
    """Networks under several recipes: shao2022, Table 1; or why there is none."""
    runs = [Results(layout, run) for layout, run in variants(run_folder)]
    if len(runs) < 2:
        return "no run of this entry with other settings lies beside this one (submission figures --help)"
    names = [name for name in results.run.models if all(name in one.models for one in runs)]
    if not names:
        return "no network is scored in all of the runs with other settings that lie beside this one"
    groups = [one for one in _devices([results.models[names[0]]]) if not _is_simulated(one[1])]
    columns = [Column("accuracy", "Average", percent, "max"),
               *(Column(f"{kind}_{name}".replace("-", "_"), label, percent, "max")
                 for label, (kind, name), _ in groups)]
    wanted = [OVERALL, *(group for _, group, _ in groups)]
    rows, sources = [], []
    for name in names:
        for number, one in enumerate(runs):
            scored = one.models[name]
            values = {column.key: _value(scored, group, "accuracy")
                      for column, group in zip(columns, wanted, strict=True)}
            rows.append(Row(f"{name}, {' '.join(one.run.settings) or 'as the entry has it'}", values, not number, name))
            sources += [*results.made_from(scored.path)]
            printed = {column.key: one.printed(name, "accuracy", group, exact=True)
                       for column, group in zip(columns, wanted, strict=True)}
            if any(printed.values()):
                rows.append(Row("paper", printed, block=name))
    rows[0] = replace(rows[0], rule=False)
    return Table("variants", "Accuracy by recipe and device", f"In percent, {FOLD}: the same networks trained with "
                 "other settings.", ("recipe", "Network and settings"), columns, rows, "column",
                 made_from=tuple(dict.fromkeys(sources)))


def _table(results: Results, scored: Sequence[Scored], metric: Metric, empty: Table,
           groups: Sequence[tuple[str, Group, bool]]) -> Table:
    """`empty` filled: a column for every one of `scored`, one more where the paper prints anything of it."""
    columns: list[Column] = []
    cells: dict[Group, dict[str, Any]] = {group: {} for _, group, _ in groups}
    interval: dict[str, Any] = {}
    show = percent if metric == "accuracy" else nats
    for one in scored:
        key = one.subject.replace(" ", "")
        columns.append(Column(key, one.heading, show, "max" if metric == "accuracy" else "min"))
        printed = {group: results.printed(one.subject, metric, group) for group in cells}
        if any(printed.values()):
            columns.append(Column(f"{key}_paper", "paper"))
        for group, values in cells.items():
            values |= {key: _value(one, group, metric), f"{key}_paper": printed[group]}
        interval[key] = _interval(one, metric)
    rows = [Row(label, cells[group], rule) for label, group, rule in groups]
    rows += [Row("95 % interval", interval)] if any(interval.values()) else []
    paths = [one.path for one in scored]
    notes = [*_notes(results, scored, metric, cells), *_heard(results, scored)]
    return replace(empty, columns=columns, rows=rows, notes=notes, made_from=results.made_from(*paths))


def _devices(scored: Sequence[Scored]) -> list[tuple[str, Group, bool]]:
    """Label, group and whether a line stands above: devices, then means of several."""
    known = {group: row for one in scored for group, row in one.groups.items()}
    devices = [(name.upper(), ("device", name), False) for kind, name in known if kind == "device"]
    means = [(_mean_of(row.node["devices"], len(devices)), group, False) for group, row in known.items()
             if group[0] == "device-average" and len(row.node["devices"]) > 1]
    return [*devices, *((label, group, number == 0) for number, (label, group, _) in enumerate(means))]


def _is_simulated(group: Group) -> bool:
    """Whether it is one simulated device, which the paper shows by their means alone."""
    return group[0] == "device" and group[1] in taxonomy().devices["simulated"]


def _mean_of(devices: Sequence[str], all_devices: int) -> str:
    if len(devices) == all_devices:
        return "Mean of devices"
    return f"Mean of {devices[0].upper()}-{devices[-1].upper()}"


def _value(scored: Scored, group: Group, metric: Metric) -> float | None:
    row = scored.groups.get(group)
    value = None if row is None else row.node[metric]
    return value if value is None or metric == "log_loss" else 100 * float(value)


def _interval(scored: Scored, metric: Metric) -> str | None:
    """Rounded, so that it is no wider than a column."""
    found = scored.overall.get(f"{metric}_interval")
    if not found:
        return None
    low, high = (f"{100 * value:.1f}" if metric == "accuracy" else f"{value:.2f}" for value in found)
    return f"{low}-{high}"


def _notes(results: Results, scored: Sequence[Scored], metric: Metric,
           groups: dict[Group, dict[str, Any]]) -> Iterator[str]:
    """Where the paper's figures stand, and what is to be known of them."""
    figures = [figure for one in scored for group in groups
               if (figure := results.printed(one.subject, metric, group))]
    if figures:
        tables = dict.fromkeys(f"Table {figure.table}" if figure.table.isdigit() else figure.table
                               for figure in figures)
        yield f"paper: {figures[0].paper}, {', '.join(tables)}"
    for note in dict.fromkeys(figure.note for figure in figures if figure.note):
        yield f"paper: {note}"


def _heard(results: Results, scored: Sequence[Scored]) -> Iterator[str]:
    """Figures that are no test: of networks that have learned from the test clips."""
    names = [one.subject for one in scored
             if any(results.run.has_heard_test(model) for model in members(results, one.subject))]
    if names:
        yield f"{', '.join(names)}: trained on the test clips, or taught by a network that was"


def members(results: Results, subject: str) -> tuple[str, ...]:
    """The networks behind a subject."""
    return results.run.systems[int(subject.removeprefix("system "))].models if subject not in results.run.models \
        else (subject,)
