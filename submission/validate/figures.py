"""Numbers of a meta YAML against each other, against the edition's limits, and against what they can be at all.

Input: the tree. Output: findings. Accuracies are percent, log losses nats. Where numbers have to agree, they may differ
by what their printed digits leave open.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from submission.validate.findings import Finding, shown
from submission.validate.meta import lookup, number
from task1.config import Edition
from task1.limits import judge

COMPLEXITY = "system.complexity"
MANAGEMENT = "system.description.complexity_management"
ENERGY = "system.energy_consumption"
RESULTS = "results.development_dataset"
TYPE_NAMES = {1: re.compile(r"\bint8\b|\b8[- ]?bit", re.I),
              2: re.compile(r"\b(float|fp)16\b|\b16[- ]?bit", re.I),
              4: re.compile(r"\b(float|fp)32\b|\b32[- ]?bit", re.I)}
"""How descriptions call those types."""
KIBIBYTE = 1024
"""Bytes of a KB in model_size, in the editions that ask for it."""
WIDTHS = {1: "int8", 2: "16 bits", 4: "float32"}
"""Bytes of a parameter in one type."""
LEAST_WIDTH, MOST_WIDTH = 1 / 8, 8
"""Bytes of a parameter: no type has less than a bit or more than 64."""
MICRO_DIFFERENCE = 0.1
"""Points by which the mean over clips and that over classes may differ where classes have 296 or 297 clips each."""
SPREAD = 1.0
"""Points by which overall accuracy may leave the range of the devices', since scenes are not quite even in them."""


def check_complexity(tree: Any, file: str, rules: Edition) -> Iterator[Finding]:
    """Parameters, sizes and MACs."""
    known = {name: number(lookup(tree, f"{COMPLEXITY}.{name}")) for name in (
        "total_parameters", "total_parameters_non_zero", "total_model_size", "model_size", "memory_use", "macs")}
    for name, value in known.items():
        if value is not None and value <= 0:
            yield Finding("error", file, f"{COMPLEXITY}.{name}", shown(value), "a number above zero")
    parameters, non_zero = known["total_parameters"], known["total_parameters_non_zero"]
    if parameters is not None and non_zero is not None and non_zero > parameters:
        yield Finding("error", file, f"{COMPLEXITY}.total_parameters_non_zero", f"{non_zero:,.0f}",
                      f"no more than the {parameters:,.0f} of total_parameters")
    said = _named_width(lookup(tree, MANAGEMENT))
    yield from _check_width(file, "total_model_size", known["total_model_size"], 1, 0, "total_parameters", parameters,
                            said)
    # model_size is printed in KB, so that its last digit may hide some bytes
    leeway = _half_digit(known["model_size"]) * KIBIBYTE
    yield from _check_width(file, "model_size", known["model_size"], KIBIBYTE, leeway, "total_parameters_non_zero",
                            non_zero, said)
    yield from _check_limits(known, file, rules)


def check_energy(tree: Any, file: str) -> Iterator[Finding]:
    """Kilowatt hours are not negative; null is not measured. (Keys and types are the template's matter.)"""
    for name in ("training", "inference", "baseline_inference"):
        value = number(lookup(tree, f"{ENERGY}.{name}"))
        if value is not None and value < 0:
            yield Finding("error", file, f"{ENERGY}.{name}", shown(value), "kWh of zero or more, or !!null")


def check_results(tree: Any, file: str, rules: Edition) -> Iterator[Finding]:
    """Accuracy and log loss: their ranges, and overall against classes and devices."""
    paths = [key.path.rpartition(".") for key in rules.meta_keys]
    groups = {group: [name for parent, _, name in paths if parent == f"{RESULTS}.{group}"]
              for group in ("class_wise", "device_wise")}
    overall = {kind: number(lookup(tree, f"{RESULTS}.overall.{kind}")) for kind in ("accuracy", "logloss")}
    inside = {(group, kind): [number(_of(tree, group, name, kind)) for name in names]
              for group, names in groups.items() for kind in ("accuracy", "logloss")}
    yield from _check_ranges(tree, file, groups)
    accuracies = [value for (_, kind), values in inside.items() if kind == "accuracy" for value in values]
    known = [value for value in [*accuracies, overall["accuracy"]] if value is not None]
    if known and 0 < max(known) <= 1:
        yield Finding("warning", file, f"{RESULTS}.overall.accuracy", f"no accuracy above {max(known):g}", "percent")
    yield from _check_class_mean(file, overall["accuracy"], inside["class_wise", "accuracy"])
    yield from _check_between(file, "accuracy", overall["accuracy"], "device_wise", inside["device_wise", "accuracy"],
                              SPREAD, "warning")
    for group in groups:
        yield from _check_between(file, "logloss", overall["logloss"], group, inside[group, "logloss"], 0.0, "error")


def _check_limits(known: dict[str, float | None], file: str, rules: Edition) -> Iterator[Finding]:
    rule = rules.size
    if rule.as_ == "count":
        name, unit = "total_parameters", 1
    elif rule.counted == "all":
        name, unit = "total_model_size", 1
    else:
        name, unit = "model_size", KIBIBYTE
    size, macs = known[name], known["macs"]
    keys = {"size": name, "macs": "macs"}
    for verdict in judge(round((size or 0) * unit), round(macs or 0), rules):
        if verdict.state in ("over", "warning"):
            yield Finding("error" if verdict.state == "over" else "warning", file,
                          f"{COMPLEXITY}.{keys[verdict.quantity]}", verdict.sentence, "a system within the limits")


def _check_width(file: str, name: str, size: float | None, unit: int, leeway: float, of: str,
                 parameters: float | None, said: int | None) -> Iterator[Finding]:
    """Bytes of a parameter: one of the usual types, or a mixture of them; that of the description if it names one."""
    if size is None or not parameters or parameters < 0 or size <= 0:
        return
    stored = size * unit
    usual = [said] if said else list(WIDTHS)
    if any(abs(stored - width * parameters) <= leeway for width in usual):
        return
    per = stored / parameters
    types = ", ".join(f"{round(parameters) * width:,} ({WIDTHS[width]})" for width in usual)
    yield Finding("warning" if LEAST_WIDTH <= per <= MOST_WIDTH else "error", file, f"{COMPLEXITY}.{name}",
                  f"{stored:,.0f} bytes for {parameters:,.0f} {of} ({per:.3g} bytes each)",
                  f"{types}, {'as complexity_management says' if said else 'or a mixture of types'}")


def _named_width(text: Any) -> int | None:
    """Bytes of the one type that the description speaks of; None if it speaks of none, or of several."""
    named = [width for width, words in TYPE_NAMES.items() if isinstance(text, str) and words.search(text)]
    return named[0] if len(named) == 1 else None


def _check_ranges(tree: Any, file: str, groups: dict[str, list[str]]) -> Iterator[Finding]:
    for group, names in {"overall": [""], **groups}.items():
        for name in names:
            path = ".".join(filter(None, (RESULTS, group, name)))
            accuracy, loss = (number(_of(tree, group, name, kind)) for kind in ("accuracy", "logloss"))
            if accuracy is not None and not 0 <= accuracy <= 100:
                yield Finding("error", file, f"{path}.accuracy", shown(accuracy), "percent, from 0 to 100")
            if loss is not None and loss < 0:
                yield Finding("error", file, f"{path}.logloss", shown(loss), "nats, zero or more")


def _check_class_mean(file: str, overall: float | None, classes: list[float | None]) -> Iterator[Finding]:
    known = [value for value in classes if value is not None]
    if overall is None or len(known) < len(classes):
        return
    mean = sum(known) / len(known)
    difference = abs(mean - overall)
    if difference > _half_digit(overall) + _half_digit(*known):
        yield Finding("warning" if difference <= MICRO_DIFFERENCE else "error", file, f"{RESULTS}.overall.accuracy",
                      f"{overall:g}", f"{mean:.6g}, the mean of the class-wise accuracies")


def _check_between(file: str, kind: str, overall: float | None, group: str, values: list[float | None],
                   leeway: float, severity: Any) -> Iterator[Finding]:
    """A mean over all clips lies between the means over parts of them."""
    known = [value for value in values if value is not None]
    if overall is None or len(known) < 2 or len(known) < len(values):
        return
    leeway += _half_digit(overall) + _half_digit(*known)
    if not min(known) - leeway <= overall <= max(known) + leeway:
        yield Finding(severity, file, f"{RESULTS}.overall.{kind}", f"{overall:g}",
                      f"a value within the {group} ones, {min(known):g} to {max(known):g}")


def _half_digit(*values: float | None) -> float:
    """Half of the last printed digit; numbers of a block are taken to be printed alike."""
    exponents = [Decimal(repr(value)).as_tuple().exponent for value in values if value is not None]
    return 0.5 * 10.0 ** min((one for one in exponents if isinstance(one, int) and one < 0), default=0)


def _of(tree: Any, group: str, name: str, kind: str) -> Any:
    return lookup(tree, ".".join(filter(None, (RESULTS, group, name, kind))))
