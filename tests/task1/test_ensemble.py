"""Combining tables: closed forms by hand, invariants on random tables, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task1.ensemble import HOWS, Fusion, combine
from task1.errors import InputError
from task1.outputs import Outputs, read_outputs, write_outputs
from task1.scoring.metrics import EPSILON

UNWEIGHTED = ("mean", "log_mean", "vote")


def rows(*values: list[float], decided: list[int] | None = None) -> Outputs:
    """A table of rows whose first probabilities are given, zeros after them."""
    filled = np.array([[*row, *[0.0] * (10 - len(row))] for row in values])
    return Outputs(tuple(f"{i}.wav" for i in range(len(values))), filled,
                   None if decided is None else np.array(decided))


def tables(count: int, clips: int, seed: int, sharpness: float = 0.3) -> list[Outputs]:
    generator = np.random.default_rng(seed)
    return [Outputs(tuple(f"{i}.wav" for i in range(clips)), generator.dirichlet(np.full(10, sharpness), clips))
            for _ in range(count)]


def fusion(how: str, weights: list[float], bias: list[float] | None = None) -> Fusion:
    return Fusion(how, tuple("abcdef"[:len(weights)]), tuple(weights), tuple(bias or [0.0] * 10),  # type: ignore[arg-type]
                  1, 0.0, "")


A, B = rows([0.5, 0.5], [1.0]), rows([0.2, 0.8], [0.0, 1.0])


def test_mean_and_weighted_mean_by_hand() -> None:
    assert combine([A, B], "mean").probabilities[:, :3].tolist() == [[0.35, 0.65, 0], [0.5, 0.5, 0]]
    weighted = combine([A, B], "weighted", [3, 1])
    np.testing.assert_allclose(weighted.probabilities[:, :2], [[0.425, 0.575], [0.75, 0.25]], rtol=1e-15)
    fitted = combine([A, B], "weighted", fusion=fusion("weighted", [0.75, 0.25]))
    assert (fitted.probabilities == weighted.probabilities).all()


def test_geometric_mean_by_hand() -> None:
    found = combine([A, B], "log_mean").probabilities
    roots = np.sqrt([0.1, 0.4])
    np.testing.assert_allclose(found[0, :2], roots / roots.sum(), rtol=1e-12)
    np.testing.assert_allclose(found[0, 2:], EPSILON, rtol=0.5)
    np.testing.assert_allclose(found[1, :2], 0.5, rtol=1e-6)  # one member's zero is no veto


def test_linear_combination_by_hand() -> None:
    bias = [0.0, np.log(3), *[-50.0] * 8]
    found = combine([A, B], "linear", fusion=fusion("linear", [2.0, 0.5], bias)).probabilities[0, :2]
    powers = np.array([0.5 ** 2 * 0.2 ** 0.5, 3 * 0.5 ** 2 * 0.8 ** 0.5])
    np.testing.assert_allclose(found, powers / powers.sum(), rtol=1e-12)


def test_vote_by_hand() -> None:
    members = [rows([0.6, 0.4], [0.9, 0.1]), rows([0.6, 0.4], [0.2, 0.8]), rows([0.0, 1.0], [0.0, 0.3, 0.7])]
    found = combine(members, "vote")
    assert found.decisions.tolist() == [0, 1]  # against the mean (0.4, 0.6); and a tie of three, broken by the mean
    np.testing.assert_allclose(found.probabilities[0, :2], [(2 + 0.4) / 4, (1 + 0.6) / 4], rtol=1e-15)


def test_vote_counts_the_labels_not_the_first_of_a_tie() -> None:
    tie = [rows([0.5, 0.5], decided=[1]), rows([0.5, 0.5], decided=[1]), rows([1.0])]
    assert combine(tie, "vote").decisions.tolist() == [1]


@given(count=st.integers(1, 5), seed=st.integers(0, 10**6), sharpness=st.sampled_from([0.01, 0.3, 5.0]))
@settings(max_examples=40, deadline=None)
def test_vote_is_the_majority_and_ties_go_to_the_mean(count: int, seed: int, sharpness: float) -> None:
    members = tables(count, 30, seed, sharpness)
    found = combine(members, "vote")
    mean = np.mean([member.probabilities for member in members], axis=0)
    for clip in range(30):
        votes = np.bincount([member.decisions[clip] for member in members], minlength=10)
        winners = np.flatnonzero(votes == votes.max())
        assert found.decisions[clip] == winners[mean[clip, winners].argmax()]


@given(count=st.integers(1, 4), seed=st.integers(0, 10**6), sharpness=st.sampled_from([0.01, 0.3, 5.0]))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("how", HOWS)
def test_result_is_a_valid_table_whatever_the_order(tmp_path_factory: pytest.TempPathFactory, how: str, count: int,
                                                    seed: int, sharpness: float) -> None:
    members = tables(count, 12, seed, sharpness)
    weights = list(range(1, count + 1)) if how in ("weighted", "linear") else None
    found = combine(members, how, weights)
    path = tmp_path_factory.getbasetemp() / "ensemble.csv"
    write_outputs(path, found)
    assert read_outputs(path).labels == found.labels
    turned = [Outputs(member.filenames[::-1], member.probabilities[::-1], member.decisions[::-1])
              for member in members[::-1]]
    again = combine(turned, how, weights and weights[::-1])
    assert again.filenames == found.filenames[::-1]
    np.testing.assert_allclose(again.probabilities[::-1], found.probabilities, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("how", UNWEIGHTED)
def test_copies_of_one_member_decide_as_it_does(how: str) -> None:
    (member,) = tables(1, 50, 3)
    found = combine([member] * 3, how)
    assert (found.decisions == member.decisions).all()
    if how != "vote":
        np.testing.assert_allclose(found.probabilities, member.probabilities, atol=1e-14)
    assert combine([member], "single") is member


def test_members_of_other_clips_are_named() -> None:
    with pytest.raises(InputError, match=r"b\.csv, to be joined with a\.csv: 3 clips .* 2 of the list: "
                                         r"1 not asked for \(first: 2\.wav\)"):
        combine([*tables(1, 2, 0), *tables(1, 3, 1)], "mean", names=["a.csv", "b.csv"])


@pytest.mark.parametrize(("how", "weights", "given", "words"), [
    ("median", None, None, "cannot combine by 'median'"),
    ("mean", [1, 1], None, "which takes none"),
    ("weighted", None, None, "found neither"),
    ("weighted", [1, 1], fusion("weighted", [1, 1]), "found both"),
    ("weighted", [1], None, "1 weights for 2 members"),
    ("weighted", [1, -1], None, "none negative"),
    ("weighted", [0, 0], None, "one above 0"),
    ("weighted", [1, float("nan")], None, "finite"),
    ("linear", None, fusion("weighted", [1, 1]), "fitted for weighted, not for linear"),
    ("linear", None, fusion("linear", [1, 1, 1]), "3 weights for 2 members"),
    ("single", None, None, "2 members to combine by 'single'"),
])
def test_what_does_not_go_together_is_refused(how: str, weights: list[float] | None, given: Fusion | None,
                                              words: str) -> None:
    with pytest.raises(InputError, match=words):
        combine([A, B], how, weights, given)


def test_rounded_rows_are_brought_to_sum_1(tmp_path: Path) -> None:
    found = combine([rows([0.333, 0.333, 0.333]), rows([0.5, 0.5])], "mean")
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-15)
