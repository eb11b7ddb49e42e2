"""95 % intervals by resampling recording locations, and comparisons of systems on the same resamples.

Clips of one location are not independent of each other, so what is drawn is locations, with all their clips. TAU's test
sets are made scene by scene, and a location has one scene: locations are drawn within each scene (a stratum). Where a
location has clips of several scenes, or a scene has one location only, all locations are one stratum.

From a stratum of n locations n - 1 are drawn with replacement, and each counts n / (n - 1) times for every time it is
drawn (the rescaling bootstrap of Rao and Wu, 1988); drawing n would make intervals too narrow by a factor of about
sqrt(1 - 1/n). The interval lies between two percentiles of the resamples' figures: the 2.5th and the 97.5th where the
clips come from many locations, further out where from n few: those of a normal distribution at the 2.5 % points of
Student's t with n - 1 degrees of freedom (the expanded percentile interval of Hesterberg, 2015).

A resample's figures follow from sums per location (clips, clips decided rightly, losses) by one product with the
weights, so their cost hardly depends on the number of clips. Figures of a group (device, city) take the same weights;
where a scene of the group has few locations, some resamples have none of them and leave the scene out, which makes the
interval wider rather than narrower. No interval is given where the group's clips come from fewer than two locations, or
where the location of any clip is unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import ndtr, stdtrit

from task1.config import taxonomy
from task1.outputs import Floats, Integers, Outputs
from task1.scoring.groups import Grouping, by_city, by_device
from task1.scoring.metrics import clip_losses, mean_present, ratio
from task1.scoring.places import UNKNOWN
from task1.scoring.truth import Truth

LEVEL = 0.95
METRICS = ("accuracy", "log_loss")
_CELLS = 2 ** 23  # weights held at once: 64 MB

Path = tuple[str, ...]
"""Where a figure stands in the scores: ("accuracy",), ("device_wise", "a", "log_loss")."""


@dataclass(frozen=True, eq=False)
class Replicate:
    """One figure in every resample, (resample,), and from how many locations its clips come."""

    values: Floats
    locations: int


Replicates = Mapping[Path, Replicate]
"""Only of figures of which an interval may be given."""


@dataclass(frozen=True)
class Resampling:
    """How many resamples, drawn from which seed."""

    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Locations:
    """The number of each clip's location, and of each location's stratum."""

    codes: Integers
    strata: Integers
    by_scene: bool

    def __len__(self) -> int:
        return len(self.strata)

    def weights(self, resampling: Resampling) -> Iterator[Floats]:
        """How often each location counts in each resample, (location, resample), some resamples at a time."""
        at_once = min(max(_CELLS // len(self), 1), resampling.resamples)
        members = [np.flatnonzero(self.strata == stratum) for stratum in np.unique(self.strata)]
        generator = np.random.default_rng(resampling.seed)
        for start in range(0, resampling.resamples, at_once):
            count = min(at_once, resampling.resamples - start)
            weights = np.empty((len(self), count))
            for chosen in members:
                n = len(chosen)
                drawn = generator.multinomial(n - 1, np.full(n, 1 / n), size=count)
                weights[chosen] = drawn.T * (n / (n - 1))
            yield weights


def locations(truth: Truth) -> Locations | None:
    """The locations to draw from, in the order of their names; None where one is unknown or there is only one."""
    codes, names = pd.factorize(truth.locations, sort=True)
    if UNKNOWN in names or len(names) < 2:
        return None
    scenes = np.zeros(len(names), dtype=np.int64)
    scenes[codes] = truth.scenes
    several = (scenes[codes] != truth.scenes).any()
    by_scene = not several and np.unique(scenes, return_counts=True)[1].min() > 1
    return Locations(codes.astype(np.int64), scenes if by_scene else np.zeros_like(scenes), bool(by_scene))


def resample(outputs: Outputs, truth: Truth, places: Locations, resampling: Resampling) -> Replicates:
    """The figures of every resample, of a table in the order of `truth`; the same resamples for every such table."""
    losses, hits = clip_losses(outputs.probabilities, truth.scenes), outputs.decisions == truth.scenes
    blocks = [_Block(grouping, places, truth.scenes, hits, losses) for grouping in (by_device(truth), by_city(truth))]
    parts: list[dict[Path, Replicate]] = []
    for weights in places.weights(resampling):
        part: dict[Path, Replicate] = {}
        for number, block in enumerate(blocks):
            part |= block.figures(weights, whole=number == 0)
        parts.append(part)
    return {path: Replicate(np.concatenate([part[path].values for part in parts]), one.locations)
            for path, one in parts[0].items()}


def interval(replicate: Replicate) -> list[float] | None:
    """The bounds, from the resamples that have clips of the group at all."""
    present = replicate.values[np.isfinite(replicate.values)]
    if not len(present):
        return None
    points = stdtrit(replicate.locations - 1, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return [float(bound) for bound in np.quantile(present, ndtr(points))]


@dataclass(frozen=True, eq=False)
class Difference:
    """One figure of two systems, on the same resamples: first minus second."""

    value: float
    low: float
    high: float
    first_better: float
    """Share of resamples in which the first is better (higher accuracy, lower log loss), ties counting half."""


def compare(metric: str, values: tuple[float, float], replicates: tuple[Replicate, Replicate]) -> Difference:
    """The difference of two systems' figures; its interval is narrower than theirs, as what is hard is so for both."""
    differences = replicates[0].values - replicates[1].values
    bounds = interval(Replicate(differences, replicates[0].locations))
    if bounds is None:
        raise ValueError("no resamples to compare on")
    gains = differences if metric == "accuracy" else -differences
    low, high = bounds
    return Difference(values[0] - values[1], low, high, float(np.mean(gains > 0) + np.mean(gains == 0) / 2))


class _Block:
    """Sums per location of one grouping, and the figures of resamples."""

    def __init__(self, grouping: Grouping, places: Locations, scenes: Integers, hits: Floats, losses: Floats) -> None:
        self.grouping, self.scenes = grouping, len(taxonomy().scenes)
        self.rows = (len(grouping.names) + 1) * self.scenes  # the last group: clips that no group has
        row = grouping.dense_codes * self.scenes + scenes
        cells, found = pd.factorize(row * len(places) + places.codes)
        sums = [np.bincount(cells, weights=values, minlength=len(found)) for values in (None, hits, losses)]
        at = np.divmod(found, len(places))
        self.clips, self.hits, self.losses = (
            sparse.csr_matrix((values.astype(np.float64), at), shape=(self.rows, len(places))) for values in sums)

    def figures(self, weights: Floats, whole: bool) -> dict[Path, Replicate]:
        """Figures of the groups, their pools and averages, and, if asked, of the whole and of each scene."""
        # (group, scene, resample) -> (group, resample, scene)
        clips, hits, losses = ((matrix @ weights).reshape(-1, self.scenes, weights.shape[1]).transpose(0, 2, 1)
                               for matrix in (self.clips, self.hits, self.losses))
        result: dict[Path, Replicate] = {}

        def add(path: Path, groups: Sequence[int]) -> None:
            number = self._locations(groups)
            if number > 1:
                sums = [values[list(groups)].sum(axis=0) for values in (clips, hits, losses)]  # (resample, scene)
                result[*path, "accuracy"] = Replicate(mean_present(ratio(sums[1], sums[0])), number)
                result[*path, "log_loss"] = Replicate(ratio(sums[2].sum(axis=1), sums[0].sum(axis=1)), number)

        for number, name in enumerate(self.grouping.names):
            add((self.grouping.block, name), [number])
        for name, groups in self.grouping.pools.items():
            add((self.grouping.pools_block, name), groups)
        for name, groups in self.grouping.averages.items():
            for metric in METRICS:
                members = [(self.grouping.block, self.grouping.names[group], metric) for group in groups]
                if all(path in result for path in members):
                    result["device_averages", name, metric] = Replicate(
                        np.mean([result[path].values for path in members], axis=0), self._locations(groups))
        if whole:
            every = range(len(self.grouping.names) + 1)
            add((), every)
            for number, scene in enumerate(taxonomy().scenes):
                count = self._locations(every, number)
                if count > 1:
                    of_scene = [values[:, :, number].sum(axis=0) for values in (clips, hits, losses)]
                    result["class_wise", scene, "accuracy"] = Replicate(ratio(of_scene[1], of_scene[0]), count)
                    result["class_wise", scene, "log_loss"] = Replicate(ratio(of_scene[2], of_scene[0]), count)
        return result

    def _locations(self, groups: Sequence[int], scene: int | None = None) -> int:
        """Number of locations with clips of the groups (and of the scene)."""
        scenes = range(self.scenes) if scene is None else [scene]
        return len(np.unique(self.clips[[group * self.scenes + one for group in groups for one in scenes]].indices))
