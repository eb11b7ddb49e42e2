"""Metrics against scikit-learn, closed forms and the empty and invalid cases."""

import math

import numpy as np
import pytest
from sklearn import metrics as oracle

from task1.config import taxonomy
from task1.scoring import metrics

SCENES = 10


def random_case(clips: int, seed: int, scenes: int = SCENES) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(SCENES, 0.2), clips)
    truth = generator.integers(scenes, size=clips)
    return probabilities, probabilities.argmax(axis=1), truth


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scenes", [10, 7])  # with 7, three scenes have no clips
def test_agrees_with_scikit_learn(seed: int, scenes: int) -> None:
    probabilities, decisions, truth = random_case(700, seed, scenes)
    confusion, losses = (sums[0] for sums in metrics.tally(probabilities, decisions, truth))
    labels = list(range(SCENES))
    assert (confusion == oracle.confusion_matrix(truth, decisions, labels=labels)).all()
    assert metrics.accuracy_micro(confusion) == pytest.approx(oracle.accuracy_score(truth, decisions), abs=1e-12)
    balanced = oracle.balanced_accuracy_score(truth, decisions)
    assert metrics.accuracy_macro(confusion) == pytest.approx(balanced, abs=1e-12)
    assert metrics.log_loss(confusion, losses) == pytest.approx(
        oracle.log_loss(truth, probabilities, labels=labels), abs=1e-12, rel=1e-12)
    per_scene = [oracle.log_loss(truth[truth == scene], probabilities[truth == scene], labels=labels)
                 for scene in range(scenes)]
    np.testing.assert_allclose(metrics.scene_losses(confusion, losses)[:scenes], per_scene, rtol=1e-12)
    assert metrics.log_loss_macro(confusion, losses) == pytest.approx(np.mean(per_scene), rel=1e-12)


def test_groups_sum_to_the_whole() -> None:
    probabilities, decisions, truth = random_case(500, 1)
    groups = np.arange(500) % 3
    confusions, losses = metrics.tally(probabilities, decisions, truth, groups, 3)
    whole = metrics.tally(probabilities, decisions, truth)
    assert (confusions.sum(axis=0) == whole[0][0]).all()
    np.testing.assert_allclose(losses.sum(axis=0), whole[1][0], rtol=1e-12)
    second = metrics.tally(probabilities[groups == 1], decisions[groups == 1], truth[groups == 1])
    assert (confusions[1] == second[0][0]).all()


def test_perfect_and_worst_scores() -> None:
    truth = np.arange(SCENES)
    right, wrong = np.eye(SCENES), np.eye(SCENES)[:, ::-1]
    confusion, losses = (sums[0] for sums in metrics.tally(right, truth, truth))
    assert metrics.accuracy_macro(confusion) == metrics.accuracy_micro(confusion) == 1
    assert metrics.log_loss(confusion, losses) == pytest.approx(0, abs=1e-15)
    confusion, losses = (sums[0] for sums in metrics.tally(wrong, truth[::-1], truth))
    assert metrics.accuracy_macro(confusion) == 0
    assert metrics.log_loss(confusion, losses) == pytest.approx(-math.log(np.finfo(float).eps))


def test_uniform_loss_is_ln_of_the_number_of_scenes() -> None:
    truth = np.arange(SCENES)
    sums = metrics.tally(np.full((SCENES, SCENES), 0.1), truth, truth)
    assert metrics.log_loss(sums[0][0], sums[1][0]) == pytest.approx(math.log(10), rel=1e-12)


def test_unbalanced_scenes_tell_macro_from_micro() -> None:
    truth, decisions = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    confusion = metrics.tally(np.full((4, SCENES), 0.1), decisions, truth)[0][0]
    assert metrics.accuracy_micro(confusion) == 0.75
    assert metrics.accuracy_macro(confusion) == 0.5


def test_rows_are_divided_by_their_sum() -> None:
    """A table printed with few digits scores as its rows of sum 1, which is what scikit-learn did in those years."""
    probabilities, decisions, truth = random_case(300, 2)
    printed = probabilities.round(3) * np.random.default_rng(0).uniform(0.995, 1.005, (300, 1))
    whole = metrics.tally(printed, decisions, truth)
    divided = printed / printed.sum(axis=1, keepdims=True)
    assert metrics.log_loss(whole[0][0], whole[1][0]) == pytest.approx(
        oracle.log_loss(truth, divided, labels=list(range(SCENES))), abs=1e-12, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_super_classes_agree_with_scikit_learn(seed: int) -> None:
    probabilities, decisions, truth = random_case(400, seed)
    parents = np.array(taxonomy().parents)
    table = metrics.super_confusion(metrics.tally(probabilities, decisions, truth)[0][0])
    assert (table == oracle.confusion_matrix(parents[truth], parents[decisions])).all()
    assert metrics.accuracy_macro(table) == pytest.approx(
        oracle.balanced_accuracy_score(parents[truth], parents[decisions]), abs=1e-12)


def test_a_wrong_scene_can_be_in_the_right_super_class() -> None:
    bus, tram = (taxonomy().scenes.index(name) for name in ("bus", "tram"))
    confusion = metrics.tally(np.full((1, SCENES), 0.1), np.array([tram]), np.array([bus]))[0][0]
    assert metrics.accuracy_macro(confusion) == 0
    assert metrics.accuracy_macro(metrics.super_confusion(confusion)) == 1


@pytest.mark.parametrize(("probabilities", "decisions", "truth", "words"), [
    (np.full((2, 10), 0.1), np.zeros(2, int), np.zeros(3, int), "2 rows of probabilities, 2 decisions and 3"),
    (np.full((0, 10), 0.1), np.zeros(0, int), np.zeros(0, int), "no clips"),
    (np.full((1, 10), np.nan), np.zeros(1, int), np.zeros(1, int), "not finite"),
    (np.full((1, 10), 0.1), np.zeros(1, int), np.full(1, 10), "true scenes outside"),
    (np.full((1, 10), 0.1), np.full(1, -1), np.zeros(1, int), "decisions outside"),
])
def test_validate_refuses(probabilities: np.ndarray, decisions: np.ndarray, truth: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        metrics.validate(probabilities, decisions, truth)
