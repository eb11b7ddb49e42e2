"""Parameters, bytes, MACs and members of a system, and the edition's limits.

Inputs: the claims of one system and its networks, counted anew. Output: rows. Of files whose normalisations are folded
the figures of the published network follow only within bounds: a claim that is within them and not equal is
`not checkable`, one outside differs.
"""

from collections.abc import Iterator
from decimal import Decimal

from submission.audit.claims import Claim
from submission.audit.contents import Entry
from submission.audit.networks import Counted
from submission.audit.rows import NONE, Row, figure, unclaimed, without
from submission.validate.figures import COMPLEXITY, KIBIBYTE
from task1.config import Edition
from task1.limits import Verdict, judge

MEMBERS = "system.description.ensemble_method_subsystem_count"
MISSING = "no network; give --model FILES (or --run)"
FOLDED = "a folded file cannot tell: normalisations became biases; give the folder or the float form"


def complexity_rows(entry: Entry, counted: Counted | None, rules: Edition) -> Iterator[Row]:
    """Every figure of the complexity block, the count of members, the limits; None: no network was given."""
    claims = {key: claim for key, claim in entry.claims.items() if key.startswith(f"{COMPLEXITY}.") or key == MEMBERS}
    if counted is None:
        yield from (without(entry.label, claim, "not given", MISSING) for claim in claims.values() if not claim.is_null)
        yield from _limits_without(entry.label, rules)
        return
    known = _figures(counted, rules)
    wanted = [key.path for key in rules.meta_keys if key.path.removeprefix(f"{COMPLEXITY}.") in known]
    for key in dict.fromkeys([*wanted, *claims]):
        name, claim = key.removeprefix(f"{COMPLEXITY}."), claims.get(key)
        if key == MEMBERS and claim is not None:
            yield _members(entry.label, claim, counted.members)
        elif name in known and claim is None:
            yield unclaimed(entry.label, key, known[name][0], 2)
        elif name in known and claim is not None:
            yield _held(entry.label, claim, *known[name])
        elif claim is not None:
            yield without(entry.label, claim, "not checkable", "no rule says what this key means")
    yield from _limits(entry.label, counted, rules)


def _figures(counted: Counted, rules: Edition) -> dict[str, tuple[float | int | None, float, float]]:
    """By key of the block: what was counted, and how much less and more it may have been before folding."""
    size = counted.size(rules)
    kib, kib_of_all = counted.non_zero_bytes / KIBIBYTE, (counted.bytes + counted.more_bytes) / KIBIBYTE
    figures = {"total_model_size": counted.bytes, "total_parameters": counted.parameters,
               "total_parameters_non_zero": counted.non_zero, "model_size": kib, "memory_use": size,
               "macs": counted.macs}
    if not counted.more:
        return {name: (value, 0, 0) for name, value in figures.items()}
    more = counted.more if rules.size.as_ == "count" else counted.more_bytes
    # rounding to integers makes zeros, folding unmakes them
    bounds = {"total_model_size": (0, counted.more_bytes), "total_parameters": (0, counted.more),
              "total_parameters_non_zero": (counted.non_zero, counted.parameters - counted.non_zero + counted.more),
              "model_size": (kib, kib_of_all - kib),
              "memory_use": (size if rules.size.counted == "non_zero" else 0, more),
              "macs": (counted.fewer_macs, counted.more)}
    return {name: (value, *bounds[name]) for name, value in figures.items()}


def _held(label: str, claim: Claim, value: float | None, less: float, more: float) -> Row:
    if value is None:
        return without(label, claim, "not checkable", "the shapes in the file do not tell how often a layer works")
    row, lowest, highest = figure(label, claim, value), Decimal(value - less), Decimal(value + more)
    if row.verdict == "differs" and claim.printed is not None and lowest < highest and (
            lowest <= claim.printed <= highest):
        return Row(label, claim.key, row.claimed, f"{lowest:f} to {highest:f}", NONE, "not checkable", FOLDED)
    return row


def _members(label: str, claim: Claim, count: int) -> Row:
    """null and 1 both say that it is a single network."""
    if claim.is_null or (claim.printed == 1 and count == 1):
        return Row(label, claim.key, claim.shown, str(count), NONE, "agrees" if count == 1 else "differs", "members")
    return figure(label, claim, count, "members")


def _limits(label: str, counted: Counted, rules: Edition) -> Iterator[Row]:
    size, macs = counted.size(rules), counted.macs
    _, fewer, more = _figures(counted, rules)["memory_use"]
    least = judge(int(size - fewer), (macs or 0) - counted.fewer_macs, rules)
    lowest = {verdict.quantity: verdict for verdict in least}
    for verdict in judge(int(size + more), (macs or 0) + counted.more, rules):
        if verdict.quantity == "macs" and macs is None:
            continue
        yield _limit(label, verdict, lowest[verdict.quantity], size if verdict.quantity == "size" else macs or 0)


def _limit(label: str, highest: Verdict, lowest: Verdict, value: int) -> Row:
    key = f"limit of {'MACs' if highest.quantity == 'macs' else highest.quantity}"
    if highest.limit is None:
        return Row(label, key, "none", f"{value:,}", NONE, "agrees", "")
    limit, recomputed = f"{highest.limit:,}", f"{value:,}"
    if lowest.state == "over":
        return Row(label, key, limit, recomputed, f"{value - highest.limit:+,}", "over the limit", lowest.sentence)
    if highest.state == "over":
        return Row(label, key, limit, recomputed, NONE, "not checkable", FOLDED)
    return Row(label, key, limit, recomputed, NONE, "agrees", highest.sentence)


def _limits_without(label: str, rules: Edition) -> Iterator[Row]:
    for name, limit in (("size", rules.size.limit), ("MACs", rules.macs.limit)):
        if limit is not None:
            yield Row(label, f"limit of {name}", f"{limit:,}", NONE, NONE, "not given", MISSING)
