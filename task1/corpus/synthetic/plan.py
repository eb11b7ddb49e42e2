"""Who records what: the locations, moments and recordings of an embedded corpus, and the names of its clips.

A manifest says how many locations a part (train, test, unused) has per scene and city, how many moments a location
has, and how many recordings each device makes. Those are spread over the scenes as evenly as they go, within a scene
over its locations. A recording is one device at one moment; it is stored as one clip or cut into several. All devices
pick among the same moments, so that recordings of one moment by several devices exist.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from task1.config import Dataset, Synthetic, taxonomy
from task1.config.facts import Part
from task1.corpus.synthetic.devices import DEVICES
from task1.corpus.synthetic.scenes import Moment
from task1.corpus.synthetic.signals import Span
from task1.errors import InputError

BLOCK = {"train": 0, "test": 1000, "unused": 2000, "evaluation": 3000}  # first location id of each part
SEGMENTS_PER_LOCATION = 100
SHUFFLE = 4000  # key of the dice that number an evaluation set


@dataclass(frozen=True)
class Clip:
    """One file: a piece of what one device recorded of one moment."""

    part: str
    scene: str
    city: str
    location: int
    segment: int
    piece: int
    device: str
    filename: str

    @property
    def identifier(self) -> str:
        return f"{self.city}-{self.location}"


@dataclass(frozen=True)
class Task:
    """One moment and all clips cut from its recordings: the unit of work."""

    moment: Moment
    scene: str
    clips: tuple[Clip, ...]


def span(dataset: Dataset) -> Span:
    """Length of a moment: all the clips that are cut from it, end to end."""
    return Span(dataset.audio.samples * _sizes(dataset).segments_per_moment, dataset.audio.sample_rate)


def _sizes(dataset: Dataset) -> Synthetic:
    if dataset.synthetic is None:
        raise InputError(f"data set {dataset.name} is recorded, not an embedded corpus; download it instead")
    return dataset.synthetic


def tasks(dataset: Dataset) -> list[Task]:
    """All moments of the data set with their clips, in a fixed order."""
    sizes = _sizes(dataset)
    if dataset.audio.bits != 24:
        raise InputError(f"data set {dataset.name}, audio.bits: found {dataset.audio.bits}, expected 24 as in TAU")
    parts = {"train": sizes.train, "test": sizes.test, "unused": sizes.unused}
    made: list[Task] = []
    for name, part in parts.items():
        if part is not None:
            made += _part(dataset, name, part)
    return _numbered(made, sizes.seed) if dataset.grammar == "numbered" else made


def _part(dataset: Dataset, name: str, part: Part) -> Iterator[Task]:
    scenes, sizes = taxonomy().scenes, _sizes(dataset)
    block = "evaluation" if dataset.part == "evaluation" else name
    places = [(city, number) for number in range(part.locations_per_scene_and_city) for city in sizes.cities]
    if len(scenes) * len(places) > 1000 or part.moments_per_location > SEGMENTS_PER_LOCATION:
        raise InputError(f"data set {dataset.name}, synthetic.{name}: found {len(scenes) * len(places)} locations of "
                         f"{part.moments_per_location} moments, expected at most 1000 of {SEGMENTS_PER_LOCATION}")
    known = (*taxonomy().development_cities, *taxonomy().evaluation_only_cities)
    for key, given, possible in (("cities", sizes.cities, known), (f"{name}.devices", part.devices, tuple(DEVICES))):
        for value in given:
            if value not in possible:
                raise InputError(f"data set {dataset.name}, synthetic.{key}: found {value}, expected one of "
                                 f"{', '.join(possible)}")
    picks = _picks(dataset.name, name, part, len(places) * part.moments_per_location)
    for scene_index, scene in enumerate(scenes):
        for slot, devices in sorted(picks[scene_index].items()):
            take, place = divmod(slot, len(places))
            city, _ = places[place]
            location = BLOCK[block] + scene_index * len(places) + place
            moment = Moment(sizes.seed, scene_index, known.index(city), location, take)
            clips = tuple(_clip(dataset, name, scene, city, location, take, piece, device)
                          for device in devices for piece in range(sizes.segments_per_moment))
            yield Task(moment, scene, clips)


def _picks(dataset: str, name: str, part: Part, slots: int) -> dict[int, dict[int, list[str]]]:
    """Per scene: its moments (locations first, then takes) that are recorded, and by which devices."""
    scenes = len(taxonomy().scenes)
    picks: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    extra = 0  # where the next left-over recording goes: round the scenes
    for index, (device, recordings) in enumerate(part.devices.items()):
        if recordings > scenes * slots:
            raise InputError(f"data set {dataset}, synthetic.{name}.devices.{device}: found {recordings} recordings, "
                             f"expected at most {scenes * slots}, the moments of {scenes} scenes; ask for fewer or "
                             "for more locations")
        share, left = divmod(recordings, scenes)
        lucky = {(extra + step) % scenes for step in range(left)}
        extra += left
        for scene in range(scenes):
            wanted = share + (scene in lucky)
            for number in range(wanted):
                picks[scene][(index + scene + number * slots // wanted) % slots].append(device)
    return picks


def _clip(dataset: Dataset, part: str, scene: str, city: str, location: int, take: int, piece: int,
          device: str) -> Clip:
    segment = location * SEGMENTS_PER_LOCATION + take
    fields = [scene, city, str(location), str(segment), *([str(piece)] if dataset.grammar == "2022" else []), device]
    return Clip(part, scene, city, location, segment, piece, device, f"audio/{'-'.join(fields)}.wav")


def _numbered(made: list[Task], seed: int) -> list[Task]:
    """The same tasks with clips named 0.wav and on in an order that tells nothing."""
    total = sum(len(task.clips) for task in made)
    numbers = iter(np.random.default_rng(np.random.SeedSequence([SHUFFLE, seed])).permutation(total).tolist())
    return [Task(task.moment, task.scene, tuple(
        replace(clip, filename=f"audio/{next(numbers)}.wav") for clip in task.clips)) for task in made]
