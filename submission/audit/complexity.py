"""Parameters, bytes, MACs and members of a system, and the edition's limits.

Inputs: the claims of one system and its networks, counted anew. Output: rows. Folded and integer files only bound the
figures of the published network: a claim that is within the bounds and not equal is `not checkable`, one outside
differs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from submission.audit.claims import Claim
from submission.audit.contents import Entry
from submission.audit.networks import Counted
from submission.audit.rows import NONE, Row, figure, half_unit, unclaimed, without
from submission.validate.figures import COMPLEXITY, KIBIBYTE
from task1.config import Edition
from task1.limits import Verdict, judge

MEMBERS = "system.description.ensemble_method_subsystem_count"
MISSING = "no network; give --model FILES (or --run)"
FOLDED = "a folded or integer file only bounds the published network; give its folder, or its float form as well"
TYPELESS = "the float form does not say in what type it ships; give that file as well"
SHAPELESS = "the shapes in the file do not tell how often a layer works"


@dataclass(frozen=True)
class Range:
    """A count, and how much less and more it may be of the published network; None where a file does not tell."""

    value: float | int | None
    less: float = 0
    more: float = 0

    @property
    def least(self) -> float:
        return (self.value or 0) - self.less

    @property
    def most(self) -> float:
        return (self.value or 0) + self.more


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
            yield unclaimed(entry.label, key, known[name].value, 2)
        elif name in known and claim is not None:
            yield _held(entry.label, claim, known[name])
        elif claim is not None:
            yield without(entry.label, claim, "not checkable", "no rule says what this key means")
    yield from _width(entry, counted)
    yield from _limits(entry.label, counted, rules)


def _figures(counted: Counted, rules: Edition) -> dict[str, Range]:
    """By key of the block: what was counted."""
    size = counted.size(rules)
    figures: dict[str, float | int | None] = {
        "total_model_size": counted.bytes, "total_parameters": counted.parameters,
        "total_parameters_non_zero": counted.non_zero, "memory_use": size, "macs": counted.macs,
        "model_size": None if counted.non_zero_bytes is None else counted.non_zero_bytes / KIBIBYTE}
    if not counted.more + counted.fewer:
        return {name: Range(value) for name, value in figures.items()}
    more, less = counted.more_bytes, counted.fewer and (counted.bytes or 0)
    # rounding to integers makes zeros, folding unmakes them: nothing is known of these but that they are parameters
    zeros = counted.parameters - counted.non_zero
    size_more = counted.more if rules.size.as_ == "count" else more
    bounds = {
        "total_model_size": (less, more), "total_parameters": (counted.fewer, counted.more),
        "total_parameters_non_zero": (counted.non_zero, zeros + counted.more),
        "model_size": (figures["model_size"] or 0,
                       ((counted.bytes or 0) - (counted.non_zero_bytes or 0) + more) / KIBIBYTE),
        "memory_use": (size if counted.fewer or rules.size.counted == "non_zero" else 0, size_more),
        "macs": (counted.fewer_macs, counted.more),
    }
    return {name: Range(value, *(bound or 0 for bound in bounds[name])) for name, value in figures.items()}


def _held(label: str, claim: Claim, found: Range) -> Row:
    if found.value is None:
        return without(label, claim, "not given", TYPELESS if claim.key.endswith("size") else SHAPELESS)
    row, lowest, highest = figure(label, claim, found.value), Decimal(found.least), Decimal(found.most)
    if row.verdict == "differs" and claim.printed is not None and lowest < highest and (
            lowest <= claim.printed <= highest):
        told = f"at most {highest:f}" if not lowest else f"{lowest:f} to {highest:f}"
        return Row(label, claim.key, row.claimed, told, NONE, "not checkable", FOLDED)
    return row


def _width(entry: Entry, counted: Counted) -> Iterator[Row]:
    """Bytes a parameter, which folded files tell as well as others."""
    size, parameters = (entry.claims.get(f"{COMPLEXITY}.{name}") for name in ("total_model_size", "total_parameters"))
    if size and parameters and size.printed and parameters.printed and counted.bytes and counted.more:
        claimed, found = size.printed / parameters.printed, Decimal(counted.bytes) / counted.parameters
        yield Row(entry.label, "bytes a parameter", f"{claimed:.4g}", f"{found:.4g}", f"{found - claimed:+.4g}",
                  "agrees" if abs(found - claimed) <= half_unit(size.printed) / parameters.printed else "differs",
                  "total_model_size through total_parameters")


def _members(label: str, claim: Claim, count: int) -> Row:
    """null and 1 both say that it is a single network."""
    if claim.is_null or (claim.printed == 1 and count == 1):
        return Row(label, claim.key, claim.shown, str(count), NONE, "agrees" if count == 1 else "differs", "members")
    return figure(label, claim, count, "members")


def _limits(label: str, counted: Counted, rules: Edition) -> Iterator[Row]:
    figures = _figures(counted, rules)
    found = {"size": figures["memory_use"], "macs": figures["macs"]}
    size, macs = found["size"], found["macs"]
    least = {one.quantity: one for one in judge(int(size.least), int(macs.least), rules)}
    for most in judge(int(size.most), int(macs.most), rules):
        if found[most.quantity].value is None:
            yield _unknown(label, most)
        else:
            yield _limit(label, most, least[most.quantity])


def _unknown(label: str, verdict: Verdict) -> Row:
    limit = "none" if verdict.limit is None else f"{verdict.limit:,}"
    return Row(label, _key(verdict.quantity), limit, NONE, NONE, "not given",
               SHAPELESS if verdict.quantity == "macs" else TYPELESS)


def _limit(label: str, most: Verdict, least: Verdict) -> Row:
    """The limit against the counted figure, or against the bounds of it."""
    key, found = _key(most.quantity), f"{'at most ' if most.value > least.value else ''}{most.value:,}"
    if most.limit is None:
        return Row(label, key, "none", found, NONE, "agrees", "")
    limit = f"{most.limit:,}"
    if least.state == "over":
        return Row(label, key, limit, found, f"{least.value - most.limit:+,}", "over the limit", least.sentence)
    if most.state == "over":
        return Row(label, key, limit, found, NONE, "not checkable", FOLDED)
    return Row(label, key, limit, found, NONE, "agrees", most.sentence)


def _key(quantity: str) -> str:
    return f"limit of {'MACs' if quantity == 'macs' else quantity}"


def _limits_without(label: str, rules: Edition) -> Iterator[Row]:
    for quantity, limit in (("size", rules.size.limit), ("macs", rules.macs.limit)):
        if limit is not None:
            yield Row(label, _key(quantity), f"{limit:,}", NONE, NONE, "not given", MISSING)
