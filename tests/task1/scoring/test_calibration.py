"""Calibration against scikit-learn and closed forms."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from task1.scoring.calibration import BINS, edges, expected_calibration_error, reliability


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_scikit_learn(seed: int) -> None:
    generator = np.random.default_rng(seed)
    probabilities, truth = generator.dirichlet(np.full(10, 0.3), 900), generator.integers(10, size=900)
    decisions = probabilities.argmax(axis=1)
    table = reliability(probabilities, decisions, truth)
    confidence, hits = probabilities.max(axis=1), decisions == truth
    accuracy, mean = calibration_curve(hits, confidence, n_bins=BINS, strategy="uniform")
    filled = table.clips > 0
    np.testing.assert_allclose(table.accuracy[filled], accuracy, atol=1e-12)
    np.testing.assert_allclose(table.confidence[filled], mean, atol=1e-12)
    expected = (table.clips[filled] / 900 * np.abs(accuracy - mean)).sum()
    assert expected_calibration_error(table) == pytest.approx(expected, abs=1e-12)


def rows(confidence: float, clips: int) -> np.ndarray:
    """Clips decided for scene 0 with this confidence."""
    return np.tile([confidence, *np.full(9, (1 - confidence) / 9)], (clips, 1))


def test_as_sure_as_right_is_no_error() -> None:
    truth = np.array([0] * 6 + [1] * 4)
    table = reliability(rows(0.6, 10), np.zeros(10, int), truth)
    assert expected_calibration_error(table) == pytest.approx(0, abs=1e-12)


def test_sure_and_wrong_is_error_one() -> None:
    table = reliability(np.eye(10)[[0, 0]], np.zeros(2, int), np.ones(2, int))
    assert expected_calibration_error(table) == 1
    assert table.clips[-1] == 2
    assert np.isnan(table.accuracy[:-1]).all()


def test_an_edge_belongs_to_the_bin_below() -> None:
    edge = edges()[6]
    table = reliability(np.array([[edge, 1 - edge]]), np.zeros(1, int), np.zeros(1, int))
    assert table.confidences.sum() == edge
    assert table.clips.nonzero()[0].tolist() == [5]


def test_rows_are_divided_by_their_sum() -> None:
    probabilities = rows(0.5, 1) * 1.008
    assert reliability(probabilities, np.zeros(1, int), np.zeros(1, int)).confidences.sum() == pytest.approx(0.5)
    assert reliability(np.eye(10)[:1] * 1.008, np.zeros(1, int), np.zeros(1, int)).clips[-1] == 1
