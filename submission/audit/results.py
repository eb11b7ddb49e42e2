"""Accuracy and log loss of the development test fold: overall, per scene, per device.

Inputs: the claims of one system and its development table joined with a list of true scenes. Output: rows. Without
table or list the claims are `not given`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from submission.audit.claims import Claim
from submission.audit.contents import Entry
from submission.audit.joined import Joined
from submission.audit.rows import NONE, Row, figure, unclaimed, without
from submission.validate.figures import RESULTS
from task1.config import Edition, dataset, names
from task1.scoring.evaluate import Scores

GROUPS = ("class_wise", "device_wise")
CORPUS_NAME = "results.corpus.name"
DECIMALS = {"accuracy": 4, "logloss": 6}
"""Of what is not claimed."""


def result_rows(entry: Entry, joined: Joined | str, scores: Scores, rules: Edition) -> Iterator[Row]:
    """Every figure under results.development_dataset, and what the template has there and the file has not.

    `scores` are those of the joined table; a text instead of one says why there is none.
    """
    claims = {key: claim for key, claim in entry.claims.items() if key.startswith(f"{RESULTS}.")}
    if isinstance(joined, str):
        yield from (without(entry.label, claim, "not given", joined) for claim in claims.values() if not claim.is_null)
        return
    yield _clips(entry, joined, rules)
    for key in dict.fromkeys([*_wanted(rules, scores), *claims]):
        yield _row(entry.label, key, claims.get(key), scores)


def _row(label: str, key: str, claim: Claim | None, scores: Scores) -> Row:
    found = _node(key, scores)
    if found is None:
        if claim is None:
            raise KeyError(key)
        return without(label, claim, "not checkable", "no rule says what this key means")
    node, metric = found
    values = _values(node, metric)
    if claim is None:
        return unclaimed(label, key, values["this"], DECIMALS[metric])
    return figure(label, claim, values.pop("this"), "" if node else "the list has no such clip", values)


def _node(key: str, scores: Scores) -> tuple[Mapping[str, Any] | None, str] | None:
    """The scores of the clips that a key is about (None without clips) and its metric; None for an unknown key."""
    parts = key.removeprefix(f"{RESULTS}.").split(".")
    if parts[-1] not in DECIMALS:
        return None
    if parts[:-1] == ["overall"]:
        return scores, parts[-1]
    if len(parts) == 3 and parts[0] in GROUPS:
        return scores[parts[0]].get(parts[1]), parts[-1]
    return None


def _values(node: Mapping[str, Any] | None, metric: str) -> dict[str, float | None]:
    """What the key means, as `this`, and what else may have been printed."""
    if node is None:
        return {"this": None}
    if metric == "logloss":
        return {"this": node["log_loss"], "the mean over scenes, not over clips": node.get("log_loss_macro")}
    accuracy, micro = node["accuracy"], node.get("accuracy_micro")
    return {"this": None if accuracy is None else 100 * accuracy,
            "the mean over clips, not over scenes": None if micro is None else 100 * micro,
            "a share of 1, not percent": accuracy}


def _wanted(rules: Edition, scores: Scores) -> list[str]:
    """The template's keys of figures, where there is a clip."""
    keys = [key.path for key in rules.meta_keys if key.path.startswith(f"{RESULTS}.") and key.type == "number"]
    return [key for key in keys if (found := _node(key, scores)) and found[0]]


def _clips(entry: Entry, joined: Joined, rules: Edition) -> Row:
    """How many clips the development table has, against the list, or the official test fold where a list has more."""
    key, count = "development table, clips", len(joined.table)
    if joined.exact:
        return Row(entry.label, key, str(count), str(len(joined.truth)), "0", "agrees", f"those of {joined.name}")
    claim = entry.claims.get(CORPUS_NAME)
    name = claim.text if claim and claim.text in names("datasets") else rules.datasets["development"]
    test = dataset(name).counts.test
    if test is None:
        return Row(entry.label, key, str(count), NONE, NONE, "not checkable", f"{name} has no test fold")
    difference = test.files - count
    return Row(entry.label, key, str(count), str(test.files), f"{difference:+d}" if difference else "0",
               "differs" if difference else "agrees", f"{joined.name} has more clips; test fold of {name}")
