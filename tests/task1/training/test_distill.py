"""Distillation: KL against scipy, softening against its formula, joining by name, blends of both heads."""

import numpy as np
import pytest
import torch
from scipy.special import rel_entr, softmax
from torch.nn.functional import one_hot

from task1.config import taxonomy
from task1.config.recipe import Distillation
from task1.errors import InputError
from task1.outputs import Outputs
from task1.training.distill import distilled, divergence, soften, taught
from task1.training.loss import head_losses

RANDOM = np.random.default_rng(3)
PARENTS = list(taxonomy().parents)


def recipe(**changes: object) -> Distillation:
    return Distillation.model_validate({"teachers": ["t"], "temperature": 2.0, "weight": 0.9, **changes})


def table(count: int = 12) -> Outputs:
    return Outputs(tuple(f"audio/{i}.wav" for i in range(count)), RANDOM.dirichlet(np.ones(10), count))


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_divergence_is_the_mean_over_clips_of_kullback_leibler(temperature: float) -> None:
    logits, targets = RANDOM.normal(size=(8, 10)), RANDOM.dirichlet(np.ones(10), 8)
    expected = temperature ** 2 * rel_entr(targets, softmax(logits / temperature, axis=1)).sum(axis=1).mean()
    found = divergence(torch.from_numpy(logits), torch.from_numpy(targets), temperature)
    np.testing.assert_allclose(found.item(), expected, rtol=1e-12)


def test_divergence_of_equals_is_zero_and_zeros_in_targets_are_harmless() -> None:
    logits = torch.from_numpy(RANDOM.normal(size=(8, 10)))
    assert abs(divergence(logits, (logits / 3).softmax(dim=1), 3.0).item()) < 1e-12
    certain = one_hot(torch.arange(8), 10).double()
    np.testing.assert_allclose(divergence(logits, certain, 1.0).item(),
                               -logits.log_softmax(dim=1).diagonal().mean().item(), rtol=1e-12)


def test_softening_is_that_of_the_teachers_logits() -> None:
    logits = RANDOM.normal(scale=4, size=(8, 10))
    found = soften(torch.from_numpy(softmax(logits, axis=1)), 2.5)
    np.testing.assert_allclose(found, softmax(logits / 2.5, axis=1), rtol=1e-9)
    assert torch.isfinite(soften(torch.eye(10, dtype=torch.float64), 2.0)).all()


def test_targets_are_joined_by_name_and_averaged_over_teachers() -> None:
    first, second = table(), table()
    shuffled = RANDOM.permutation(12)
    second = Outputs(tuple(second.filenames[i] for i in shuffled), second.probabilities[shuffled])
    sources = ["elsewhere/7.wav", "audio/2.wav", "7.wav"]  # an augmented copy has the source of its original
    mean = (first.probabilities[[7, 2, 7]] + np.array([second.probabilities[second.filenames.index(f"{i}.wav")]
                                                      for i in (7, 2, 7)])) / 2
    supers = mean @ np.eye(3)[PARENTS]
    found = taught([first, second], sources, recipe(teachers=["a", "b"])).numpy()
    np.testing.assert_allclose(found[:, :10], softmax(np.log(mean) / 2, axis=1), rtol=1e-5)
    np.testing.assert_allclose(found[:, 10:], softmax(np.log(supers) / 2, axis=1), rtol=1e-5)


def test_a_clip_that_a_teacher_does_not_know_is_named() -> None:
    with pytest.raises(InputError, match=r"teacher t: 1 of 2 clips .*first: 99.wav.*--part learning"):
        taught([table()], ["3.wav", "audio/99.wav"], recipe())


@pytest.mark.parametrize("super_labels", ["teacher", "truth"])
def test_blends_of_both_heads(super_labels: str) -> None:
    chosen = recipe(super_labels=super_labels, weight=0.7)
    logits = torch.from_numpy(RANDOM.normal(size=(6, 13)))
    soft = taught([table()], [f"{i}.wav" for i in range(6)], chosen)
    losses = head_losses(logits, one_hot(torch.arange(6), 10).double())
    scene, supers = distilled(losses, logits, soft, chosen)
    assert losses[1] is not None
    assert supers is not None
    np.testing.assert_allclose(scene, 0.7 * divergence(logits[:, :10], soft[:, :10], 2.0) + 0.3 * losses[0], rtol=1e-6)
    by_teacher = 0.7 * divergence(logits[:, 10:], soft[:, 10:], 2.0) + 0.3 * losses[1]
    np.testing.assert_allclose(supers, by_teacher if super_labels == "teacher" else losses[1], rtol=1e-6)


def test_a_network_of_one_head_is_taught_scenes_alone() -> None:
    logits = torch.from_numpy(RANDOM.normal(size=(6, 10)))
    losses = head_losses(logits, one_hot(torch.arange(6), 10).double())
    _, supers = distilled(losses, logits, taught([table()], [f"{i}.wav" for i in range(6)], recipe()), recipe())
    assert supers is None
