"""Measured energy of a run, `RUN/energy.json`: kWh of training, inference and the organisers' baseline network.

A file that is not there means that nothing was measured, a key that is not there that this was not.
"""

import json
from collections.abc import Mapping

from task1.errors import InputError
from task1.layout import Layout

KEYS = ("training", "inference", "baseline_inference")
Energy = Mapping[str, float | None]
"""By key, kilowatt hours; None where it was not measured."""


def read_energy(layout: Layout) -> Energy:
    """The measured values, all of `KEYS`."""
    path = layout.run / "energy.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        content = {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); delete it or measure again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: found {content!r:.60}, expected a mapping with {', '.join(KEYS)}")
    values = {key: content.get(key) for key in KEYS}
    for key, value in values.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)
                                  or not 0 <= value < float("inf")):
            raise InputError(f"{path}: {key}: found {value!r:.60}, expected kilowatt hours of zero or more, or null")
    return values
