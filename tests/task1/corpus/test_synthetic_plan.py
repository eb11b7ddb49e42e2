"""Who records what in the embedded corpora: the manifests' counts, places, parallel recordings."""

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from task1.config import Dataset, dataset, names, taxonomy
from task1.corpus.synthetic.plan import span, tasks
from task1.errors import InputError

EMBEDDED = [name for name in names("datasets") if dataset(name).origin == "embedded"]


@pytest.mark.parametrize("name", EMBEDDED)
def test_the_plan_has_the_manifests_counts(name: str) -> None:
    facts = dataset(name)
    clips = [clip for task in tasks(facts) for clip in task.clips]
    assert len({clip.filename for clip in clips}) == len(clips) == facts.counts.files
    assert Counter(clip.device for clip in clips) == facts.counts.per_device
    for part in ("train", "test", "unused"):
        counts, chosen = getattr(facts.counts, part), [clip for clip in clips if clip.part == part]
        if counts is None:
            assert not chosen
            continue
        assert len(chosen) == counts.files
        assert Counter(clip.device for clip in chosen) == counts.per_device
        assert len({clip.identifier for clip in chosen}) == counts.locations
        per_scene = Counter(clip.scene for clip in chosen)
        assert set(per_scene) == set(taxonomy().scenes)
        assert max(per_scene.values()) - min(per_scene.values()) <= 2 * facts.synthetic.segments_per_moment


@pytest.mark.parametrize("name", EMBEDDED)
def test_parts_share_no_location_and_a_location_has_one_scene(name: str) -> None:
    owners = defaultdict(set)
    for task in tasks(dataset(name)):
        for clip in task.clips:
            owners[clip.location].add((clip.part, clip.scene, clip.city))
    assert all(len(owner) == 1 for owner in owners.values())


@pytest.mark.parametrize("name", ["embedded-1s-dev", "embedded-10s-dev"])
def test_other_devices_record_moments_that_the_reference_device_records(name: str) -> None:
    for task in tasks(dataset(name)):
        devices = {clip.device for clip in task.clips}
        if task.clips[0].part == "train":
            assert taxonomy().reference_device in devices
            assert not devices & {"s4", "s5", "s6"}


def test_evaluation_places_and_names_tell_nothing() -> None:
    work = tasks(dataset("embedded-1s-eval"))
    clips = [clip for task in work for clip in task.clips]
    assert sorted(int(clip.filename[6:-4]) for clip in clips) == list(range(len(clips)))
    order = [clip.scene for clip in sorted(clips, key=lambda clip: int(clip.filename[6:-4]))]
    assert sum(one == other for one, other in pairwise(order)) < len(order) / 5
    development = {task.moment.location for task in tasks(dataset("embedded-1s-dev"))}
    assert not development & {task.moment.location for task in work}


def test_ten_pieces_of_a_moment_have_one_parent() -> None:
    facts = dataset("embedded-1s-dev")
    assert span(facts).seconds == 10
    parents = Counter(clip.filename.rsplit("-", 2)[0] + clip.device for task in tasks(facts) for clip in task.clips)
    assert set(parents.values()) == {10}


def _changed(**synthetic: object) -> Dataset:
    facts = dataset("embedded-1s-tiny-dev")
    return facts.model_copy(update={"synthetic": facts.synthetic.model_copy(update=synthetic)})


def test_more_recordings_than_moments_are_refused() -> None:
    part = dataset("embedded-1s-tiny-dev").synthetic.test.model_copy(update={"devices": {"a": 21}})
    with pytest.raises(InputError, match=r"embedded-1s-tiny-dev, synthetic.test.devices.a: found 21 .* at most 20"):
        tasks(_changed(test=part))


def test_a_recorded_data_set_is_refused() -> None:
    with pytest.raises(InputError, match="tau2022mobile_dev is recorded"):
        tasks(dataset("tau2022mobile_dev"))


@pytest.mark.parametrize(("key", "value"), [("cities", ("atlantis",)), ("devices", {"s11": 10})])
def test_an_unknown_city_or_device_is_refused(key: str, value: object) -> None:
    part = dataset("embedded-1s-tiny-dev").synthetic.test
    facts = _changed(cities=value) if key == "cities" else _changed(test=part.model_copy(update={"devices": value}))
    with pytest.raises(InputError, match=r"found (atlantis|s11), expected one of"):
        tasks(facts)
