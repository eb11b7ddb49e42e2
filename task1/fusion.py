"""Weights of an ensemble's members, fitted on validation clips and kept as JSON.

`weighted`: weights of sum 1, none negative, that minimise the log loss of the weighted mean (a convex problem).
`linear`: one weight a member and one bias a scene on the members' log-probabilities, by multinomial logistic regression
(convex as well): least sum of the clips' losses plus PENALTY/2 times the squared distance from the geometric mean
(weights 1/N, biases 0), without which clips easily told apart, or a scene without clips, would have no finite answer.
Both start from the plain mean and use no random numbers: the same tables give the same weights.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from task1.config import taxonomy
from task1.corpus.lists import read_list
from task1.errors import InputError
from task1.files import write_json
from task1.outputs import Floats, Integers, Outputs, align, basename
from task1.scoring.metrics import EPSILON, clip_losses

Fitted = Literal["weighted", "linear"]
PENALTY = 1.0
HEARD_BY_NOBODY = ("test", "evaluation")  # splits that nothing is fitted on
TEST_LISTS = ("fold1_test.csv", "fold1_evaluate.csv")  # TAU's own, which have no column that says so


@dataclass(frozen=True)
class Fusion:
    """Weights of members and what they were fitted on."""

    how: Fitted
    members: tuple[str, ...]
    weights: tuple[float, ...]
    bias: tuple[float, ...]
    """One number a scene, official order; zeros for `weighted`."""
    clips: int
    log_loss: float
    """Of the combination on the validation clips, in nats."""
    validation: str
    """SHA-256 of the validation clips' names, true scenes and members' probabilities, by order of name."""


def fit(members: Sequence[Outputs], scenes: Integers, how: str, names: Sequence[str] = ()) -> Fusion:
    """Weights by `fit_linear` or `fit_weights`; the scenes are those of the first member's clips, in its order."""
    if how == "linear":
        return fit_linear(members, scenes, names)
    if how == "weighted":
        return fit_weights(members, scenes, names)
    raise InputError(f"{how}: has no weights to fit; expected weighted or linear")


def fit_weights(members: Sequence[Outputs], scenes: Integers, names: Sequence[str] = ()) -> Fusion:
    """Weights of sum 1 that minimise the mean of -log(sum of w_n p_n(true))."""
    names, values = _joined(members, scenes, names)
    true = values[:, np.arange(len(scenes)), scenes]  # (member, clip)

    def loss(weights: Floats) -> tuple[float, Floats]:
        mixed = weights @ true
        known = np.maximum(mixed, EPSILON)
        return -float(np.log(known).mean()), -(true * (mixed >= EPSILON) / known).mean(axis=1)

    start = np.full(len(members), 1 / len(members))
    found = minimize(loss, start, jac=True, method="SLSQP", bounds=[(0, 1)] * len(start), options={"ftol": 1e-12},
                     constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like})
    weights = np.round(np.clip(found.x, 0, None), 9)  # the search leaves dust of 1e-17 where a weight is 0
    weights /= weights.sum()
    if not loss(weights)[0] <= loss(start)[0]:
        weights = start
    return _fusion("weighted", names, weights, np.zeros(values.shape[2]), np.tensordot(weights, values, 1), members,
                   values, scenes)


def fit_linear(members: Sequence[Outputs], scenes: Integers, names: Sequence[str] = ()) -> Fusion:
    """Weights and biases of least penalised cross-entropy of softmax(sum of w_n log p_n + k)."""
    names, values = _joined(members, scenes, names)
    scores = np.log(np.maximum(values, EPSILON))
    count, clips, width = scores.shape
    prior = np.concatenate([np.full(count, 1 / count), np.zeros(width)])
    wanted = np.eye(width)[scenes]

    def combined(x: Floats) -> Floats:
        return np.tensordot(x[:count], scores, 1) + x[count:]

    def loss(x: Floats) -> tuple[float, Floats]:
        z = combined(x)
        excess = softmax(z, axis=1) - wanted
        slope = np.concatenate([np.einsum("nic,ic->n", scores, excess), excess.sum(axis=0)])
        total = (logsumexp(z, axis=1) - z[np.arange(clips), scenes]).sum() + PENALTY / 2 * ((x - prior) ** 2).sum()
        return total / clips, (slope + PENALTY * (x - prior)) / clips

    def curvature(x: Floats) -> Floats:
        p = softmax(combined(x), axis=1)
        mean = np.einsum("nic,ic->ni", scores, p)
        inner = np.einsum("nic,mic,ic->nm", scores, scores, p) - mean @ mean.T
        mixed = np.einsum("nic,ic->nc", scores, p) - mean @ p
        whole = np.block([[inner, mixed], [mixed.T, np.diag(p.sum(axis=0)) - p.T @ p]])
        return (whole + PENALTY * np.eye(len(x))) / clips

    found = minimize(loss, prior, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-10}).x
    return _fusion("linear", names, found[:count], found[count:], softmax(combined(found), axis=1), members, values,
                   scenes)


def validation_scenes(path: Path, filenames: Sequence[str]) -> Integers:
    """True scenes of validation clips from a list (an index of this tool, TAU's meta.csv or fold1_train.csv).

    Refused are clips of the test fold or an evaluation set, as far as the list tells.
    """
    if path.name in TEST_LISTS:
        raise InputError(f"{path}: the list of the test fold, which nothing may be fitted on; expected clips held back "
                         "from training, with their scenes from an index or TAU's meta.csv")
    table = read_list(path, ["filename"], ["scene", "scene_label", "split"])
    column = next((name for name in ("scene", "scene_label") if name in table), None)
    if column is None:
        raise InputError(f"{path}, line 1: no column scene_label; expected filename and scene_label, or an index")
    rows = {basename(name): line for line, name in table["filename"].items()}
    wanted = [basename(name) for name in filenames]
    missing = [name for name in wanted if name not in rows]
    if missing:
        raise InputError(f"{path}: {len(missing)} of {len(wanted)} clips to be fitted on are not in it (first: "
                         f"{missing[0]}); give the list they are from")
    chosen = table.loc[[rows[name] for name in wanted]]
    if "split" in table:
        unheard = chosen[chosen["split"].isin(HEARD_BY_NOBODY)]
        if len(unheard):
            raise InputError(f"{path}, line {unheard.index[0]}: {unheard['filename'].iloc[0]} is of split "
                             f"{unheard['split'].iloc[0]}; weights are fitted on clips held back from training only")
    known = {scene: number for number, scene in enumerate(taxonomy().scenes)}
    for line, scene in chosen[column].items():
        if scene not in known:
            raise InputError(f"{path}, line {line}: found scene {scene!r}, expected one of {', '.join(known)}")
    return np.array([known[scene] for scene in chosen[column]], dtype=np.int64)


def write_fusion(path: Path, fusion: Fusion) -> None:
    """Write the weights as JSON, whole or not at all."""
    write_json(path, {"format": 1, **asdict(fusion)})


def read_fusion(path: Path) -> Fusion:
    """The weights that `write_fusion` wrote; anything else is refused."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != 1:
            raise ValueError("another format")
        fusion = Fusion(how=content.pop("how"), members=tuple(map(str, content.pop("members"))),
                        weights=tuple(map(float, content.pop("weights"))),
                        bias=tuple(map(float, content.pop("bias"))), clips=int(content.pop("clips")),
                        log_loss=float(content.pop("log_loss")), validation=str(content.pop("validation")))
        if content or fusion.how not in ("weighted", "linear"):
            raise ValueError("unknown keys or kind")
        sound = np.isfinite([*fusion.weights, *fusion.bias]).all()
        if not sound or len(fusion.members) != len(fusion.weights) or len(fusion.bias) != len(taxonomy().scenes):
            raise ValueError("weights or biases that are not finite or not as many as members and scenes")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; fit the weights first") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not the weights of an ensemble ({error!r}); fit them again") from None
    return fusion


def _joined(members: Sequence[Outputs], scenes: Integers, names: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    """Names of the members and their probabilities (member, clip, scene) in the first one's order."""
    names = tuple(names) or tuple(f"member {number}" for number in range(1, len(members) + 1))
    if not members or len(names) != len(members) or len(scenes) != len(members[0]) or not len(scenes):
        raise ValueError(f"{len(members)} members, {len(names)} names, {len(scenes)} true scenes of "
                         f"{len(members[0]) if members else 0} clips")
    values = [align(member, members[0].filenames, f"validation table of {name}").probabilities
              for member, name in zip(members, names, strict=True)]
    return names, np.stack(values)


def _fusion(how: Fitted, names: Sequence[str], weights: Floats, bias: Floats, mixed: Floats,
            members: Sequence[Outputs], values: Floats, scenes: Integers) -> Fusion:
    order = np.argsort(np.array(members[0].filenames))
    content = hashlib.sha256("\n".join(members[0].filenames[row] for row in order).encode("utf-8", "surrogatepass"))
    content.update(scenes[order].astype("<i8").tobytes())
    content.update(values[:, order].astype("<f8").tobytes())
    return Fusion(how, tuple(names), tuple(weights.tolist()), tuple(bias.tolist()), len(scenes),
                  float(clip_losses(mixed, scenes).mean()), content.hexdigest())
