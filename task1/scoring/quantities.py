"""Figures of systems as people write them: 58.3 %, 0.583, 45.16 kB, 8.64M, 8.64e6.

Inputs: texts, each with where it stands. Outputs: numbers: accuracy in percent, log loss in nats, memory in bytes,
MACs as a number. Everything doubtful is an InputError that says where it stands.

Accuracy: a column is in percent or in fractions as a whole; all of it 1 or less means fractions, and a percent sign
settles it for a cell. Memory: bytes, or with the unit B, kB, MB (1000) or KiB, MiB (1024); KB is refused, since it
meant 1024 bytes in 2021 and 1000 in 2023. MACs: a number, or with k, M or G.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from task1.errors import InputError

Cell = tuple[str, str]
"""Where a text stands ("systems.csv, line 3"), and the text."""

FACTORS: Mapping[str, Mapping[str, int]] = {
    "accuracy": {"": 1, "%": 1},
    "log_loss": {"": 1},
    "memory": {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "KiB": 1024, "MiB": 1024**2},
    "macs": {unit + word: factor for unit, factor in (("", 1), ("k", 10**3), ("K", 10**3), ("M", 10**6),
                                                       ("G", 10**9))
             for word in ("", "MAC", "MACs")},
    "mmacs": {"": 10**6},
}
UNITS = {"accuracy": "a percent sign or nothing", "log_loss": "nothing", "memory": "B, kB, MB, KiB, MiB or "
               "nothing (bytes)", "macs": "k, M, G or nothing", "mmacs": "nothing, as the column is in millions"}
EXAMPLES = {"accuracy": "58.3 (percent) or 0.583", "log_loss": "1.256", "memory": "45160 or 45.16kB",
            "macs": "8640000, 8.64e6 or 8.64M", "mmacs": "8.64"}
LARGEST = Decimal("1e15")
_NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,3}))?\s*([^\s0-9.,+-][^0-9.,]*)?", re.ASCII)


def parse(quantity: str, cells: Sequence[Cell]) -> list[float]:
    """The numbers of one column. `quantity`: accuracy (also accuracy_<subset>), log_loss, memory, macs or mmacs."""
    kind = "accuracy" if quantity.startswith("accuracy") else quantity
    read = [_read(kind, where, quantity, text) for where, text in cells]
    if kind == "accuracy":
        return _in_percent(quantity, cells, read)
    for (where, text), (value, _) in zip(cells, read, strict=True):
        if float(value) == 0:
            raise InputError(f"{where}: {quantity}: found {text!r}, expected more than 0")
    return [float(value) for value, _ in read]


def _read(kind: str, where: str, name: str, text: str) -> tuple[Decimal, str]:
    """Number and unit of one cell."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise InputError(f"{where}: {name}: found {text!r}, expected a number of 0 or more such as {EXAMPLES[kind]}, "
                         "with a point for decimals and nothing between the thousands")
    digits, exponent, unit = found[1], found[2] or "0", (found[3] or "").strip()
    if unit not in FACTORS[kind]:
        more = "; KB meant 1024 bytes in 2021 and 1000 in 2023, so write kB or KiB" if unit in ("KB", "K", "k") else ""
        raise InputError(f"{where}: {name}: found {text!r}, expected as its unit {UNITS[kind]}{more}")
    value = Decimal(f"{digits}e{exponent}") * FACTORS[kind][unit]
    if value > LARGEST:
        raise InputError(f"{where}: {name}: found {text!r}, which is too large to be meant")
    return value, unit


def _in_percent(quantity: str, cells: Sequence[Cell], read: Sequence[tuple[Decimal, str]]) -> list[float]:
    bare = [value for value, unit in read if not unit]
    fractions = bool(bare) and max(bare) <= 1
    values = []
    for (where, text), (value, unit) in zip(cells, read, strict=True):
        if not unit and not fractions and 0 < value <= 1:
            raise InputError(f"{where}: {quantity}: found {text!r} among values over 1; write all in percent or all as "
                             "fractions (and with a percent sign what is 1 % or less)")
        percent = 100 * value if fractions and not unit else value
        if percent > 100:
            raise InputError(f"{where}: {quantity}: found {text!r}, expected at most 100 %")
        values.append(float(percent))
    return values
