"""Groups of clips: devices and cities as codes, and the pools and averages made of them.

A `Grouping` gives every clip the number of its device (or city), -1 where it is not told. Pools join the clips of
several groups (seen, unseen); averages are means of groups' figures, each group counting alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from task1.config import taxonomy
from task1.outputs import Integers
from task1.scoring.places import UNKNOWN, Texts
from task1.scoring.truth import Truth


@dataclass(frozen=True, eq=False)
class Grouping:
    """Groups of one kind: the block of the scores they stand in, their names in order, the number of each clip's."""

    block: str
    names: tuple[str, ...]
    codes: Integers
    pools_block: str
    pools: Mapping[str, tuple[int, ...]]
    """Numbers of the groups whose clips are pooled: seen in training, and unseen."""
    averages: Mapping[str, tuple[int, ...]]
    """Numbers of the groups whose figures are averaged."""

    @property
    def dense_codes(self) -> Integers:
        """As `codes`, with a number of their own (the last) for clips that no group has."""
        return np.where(self.codes < 0, len(self.names), self.codes)


def by_device(truth: Truth) -> Grouping:
    """Real devices first, as in the taxonomy; averages over real and simulated ones, seen and unseen, and over all."""
    known = [name for names in taxonomy().devices.values() for name in names]
    names, codes = _coded(truth.devices, lambda name: (known.index(name) if name in known else len(known), name))
    seen = [name in truth.seen_devices for name in names]
    averages = {"all": tuple(range(len(names)))} if names else {}
    for kind, devices in taxonomy().devices.items():
        for told, wanted in (("seen", True), ("unseen", False)):
            chosen = tuple(i for i, name in enumerate(names) if name in devices and seen[i] is wanted)
            if chosen:
                averages[f"{kind}_{told}"] = chosen
    return Grouping("device_wise", names, codes, "device_groups", _pools(seen), averages)


def by_city(truth: Truth) -> Grouping:
    names, codes = _coded(truth.cities, lambda name: (0, name))
    return Grouping("city_wise", names, codes, "city_groups", _pools([name in truth.seen_cities for name in names]), {})


def _coded(keys: Texts, order: Callable[[str], tuple[int, str]]) -> tuple[tuple[str, ...], Integers]:
    codes, found = pd.factorize(keys)
    names = tuple(sorted(set(found) - {UNKNOWN}, key=order))
    number = {name: position for position, name in enumerate(names)}
    return names, np.array([number.get(name, -1) for name in found], dtype=np.int64)[codes]


def _pools(seen: list[bool]) -> dict[str, tuple[int, ...]]:
    pools = {"seen": tuple(i for i, one in enumerate(seen) if one),
             "unseen": tuple(i for i, one in enumerate(seen) if not one)}
    return {name: chosen for name, chosen in pools.items() if chosen}
