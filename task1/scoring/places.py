"""Device, city and recording location of each clip: from a list's columns, else from names in TAU's grammar.

Names of one list nearly always have the same number of fields; those are taken apart by the C parser of pandas. Any
others are taken apart one by one (`by_name`), which is the definition.
"""

from collections.abc import Sequence
from io import StringIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from task1.config import taxonomy

UNKNOWN = ""
SUFFIX = ".wav"
SEPARATOR = "-"
LENGTHS = (5, 6)
"""Fields of `scene-city-location-segment[-subsegment]-device.wav`."""

Strings = npt.NDArray[np.object_]
Places = tuple[Strings, Strings, Strings]


def places(table: pd.DataFrame, names: Sequence[str]) -> Places:
    """Devices, cities, locations of a list's clips; `names` are their base names. A column goes before the names."""
    cities, numbers, devices = quickly(names) or by_name(names)
    for column in ("device", "source_label"):
        if column in table:
            devices = table[column].to_numpy(object)
    if "identifier" in table:
        parts = [identifier.rpartition(SEPARATOR)[::2] for identifier in table["identifier"]]
        cities, numbers = (np.array(values, dtype=object) for values in zip(*parts, strict=True))
    if "city" in table:
        cities = table["city"].to_numpy(object)
    if "location" in table:
        numbers = table["location"].to_numpy(object)
    return devices, cities, _locations(cities, numbers)


def by_name(names: Sequence[str]) -> Places:
    """Cities, locations, devices as the names tell them, UNKNOWN where a name is of another kind."""
    parts = [name.removesuffix(SUFFIX).split(SEPARATOR) for name in names]
    told = [part if len(part) in LENGTHS and part[0] in taxonomy().scenes else [UNKNOWN] * 5 for part in parts]
    return tuple(np.array([part[field] for part in told], dtype=object)  # type: ignore[return-value]
                 for field in (1, 2, -1))


def quickly(names: Sequence[str]) -> Places | None:
    """What `by_name` gives, where every name tells its place and they have as many fields each; else None."""
    text, fields = "\n".join(names), names[0].count(SEPARATOR) + 1
    if (fields not in LENGTHS or text.count(SEPARATOR) != (fields - 1) * len(names) or "\0" in text
            or text.count("\n") != len(names) - 1 or '"' in text):
        return None
    marked = text.replace(SEPARATOR, f"{SEPARATOR}_")  # lest pandas takes 03 for the number 3
    try:
        table = pd.read_csv(StringIO(marked), sep=SEPARATOR, header=None, names=range(fields), index_col=False,
                            usecols=[0, 1, 2, fields - 1], dtype="category", quoting=3, na_filter=False,
                            skip_blank_lines=False, lineterminator="\n")
    except (ValueError, pd.errors.ParserError):
        return None
    if len(table) != len(names) or not set(table[0].cat.categories) <= set(taxonomy().scenes):
        return None
    columns = [table[field].cat for field in (1, 2, fields - 1)]
    if any((column.codes < 0).any() or not all(column.categories.str.startswith("_")) for column in columns):
        return None  # a name with fewer fields than the others
    return tuple(np.array([value[1:].removesuffix(suffix) for value in column.categories], dtype=object)[column.codes]
                 for column, suffix in zip(columns, ("", "", SUFFIX), strict=True))  # type: ignore[return-value]


def _locations(cities: Strings, numbers: Strings) -> Strings:
    """Numbers are told apart by their city, as in TAU's identifiers."""
    of_city, known_cities = pd.factorize(cities)
    of_number, known_numbers = pd.factorize(numbers)
    pairs, known = pd.factorize(of_city * len(known_numbers) + of_number)
    names = [_location(known_cities[pair // len(known_numbers)], known_numbers[pair % len(known_numbers)])
             for pair in known]
    return np.array(names, dtype=object)[pairs]


def _location(city: str, number: str) -> str:
    prefix = f"{city}{SEPARATOR}"
    return number if not number or not city or number.startswith(prefix) else prefix + number
