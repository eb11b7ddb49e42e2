"""What the claimed results say of each other, whatever else is given.

The overall accuracy is the mean of the scenes' accuracies; the overall log loss is the mean of the scenes' (of the
devices') log losses, weighted by their clips, which a list of true scenes tells. Every printed number may be off by
half of its last digit, and so may their mean.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

from submission.audit.contents import Entry
from submission.audit.rows import Row, half_unit
from submission.validate.figures import RESULTS
from task1.config import taxonomy
from task1.scoring.truth import Truth

WHY = "from the other claims alone"


def consistency_rows(entry: Entry, truth: Truth | None) -> Iterator[Row]:
    """The overall figures as means of claimed ones; those that need clips only with a list."""
    for group, metric in (("class_wise", "accuracy"), ("class_wise", "logloss"), ("device_wise", "logloss")):
        overall = entry.claims.get(f"{RESULTS}.overall.{metric}")
        inside = _inside(entry, group, metric)
        if overall is None or overall.printed is None or not inside:
            continue
        clips = Counter(dict.fromkeys(inside, 1)) if metric == "accuracy" else _clips(group, truth)
        if metric == "accuracy" or clips.keys() == inside.keys():
            yield _mean(entry.label, f"overall {metric} = mean of {group}", overall.printed, inside, clips)


def _inside(entry: Entry, group: str, metric: str) -> dict[str, Decimal]:
    """The claimed figures of a group; nothing if one of them is no number."""
    start, end = f"{RESULTS}.{group}.", f".{metric}"
    claims = {key.removeprefix(start).removesuffix(end): claim for key, claim in entry.claims.items()
              if key.startswith(start) and key.endswith(end) and not claim.is_null}
    known = {name: claim.printed for name, claim in claims.items() if claim.printed is not None}
    return known if len(known) == len(claims) else {}


def _clips(group: str, truth: Truth | None) -> Counter[str]:
    if truth is None:
        return Counter()
    if group == "device_wise":
        return Counter(truth.devices.tolist())
    return Counter(taxonomy().scenes[scene] for scene in truth.scenes.tolist())


def _mean(label: str, key: str, overall: Decimal, inside: Mapping[str, Decimal], clips: Mapping[str, int]) -> Row:
    total = sum(clips[name] for name in inside)
    mean = sum((value * clips[name] for name, value in inside.items()), Decimal()) / total
    leeway = half_unit(overall) + sum((half_unit(value) * clips[name] for name, value in inside.items()),
                                      Decimal()) / total
    difference = mean - overall
    return Row(label, key, str(overall), f"{mean:.6f}", f"{difference:+.6f}",
               "agrees" if abs(difference) <= leeway else "differs", WHY)
