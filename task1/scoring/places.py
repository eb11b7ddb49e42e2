"""Device, city and recording location of each clip: from a list's columns, else from names in TAU's grammar.

They come as categories, since few different ones stand in the longest list, and so do what is reckoned from them. Names
of one list nearly always have the same number of fields; those are taken apart by the C parser of pandas. Any others
are taken apart one by one (`by_name`), which is the definition.
"""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, TypeAlias

import pandas as pd

from task1.config import taxonomy

UNKNOWN = ""
SUFFIX = ".wav"
SEPARATOR = "-"
LENGTHS = (5, 6)
"""Fields of `scene-city-location-segment[-subsegment]-device.wav`."""

Texts: TypeAlias = "pd.Categorical[str]"
Places = tuple[Texts, Texts, Texts]


def places(table: pd.DataFrame, names: Sequence[str]) -> Places:
    """Devices, cities, locations of a list's clips; `names` are their base names. A column goes before the names."""
    told = {column: pd.Categorical(table[column])
            for column in ("identifier", "city", "location", "device", "source_label") if column in table}
    if "identifier" in told:
        parted = told.pop("identifier")
        told.setdefault("city", _renamed(parted, lambda text: text.rpartition(SEPARATOR)[0]))
        told.setdefault("location", _renamed(parted, lambda text: text.rpartition(SEPARATOR)[2]))
    if "source_label" in told:
        told["device"] = told["source_label"]
    if not {"city", "location", "device"} <= told.keys():
        told = dict(zip(("city", "location", "device"), quickly(names) or by_name(names), strict=True)) | told
    return told["device"], told["city"], _locations(told["city"], told["location"])


def by_name(names: Sequence[str]) -> Places:
    """Cities, locations, devices as the names tell them, UNKNOWN where a name is of another kind."""
    parts = [name.removesuffix(SUFFIX).split(SEPARATOR) for name in names]
    told = [part if len(part) in LENGTHS and part[0] in taxonomy().scenes else [UNKNOWN] * 5 for part in parts]
    cities, locations, devices = (pd.Categorical([part[field] for part in told]) for field in (1, 2, -1))
    return cities, locations, devices


def quickly(names: Sequence[str]) -> Places | None:
    """What `by_name` gives, where every name tells its place and they have as many fields each; else None."""
    text, fields = "\n".join(names), names[0].count(SEPARATOR) + 1
    if (fields not in LENGTHS or text.count(SEPARATOR) != (fields - 1) * len(names) or "\0" in text
            or text.count("\n") != len(names) - 1 or '"' in text):
        return None
    categories = (0, 1, fields - 1)
    types: dict[int, Any] = {2: object, **dict.fromkeys(categories, "category")}
    try:
        table = pd.read_csv(BytesIO(text.encode()), sep=SEPARATOR, header=None, names=range(fields), index_col=False,
                            usecols=list(types), dtype=types, quoting=3, na_filter=False, skip_blank_lines=False,
                            encoding="utf-8", lineterminator="\n")
    except (ValueError, pd.errors.ParserError):
        return None
    known = [set(table[field].cat.categories) for field in categories]
    if (len(table) != len(names) or not known[0] <= set(taxonomy().scenes)
            or UNKNOWN in known[-1]  # a name with fewer fields than the others
            or not all(isinstance(value, str) for values in known for value in values)):  # 1 and 1.0 became one number
        return None
    cities, locations, devices = (pd.Categorical(table[field]) for field in (1, 2, fields - 1))
    return cities, locations, _renamed(devices, lambda text: text.removesuffix(SUFFIX))


def _locations(cities: Texts, numbers: Texts) -> Texts:
    """Numbers are told apart by their city, as in TAU's identifiers."""
    pairs, found = pd.factorize(cities.codes.astype(int) * len(numbers.categories) + numbers.codes)
    of_city, of_number = divmod(found, len(numbers.categories))
    names = map(_location, cities.categories[of_city], numbers.categories[of_number])
    return pd.Categorical(list(names)).take(pairs)


def _location(city: str, number: str) -> str:
    prefix = f"{city}{SEPARATOR}"
    return number if not number or not city or number.startswith(prefix) else prefix + number


def _renamed(values: Texts, rename: Callable[[str], str]) -> Texts:
    """The values under other names, of which some may be the same."""
    return pd.Categorical([rename(name) for name in values.categories]).take(values.codes)
