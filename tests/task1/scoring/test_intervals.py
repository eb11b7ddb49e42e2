"""Intervals: closed forms, coverage by simulation, pairing, and where there are none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from task1.config import taxonomy
from task1.outputs import Outputs
from task1.scoring.evaluate import evaluate
from task1.scoring.intervals import (
    METRICS,
    Replicate,
    Resampling,
    compare,
    interval,
    locations,
    resample,
)
from task1.scoring.places import Texts
from task1.scoring.truth import Truth

SCENES = taxonomy().scenes
CLIPS = 15
"""A location."""
SURE = 0.4
"""Probability of the decided scene."""
RECALLS = np.linspace(0.35, 0.8, 10)
"""Of the scenes, over all locations that there could be."""
LOSS_RIGHT, LOSS_WRONG = -np.log(SURE), -np.log((1 - SURE) / 9)


def places(locations: int) -> Truth:
    """So many locations a scene, on devices a, s1 and s4 in turn."""
    scenes = np.repeat(np.arange(10), locations * CLIPS)
    numbers = np.repeat(np.arange(10 * locations), CLIPS)
    names = tuple(f"{number}.wav" for number in range(len(scenes)))
    devices = pd.Categorical(["a", "s1", "s4"]).take(np.arange(len(scenes)) % 3)
    return Truth(names, scenes, devices, pd.Categorical(["lyon"] * len(scenes)),
                 pd.Categorical([f"lyon-{number}" for number in numbers]))


def changed(values: Texts, where: Any, value: str) -> Texts:
    """The values, another one in some places."""
    texts = np.array(values, dtype=object)
    texts[where] = value
    return pd.Categorical(texts)


def decided(truth: Truth, right: np.ndarray) -> Outputs:
    """A table that decides for the true scene or for the next one."""
    decisions = np.where(right, truth.scenes, (truth.scenes + 1) % 10)
    probabilities = np.full((len(truth), 10), (1 - SURE) / 9)
    probabilities[np.arange(len(truth)), decisions] = SURE
    return Outputs(truth.filenames, probabilities, decisions)


def difficulty(truth: Truth, generator: np.random.Generator) -> np.ndarray:
    """For each clip the chance to be decided rightly, the same for all clips of its location."""
    recalls = RECALLS[truth.scenes[::CLIPS]]
    return np.repeat(generator.beta(4 * recalls, 4 * (1 - recalls)), CLIPS)


def drawn(truth: Truth, outputs: Outputs, resampling: Resampling) -> dict:
    found = locations(truth)
    assert found is not None
    return dict(resample(outputs, truth, found, resampling))


def of_chance(truth: Truth, seed: int) -> Outputs:
    generator = np.random.default_rng(seed)
    return decided(truth, generator.random(len(truth)) < difficulty(truth, generator))


def test_weights_are_means_of_one_within_each_scene() -> None:
    found = locations(places(4))
    assert found is not None
    assert found.by_scene
    weights = np.concatenate(list(found.weights(Resampling(500))), axis=1)
    for stratum in range(10):
        np.testing.assert_allclose(weights[found.strata == stratum].sum(axis=0), 4)
    assert set(np.round(np.unique(weights) * 3 / 4)) == {0, 1, 2, 3}
    assert weights.var() == pytest.approx(1, rel=0.05)  # (n / (n - 1))^2 (n - 1) / n (1 - 1 / n); drawing n: 1 - 1 / n


def test_a_resample_of_every_location_once_gives_the_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = places(3)
    outputs = Outputs(truth.filenames, np.random.default_rng(0).dirichlet(np.ones(10), len(truth)))
    monkeypatch.setattr("task1.scoring.intervals.Locations.weights", lambda self, _: [np.ones((len(self), 2))])
    scores, replicates = evaluate(outputs, truth), drawn(truth, outputs, Resampling(2))
    blocks = {path[0] for path in replicates if len(path) > 1}
    assert blocks == {"class_wise", "device_wise", "device_groups", "device_averages", "city_wise", "city_groups"}
    for (*groups, metric), replicate in replicates.items():
        node = scores
        for group in groups:
            node = node[group]
        np.testing.assert_allclose(replicate.values, node[metric], rtol=1e-12)


def test_spread_is_that_of_the_mean_over_locations() -> None:
    """With clips in equal number the accuracy is a mean of locations' accuracies, whose variance has a closed form."""
    truth = places(8)
    outputs = of_chance(truth, 3)
    rates = (outputs.decisions == truth.scenes).reshape(10, 8, CLIPS).mean(axis=2)
    expected = np.sqrt((rates.var(axis=1, ddof=1) / 8).sum() / 100)
    found = drawn(truth, outputs, Resampling(20_000))["accuracy",].values
    assert found.std() == pytest.approx(expected, rel=0.02)
    assert found.mean() == pytest.approx(rates.mean(), abs=4 * expected / np.sqrt(20_000))


def test_bounds_reach_out_to_students_t() -> None:
    values = np.random.default_rng(0).normal(size=400_000)
    for count in (2, 5, 13, 200):
        wanted = stats.t.ppf(0.975, count - 1)
        if wanted < 4:  # as far out as so many values tell
            assert interval(Replicate(values, count)) == pytest.approx([-wanted, wanted], rel=0.03)
    assert interval(Replicate(np.full(3, np.nan), 4)) is None


def test_coverage() -> None:
    """Of 200 made-up test sets about 95 % of the intervals hold the true figure; drawing clips, far fewer would."""
    truth, generator = places(8), np.random.default_rng(1)
    of_clips = replace(truth, locations=pd.Categorical(truth.filenames))
    accuracy = float(RECALLS.mean())
    wanted = {("accuracy",): accuracy, ("log_loss",): accuracy * LOSS_RIGHT + (1 - accuracy) * LOSS_WRONG,
              ("device_wise", "s4", "accuracy"): accuracy, ("class_wise", SCENES[4], "accuracy"): RECALLS[4]}
    held = dict.fromkeys([*wanted, "clips"], 0)
    for seed in range(200):
        outputs = decided(truth, generator.random(len(truth)) < difficulty(truth, generator))
        replicates = drawn(truth, outputs, Resampling(300, seed))
        for path, value in wanted.items():
            low, high = interval(replicates[path]) or (1, 0)
            held[path] += low <= value <= high
        if seed < 100:
            low, high = interval(drawn(of_clips, outputs, Resampling(100, seed))["accuracy",]) or (1, 0)
            held["clips"] += 2 * (low <= accuracy <= high)
    shares = {path: count / 200 for path, count in held.items()}
    assert shares.pop("clips") < 0.85
    # three standard deviations of a share of 0.95 of 200 are 0.046; a single scene has 8 locations only
    for path, share in shares.items():
        assert (0.86 if path[0] == "class_wise" else 0.90) <= share <= 0.995, (path, share)


def test_pairs() -> None:
    truth, generator = places(6), np.random.default_rng(5)
    chance = difficulty(truth, generator)
    luck = generator.random(len(truth))
    worse, better = decided(truth, luck < chance), decided(truth, luck < chance + 0.05)
    of_worse, of_better = (drawn(truth, outputs, Resampling(500)) for outputs in (worse, better))
    for metric in METRICS:
        values = evaluate(better, truth)[metric], evaluate(worse, truth)[metric]
        told = compare(metric, values, (of_better[metric,], of_worse[metric,]))
        assert told.first_better == 1
        assert told.low <= told.value == values[0] - values[1] <= told.high
        alone = interval(of_better[metric,]) or [0, 0]
        assert told.high - told.low < (alone[1] - alone[0]) / 2  # what is hard is so for both
        turned = compare(metric, values[::-1], (of_worse[metric,], of_better[metric,]))
        assert (turned.first_better, turned.value) == (0, -told.value)
        itself = compare(metric, (values[0], values[0]), (of_better[metric,], of_better[metric,]))
        assert (itself.value, itself.low, itself.high, itself.first_better) == (0, 0, 0, 0.5)


def test_a_seed_gives_the_same_resamples_in_any_order_of_rows() -> None:
    truth = places(3)
    outputs, order = of_chance(truth, 0), np.random.default_rng(0).permutation(len(truth))
    turned_truth = Truth(tuple(truth.filenames[i] for i in order), truth.scenes[order], truth.devices[order],
                         truth.cities[order], truth.locations[order])
    turned = Outputs(turned_truth.filenames, outputs.probabilities[order], outputs.decisions[order])
    first, again = drawn(truth, outputs, Resampling(50, 7)), drawn(turned_truth, turned, Resampling(50, 7))
    for path, replicate in first.items():
        np.testing.assert_allclose(again[path].values, replicate.values, rtol=1e-12)
    other = drawn(truth, outputs, Resampling(50, 8))
    assert (other["accuracy",].values != first["accuracy",].values).any()


def test_many_locations_are_drawn_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = places(3)
    monkeypatch.setattr("task1.scoring.intervals._CELLS", 30 * 7)
    values = drawn(truth, of_chance(truth, 0), Resampling(50))["accuracy",].values
    assert values.shape == (50,)
    assert len(np.unique(values)) > 25


def test_unknown_and_single_locations_have_no_intervals() -> None:
    truth = places(2)
    assert locations(replace(truth, locations=changed(truth.locations, 5, ""))) is None
    assert locations(replace(truth, locations=pd.Categorical(["lyon-1"] * len(truth)))) is None


def test_mixed_or_lone_locations_are_drawn_all_together() -> None:
    truth = places(2)
    lone = locations(replace(truth, locations=changed(truth.locations, truth.scenes == 3, "lyon-x")))
    mixed = locations(replace(truth, locations=changed(truth.locations, truth.scenes < 2, "lyon-y")))
    for found in (lone, mixed):
        assert found is not None
        assert not found.by_scene
        assert not found.strata.any()


def test_groups_of_one_location_have_none() -> None:
    truth = places(2)
    some = replace(truth, devices=changed(truth.devices, slice(3), "d"))
    replicates = drawn(some, of_chance(truth, 0), Resampling(20))
    assert ("device_wise", "d", "accuracy") not in replicates
    assert ("device_averages", "all", "accuracy") not in replicates
    assert ("device_wise", "a", "accuracy") in replicates
