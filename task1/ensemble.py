"""Ensembles: one output table from several, joined by file name.

Of each clip, with p_n the probabilities (scene) of member n of N; every result is of sum 1:

mean      sum of p_n / N
weighted  sum of w_n p_n, the weights scaled to sum 1
log_mean  softmax of (sum of log p_n) / N, the geometric mean
linear    softmax of (sum of w_n log p_n + k): shao2022's linear combination with bias, on scores that are
          log-probabilities; one weight a member, one bias a scene
vote      (votes + mean) / (N + 1): what most members decide wins, and the mean probability breaks ties

Logarithms are of probabilities clipped at the floor of the log loss, so that one member's zero is no veto. Weights that
are not given come from a `Fusion`, fitted on validation clips (see `task1.fusion`).
"""

from collections.abc import Iterator, Sequence
from typing import get_args

import numpy as np
from scipy.special import softmax

from task1.config import System
from task1.errors import InputError
from task1.fusion import Fusion, fit, fit_linear, fit_weights, read_fusion, validation_scenes, write_fusion
from task1.outputs import Floats, Outputs, align
from task1.scoring.metrics import EPSILON

__all__ = ["HOWS", "Fusion", "combine", "fit", "fit_linear", "fit_weights", "read_fusion", "validation_scenes",
           "write_fusion"]

HOWS = tuple(how for how in get_args(System.model_fields["combine"].annotation) if how != "single")
"""Ways of combining, as a recipe's `combine` names them."""


def combine(members: Sequence[Outputs], how: str, weights: Sequence[float] | None = None,
            fusion: Fusion | None = None, names: Sequence[str] = ()) -> Outputs:
    """The table of an ensemble, in the first member's order; `names` (of the tables) stand in error messages.

    `weighted` and `linear` take either `weights` (linear: then without bias) or a `fusion` fitted for them; `single`
    is the one member as it is.
    """
    if not members:
        raise ValueError("an ensemble without members")
    if how not in (*HOWS, "single"):
        raise InputError(f"cannot combine by {how!r}; expected one of {', '.join(HOWS)}")
    chosen, bias = _weights(len(members), how, weights, fusion)
    names = tuple(names) or tuple(f"table of member {number}" for number in range(1, len(members) + 1))
    if how == "single":
        if len(members) != 1:
            raise InputError(f"{len(members)} members to combine by 'single'; expected one of {', '.join(HOWS)}")
        return members[0]
    aligned = _aligned(members, names)
    if how in ("mean", "weighted"):
        return _table(members, _sum(chosen, (member.probabilities for member in aligned)))
    if how in ("log_mean", "linear"):
        logs = (np.log(np.maximum(member.probabilities, EPSILON)) for member in aligned)
        return _table(members, softmax(_sum(chosen, logs) + bias, axis=1))
    return _vote(members, aligned)


def _weights(count: int, how: str, given: Sequence[float] | None, fusion: Fusion | None) -> tuple[Floats, Floats]:
    """A weight a member, and the bias, which is a number a scene or one 0 for all."""
    bias = np.zeros(1)
    if how not in ("weighted", "linear"):
        if given is not None or fusion is not None:
            raise InputError(f"weights for {how}, which takes none; combine by weighted or linear, or leave them out")
        return np.full(count, 1 / count), bias
    if (given is None) == (fusion is None):
        raise InputError(f"{how} takes either weights or a fusion fitted on validation clips; found "
                         f"{'neither' if given is None else 'both'}")
    if fusion is not None:
        if fusion.how != how:
            raise InputError(f"a fusion fitted for {fusion.how}, not for {how}; fit one for {how}")
        given, bias = fusion.weights, np.array(fusion.bias)
    weights = np.array(given, dtype=np.float64)
    if len(weights) != count:
        raise InputError(f"{len(weights)} weights for {count} members; expected one a member")
    if not np.isfinite(weights).all():
        raise InputError(f"weights {' '.join(map(str, weights))}; expected finite numbers")
    if how == "weighted":
        if (weights < 0).any() or weights.sum() == 0:
            raise InputError(f"weights {' '.join(map(str, weights))} for a weighted mean; expected none negative and "
                             "one above 0")
        weights = weights / weights.sum()
    return weights, bias


def _aligned(members: Sequence[Outputs], names: Sequence[str]) -> Iterator[Outputs]:
    """The members one at a time, in the first one's order; refused where their clips differ."""
    for member, name in zip(members, names, strict=True):
        yield align(member, members[0].filenames, f"{name}, to be joined with {names[0]}")


def _sum(weights: Floats, values: Iterator[Floats]) -> Floats:
    total = weights[0] * next(values)
    for weight, value in zip(weights[1:], values, strict=True):
        total += weight * value
    return total


def _vote(members: Sequence[Outputs], aligned: Iterator[Outputs]) -> Outputs:
    rows = np.arange(len(members[0]))
    total = np.zeros_like(members[0].probabilities)
    for member in aligned:
        total += member.probabilities / len(members)
        total[rows, member.decisions] += 1
    return _table(members, total)


def _table(members: Sequence[Outputs], values: Floats) -> Outputs:
    """Rows of sum 1: those of members may be off by the rounding of their text."""
    return Outputs(members[0].filenames, values / values.sum(axis=1, keepdims=True))
