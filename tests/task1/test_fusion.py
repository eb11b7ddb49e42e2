"""Fitting the weights of members: scikit-learn, scipy's definition of an optimum and closed forms as oracles."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import log_loss

from task1.config import taxonomy
from task1.ensemble import combine
from task1.errors import InputError
from task1.fusion import (
    PENALTY,
    Fusion,
    fit,
    fit_linear,
    fit_weights,
    read_fusion,
    validation_scenes,
    write_fusion,
)
from task1.outputs import Floats, Integers, Outputs

SCENES = taxonomy().scenes


def members(clips: int, strengths: list[float], seed: int = 0) -> tuple[list[Outputs], Integers]:
    """Tables that know the true scenes the better the stronger, and the scenes."""
    generator = np.random.default_rng(seed)
    scenes = generator.integers(0, 10, clips)
    tables = []
    for strength in strengths:
        z = generator.normal(size=(clips, 10)) + strength * np.eye(10)[scenes]
        values = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        tables.append(Outputs(tuple(f"{i}.wav" for i in range(clips)), values))
    return tables, scenes


def loss(tables: list[Outputs], scenes: Integers, weights: Floats) -> float:
    return float(log_loss(scenes, np.tensordot(weights / weights.sum(), [t.probabilities for t in tables], 1),
                          labels=range(10)))


def test_weighted_is_the_certified_optimum() -> None:
    # Of the convex problem: no member's mean of p_n / mixture is above 1, and it is 1 where the weight is not 0.
    tables, scenes = members(3000, [1.0, 2.0, 1.5, 0.0])
    fusion = fit_weights(tables, scenes)
    true = np.array([table.probabilities[np.arange(len(scenes)), scenes] for table in tables])
    slopes = (true / (np.array(fusion.weights) @ true)).mean(axis=1)
    assert sum(fusion.weights) == pytest.approx(1, abs=1e-12)
    assert slopes.max() < 1 + 1e-4
    for weight, slope in zip(fusion.weights, slopes, strict=True):
        assert weight >= 0
        assert weight == 0 or slope == pytest.approx(1, abs=1e-4)
    assert fusion.log_loss == pytest.approx(loss(tables, scenes, np.array(fusion.weights)), abs=1e-12)


def test_weighted_is_better_than_other_weights_by_scikit_learn() -> None:
    tables, scenes = members(400, [1.0, 2.0, 1.5], seed=5)
    best = loss(tables, scenes, np.array(fit_weights(tables, scenes).weights))
    for other in np.random.default_rng(0).dirichlet(np.ones(3), 200):
        assert best <= loss(tables, scenes, other) + 1e-8


def test_two_members_of_which_one_is_right_have_a_closed_form() -> None:
    # Certain tables that are right on 3 of 4 and on the other clips: the best weights are these shares.
    names, scenes = tuple(f"{i}.wav" for i in range(8)), np.arange(8)
    wrong = (scenes + 1) % 10
    first, second = (Outputs(names, np.eye(10)[np.where(right, scenes, wrong)])
                     for right in (scenes % 4 != 0, scenes % 4 == 0))
    np.testing.assert_allclose(fit_weights([first, second], scenes).weights, [0.75, 0.25], atol=1e-5)


def test_linear_is_scikit_learns_conditional_logistic_regression() -> None:
    # One weight a member and one bias a scene is a Poisson regression of the 0/1 answers with an effect for each clip;
    # that is without our penalty, whose share vanishes as every clip is counted many times.
    tables, scenes = members(60, [1.0, 1.5], seed=2)
    repeated = [Outputs(tuple(f"{k}-{name}" for k in range(400) for name in table.filenames),
                        np.tile(table.probabilities, (400, 1))) for table in tables]
    fusion = fit_linear(repeated, np.tile(scenes, 400))
    logs = np.stack([np.log(table.probabilities) for table in tables], axis=2).reshape(600, 2)
    inputs = np.hstack([logs, np.tile(np.eye(10), (60, 1)), np.repeat(np.eye(60), 10, axis=0)])
    oracle = PoissonRegressor(alpha=1e-9, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=500)
    oracle.fit(inputs, np.eye(10)[scenes].reshape(-1))
    np.testing.assert_allclose(fusion.weights, oracle.coef_[:2], rtol=1e-3)
    bias = np.array(fusion.bias)
    np.testing.assert_allclose(bias - bias.mean(), oracle.coef_[2:12] - oracle.coef_[2:12].mean(), atol=5e-3)


def test_linear_is_at_the_optimum_of_what_its_page_says() -> None:
    tables, scenes = members(500, [1.0, 1.5, 0.5], seed=3)
    fusion = fit_linear(tables, scenes)

    def objective(weights: Floats, bias: Floats) -> float:
        moved = dataclasses.replace(fusion, weights=tuple(weights), bias=tuple(bias))
        p = combine(tables, "linear", fusion=moved).probabilities
        return len(scenes) * float(log_loss(scenes, p, labels=range(10))) + PENALTY / 2 * float(
            ((weights - 1 / 3) ** 2).sum() + (bias ** 2).sum())

    weights, bias = np.array(fusion.weights), np.array(fusion.bias)
    best = objective(weights, bias)
    for size in (1e-3, 0.1):
        for direction in np.vstack([np.eye(13), -np.eye(13)]) * size:
            assert objective(weights + direction[:3], bias + direction[3:]) > best
    assert fusion.log_loss == pytest.approx(
        float(log_loss(scenes, combine(tables, "linear", fusion=fusion).probabilities, labels=range(10))), abs=1e-12)


def test_linear_is_better_than_the_geometric_mean_on_what_it_was_fitted_on() -> None:
    tables, scenes = members(2000, [0.5, 2.0], seed=4)
    plain = log_loss(scenes, combine(tables, "log_mean").probabilities, labels=range(10))
    assert fit_linear(tables, scenes).log_loss < plain


@pytest.mark.parametrize("clips", [1, 3])
def test_few_clips_and_certain_tables_have_finite_weights(clips: int) -> None:
    tables, scenes = members(clips, [50.0, 50.0])
    for how in ("linear", "weighted"):
        fusion = fit(tables, scenes, how)
        assert np.isfinite([*fusion.weights, *fusion.bias]).all()
        assert (combine(tables, how, fusion=fusion).decisions == scenes).all()


@pytest.mark.parametrize("how", ["linear", "weighted"])
def test_fit_is_the_same_again_and_whatever_the_order_of_rows(how: str) -> None:
    tables, scenes = members(200, [1.0, 1.5])
    fusion = fit(tables, scenes, how, ["a", "b"])
    assert fit(tables, scenes, how, ["a", "b"]) == fusion
    order = np.random.default_rng(0).permutation(200)
    turned = [Outputs(tuple(np.array(tables[0].filenames)[order]), tables[0].probabilities[order]), tables[1]]
    again = fit(turned, scenes[order], how, ["a", "b"])
    assert again.validation == fusion.validation
    np.testing.assert_allclose(again.weights, fusion.weights, rtol=1e-6)
    assert fit(tables, (scenes + 1) % 10, how).validation != fusion.validation


def test_only_two_ways_are_fitted() -> None:
    tables, scenes = members(5, [1.0, 1.0])
    with pytest.raises(InputError, match="mean: has no weights to fit"):
        fit(tables, scenes, "mean")
    with pytest.raises(InputError, match="validation table of b: 4 clips"):
        fit([tables[0], Outputs(tables[1].filenames[:4], tables[1].probabilities[:4])], scenes, "linear", ["a", "b"])


def test_round_trip_is_exact(tmp_path: Path) -> None:
    tables, scenes = members(50, [1.0, 1.5])
    fusion = fit_linear(tables, scenes, ["a", "b"])
    write_fusion(tmp_path / "f.json", fusion)
    assert read_fusion(tmp_path / "f.json") == fusion


SOUND = {"format": 1, **dataclasses.asdict(Fusion("linear", ("a", "b"), (1.0, 2.0), (0.0,) * 10, 5, 1.0, "x"))}


@pytest.mark.parametrize("content", [
    "", "[]", "{}", "null", "{", b"\xff",
    json.dumps(SOUND | {"format": 2}), json.dumps(SOUND | {"how": "mean"}), json.dumps(SOUND | {"weights": [1.0]}),
    json.dumps(SOUND | {"weights": [1.0, float("nan")]}), json.dumps(SOUND | {"weights": ["x", 1]}),
    json.dumps(SOUND | {"bias": [0.0]}), json.dumps(SOUND | {"more": 1}), json.dumps(SOUND | {"members": 3}),
])
def test_what_is_no_fusion_is_refused(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "f.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=r"f\.json: not the weights of an ensemble"):
        read_fusion(path)
    path.write_text(json.dumps(SOUND))
    assert read_fusion(path).weights == (1.0, 2.0)
    with pytest.raises(InputError, match="no such file; fit the weights first"):
        read_fusion(tmp_path / "none.json")


def index(tmp_path: Path, *splits: str, name: str = "index.csv") -> Path:
    rows = [f"audio/{i}.wav\t{SCENES[i]}\t{split}" for i, split in enumerate(splits)]
    path = tmp_path / name
    path.write_text("\n".join(["filename\tscene\tsplit", *rows]) + "\n")
    return path


def test_true_scenes_come_from_a_list(tmp_path: Path) -> None:
    path = index(tmp_path, "train", "train", "test")
    assert validation_scenes(path, ["1.wav", "0.wav"]).tolist() == [1, 0]
    (tmp_path / "meta.csv").write_text("filename\tscene_label\tidentifier\naudio/1.wav\tbus\tx\n")
    assert validation_scenes(tmp_path / "meta.csv", ["1.wav"]).tolist() == [1]


def test_nothing_is_fitted_on_the_test_fold(tmp_path: Path) -> None:
    for split in ("test", "evaluation"):
        path = index(tmp_path, "train", split)
        with pytest.raises(InputError, match=rf"index\.csv, line 3: audio/1\.wav is of split {split}; weights are "
                                             "fitted on clips held back from training only"):
            validation_scenes(path, ["0.wav", "1.wav"])
    with pytest.raises(InputError, match="the list of the test fold"):
        validation_scenes(index(tmp_path, "train", name="fold1_evaluate.csv"), ["0.wav"])


def test_bad_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"1 of 2 clips .* not in it \(first: 7\.wav\)"):
        validation_scenes(index(tmp_path, "train"), ["0.wav", "7.wav"])
    (tmp_path / "a.csv").write_text("filename\tscene_label\n0.wav\ttrain\n")
    with pytest.raises(InputError, match="line 2: found scene 'train'"):
        validation_scenes(tmp_path / "a.csv", ["0.wav"])
    (tmp_path / "b.csv").write_text("filename\tlabel\n0.wav\tbus\n")
    with pytest.raises(InputError, match="no column scene_label"):
        validation_scenes(tmp_path / "b.csv", ["0.wav"])
