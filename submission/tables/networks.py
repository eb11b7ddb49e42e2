"""Tables of networks: complexity and scores (wang2023, Table 3), comparison and ablation (ye2024), float against int8.

Parameters are all that are trained or stored as such, MACs by torchinfo's convention at one clip, memory the bytes of
the parameters in the type that ships; a fusion's are its members' sums. Where a paper counts otherwise a note says what
its convention gives for our network.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from submission.results import Results
from submission.tables.grid import Column, Row, Table, count, nats, percent
from submission.tables.scored import FOLD, members
from task1.complexity import memory_bytes
from task1.published_complexity import our_count

COUNTED = (("parameters", "Parameters"), ("macs", "MACs"), ("bytes", "Bytes"))
SCORES = (("accuracy", "Accuracy"), ("log_loss", "Log loss"))
PLAIN = ("torchinfo_truncated", "trainable", "unstated")
"""Conventions under which our plain counts are the paper's, but for rounding."""


def complexity(results: Results) -> Table | str:
    """Every network and fusion: what it costs, and what it scores."""
    subjects = [*results.run.models, *(f"system {index}" for index, system in sorted(results.run.systems.items())
                                       if system.combine != "single")]
    return _table(results, Table(
        "networks", "Networks: complexity and scores", f"Accuracy in percent and log loss in nats {FOLD}; bytes: "
        "parameters in the type that they ship in; MACs of one clip, as torchinfo counts them.",
        ("network", "Network"), [], []), subjects, roles=True)


def comparison(results: Results) -> Table | str:
    """Baselines above the networks of the systems: ye2024, Table 1."""
    return _table(results, Table(
        "comparison", "Comparison with other networks", f"Accuracy in percent and log loss in nats {FOLD}; MACs of one "
        "clip, as torchinfo counts them.", ("network", "Network"), [], []), _of_role(results, "baseline", "system"))


def ablation(results: Results) -> Table | str:
    """The first system's network, and what is left of it without a part: ye2024, Table 2."""
    base = results.run.systems[min(results.run.systems)].models[0]
    return _table(results, Table(
        "ablation", "Ablation", f"{base} and what becomes of it without a part; accuracy in percent and log loss in "
        f"nats {FOLD}; MACs of one clip, as torchinfo counts them. Lost: points of accuracy against {base}.",
        ("network", "Network"), [], []), [base, *_of_role(results, "ablation")], base=base)


def quantization(results: Results) -> Table | str:
    """Before quantisation, and executed in int8: wang2023, Table 3."""
    path = results.layout.quantization
    if not path.exists():
        return f"no {path.relative_to(results.layout.run)}: `task1 quantization --run {results.run.name}` " \
               "writes it"
    compared = json.loads(path.read_text(encoding="utf-8"))
    columns = [Column("before", "Before", percent), Column("before_paper", "paper"),
               Column("simulated", "Simulated", percent),
               Column("executed", "int8", percent), Column("executed_paper", "paper"),
               Column("lost", "Lost", percent), Column("before_log_loss", "Log loss before", nats),
               Column("executed_log_loss", "Log loss int8", nats), Column("agreement", "Agree", percent),
               Column("bytes", "File bytes", count)]
    rows = [Row(row["model"], _quantized(results, row)) for row in compared["models"]]
    drop = {key for key in ("before_paper", "executed_paper") if not any(row.cells[key] for row in rows)}
    notes = [f"{row['model']}: before is {row['before_is']}"
             + (f" (epoch {row['before_epoch']})" if row["before_epoch"] else "") for row in compared["models"]]
    notes += [f"{row['model']}: not executed on integers: {row['float_operations']}" for row in compared["models"]
              if row["float_operations"]]
    return Table("quantization", "Floating point against int8", f"Accuracy in percent {FOLD} before quantisation, "
                 "simulated in floating point, and executed on integers by ONNX Runtime; lost: points from before to "
                 "int8; agree: percent of clips on which simulation and execution decide alike.",
                 ("network", "Network"), [column for column in columns if column.key not in drop], rows,
                 notes=notes, made_from=results.made_from(path))


def costs(results: Results, subject: str) -> dict[str, int]:
    """Parameters, MACs and bytes of a network, or of all networks of a fusion."""
    total = {"parameters": 0, "macs": 0, "bytes": 0}
    for name in members(results, subject):
        counted = results.complexity[name]
        total["parameters"] += counted.parameters
        total["macs"] += counted.macs["torchinfo"]
        total["bytes"] += memory_bytes(counted.parameters, results.run.models[name].compression.bytes_per_weight)
    return total


def _quantized(results: Results, row: dict[str, Any]) -> dict[str, Any]:
    name, before, executed = row["model"], row["before"], row["executed"]
    return {"before": 100 * before["accuracy"], "before_paper": results.printed(name, "accuracy_before"),
            "simulated": 100 * row["simulated"]["accuracy"], "executed": 100 * executed["accuracy"],
            "executed_paper": results.printed(name, "accuracy") if results.printed(name, "accuracy_before") else None,
            "lost": 100 * (before["accuracy"] - executed["accuracy"]), "before_log_loss": before["log_loss"],
            "executed_log_loss": executed["log_loss"], "agreement": 100 * row["agreement"], "bytes": row["file_bytes"]}


def _of_role(results: Results, *roles: str) -> list[str]:
    """Networks of these roles, in the order of the roles and of the entry."""
    return [name for role in roles for name, recipe in results.run.models.items() if recipe.role == role]


def _table(results: Results, empty: Table, subjects: Sequence[str], roles: bool = False,
           base: str | None = None) -> Table:
    """`empty` filled: a row for every subject, a column for every quantity, one more where the paper prints it."""
    scored = {one.subject: one for one in results.networks_and_fusions}
    columns = [Column("role", "Role", right=False)] if roles else []
    cells: dict[str, dict[str, Any]] = {name: {"role": _role(results, name)} for name in subjects}
    for key, heading in (*COUNTED, *SCORES):
        printed = {name: results.printed(name, key) for name in subjects}
        show = {"accuracy": percent, "log_loss": nats}.get(key, count)
        columns.append(Column(key, heading, show, "max" if key == "accuracy" else "min"))
        if any(printed.values()):
            columns.append(Column(f"{key}_paper", "paper"))
        for name in subjects:
            cells[name] |= {f"{key}_paper": printed[name], key: costs(results, name)[key]
                            if (key, heading) in COUNTED else _scored(scored, name, key)}
    if base is not None:
        columns.append(Column("lost", "Lost", percent))
        for name in subjects:
            whole, part = (cells[one]["accuracy"] for one in (base, name))
            cells[name]["lost"] = None if name == base or None in (whole, part) else whole - part
    paths = [scored[name].path for name in subjects if name in scored]
    return Table(empty.name, empty.title, empty.caption, empty.stub, columns,
                 [Row(name, cells[name]) for name in subjects], "column", [*_conventions(results, subjects)],
                 results.made_from(results.layout.config, *paths))


def _role(results: Results, subject: str) -> str:
    return results.run.models[subject].role if subject in results.run.models else \
        f"{results.run.systems[int(subject.removeprefix('system '))].combine} of {len(members(results, subject))}"


def _scored(scored: dict[str, Any], subject: str, metric: str) -> float | None:
    value = scored[subject].overall[metric] if subject in scored else None
    return value if value is None or metric == "log_loss" else 100 * value


def _conventions(results: Results, subjects: Sequence[str]) -> Iterator[str]:
    """Where the paper counts by another convention: what it gives for our network."""
    told: dict[tuple[str, str], list[str]] = {}
    notes: dict[tuple[str, str], list[str]] = {}
    for name in subjects:
        for quantity, heading in COUNTED:
            figure = results.printed(name, quantity)
            if figure is None or name not in results.run.models:
                continue
            if figure.note:
                notes.setdefault((heading, figure.note), []).append(name)
            if figure.convention not in PLAIN:
                ours = our_count(figure, results.complexity[name],
                                 results.run.models[name].compression.bytes_per_weight)
                shown = "-" if ours is None else f"{ours:,.0f}" + (f" {figure.unit}" if quantity == "bytes" else "")
                told.setdefault((heading, figure.convention), []).append(f"{name} {shown}")
    for (heading, convention), counts in told.items():
        yield f"{heading} as the paper counts ({convention.replace('_', ' ')}): {', '.join(counts)}"
    for (heading, note), names in notes.items():
        yield f"paper, {heading} of {', '.join(names)}: {note}"
