"""What an audit says: one row a figure, claimed and recomputed.

A figure is held against its printed digits: it agrees if what was recomputed lies within half a unit of the last digit
that the file prints, and a trailing zero is a digit. A figure that was cut off instead of rounded differs, and is told
so. Differences are recomputed minus claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Literal

from submission.audit.claims import Claim
from submission.validate.findings import named, shown

Verdict = Literal["agrees", "differs", "over the limit", "not claimed", "not given", "not checkable"]
FAILING: tuple[Verdict, ...] = ("differs", "over the limit")
"""What `--strict` stops at."""
PACKAGE = "package"
NONE = "-"
MORE_DIGITS = 2
"""Shown of a recomputed figure beyond those that are printed."""
SIGNIFICANT = 12
"""Digits through which binary fractions are compared, so that their last bits decide nothing."""


@dataclass(frozen=True)
class Row:
    """One figure; `system` is a label, or `package` for what is about all of it."""

    system: str
    key: str
    claimed: str
    recomputed: str
    difference: str
    verdict: Verdict
    why: str


def figure(system: str, claim: Claim, value: float | int | None, why: str = "",
           readings: Mapping[str, float | None] | None = None) -> Row:
    """A claimed number against `value`; None if there is nothing to count. `readings`: by name, what else might have
    been meant; one that agrees where `value` does not is told."""
    printed = claim.printed
    if printed is None:
        if claim.is_null:
            known = NONE if value is None else _plain(_decimal(value), MORE_DIGITS)
            return Row(system, claim.key, "null", known, NONE, "agrees" if value is None else "not claimed", why)
        return Row(system, claim.key, shown(claim.value), NONE, NONE, "differs", "expected a number")
    if value is None:
        return Row(system, claim.key, claim.shown, "nothing", NONE, "differs", why or "nothing to count it on")
    ours = _decimal(value)
    recomputed, difference = _against(printed, ours)
    if fits(printed, ours):
        return Row(system, claim.key, claim.shown, recomputed, difference, "agrees", why)
    told = [f"agrees with {name}" for name, other in (readings or {}).items()
            if other is not None and fits(printed, _decimal(other))]
    if ours.quantize(_unit(printed), rounding=ROUND_DOWN) == printed:
        told.append("its digits cut off, not rounded")
    told += [why] if why else []
    return Row(system, claim.key, claim.shown, recomputed, difference, "differs", "; ".join(told))


def text(system: str, claim: Claim, expected: str, why: str = "") -> Row:
    """A claimed text against the one it has to be."""
    if claim.text == expected:
        return Row(system, claim.key, claim.shown, claim.shown, NONE, "agrees", why)
    return Row(system, claim.key, named(claim.text), named(expected), NONE, "differs", why)


def unclaimed(system: str, key: str, value: float | int | None, decimals: int = 0, why: str = "") -> Row:
    """What can be recomputed and the package says nothing of."""
    told = NONE if value is None else _plain(_decimal(value), decimals)
    return Row(system, key, NONE, told, NONE, "not claimed", why)


def without(system: str, claim: Claim, verdict: Literal["not given", "not checkable"], why: str) -> Row:
    """A claim that nothing was held against, and why."""
    return Row(system, claim.key, claim.shown, NONE, NONE, verdict, why)


def fits(printed: Decimal, ours: Decimal) -> bool:
    """Whether a number is what the printed digits say."""
    return abs(ours - printed) <= _unit(printed) / 2


def half_unit(printed: Decimal) -> Decimal:
    return _unit(printed) / 2


def _against(printed: Decimal, ours: Decimal) -> tuple[str, str]:
    """The recomputed number and its difference as texts, a little finer than what is printed."""
    places = max(0, -_exponent(printed))
    places += MORE_DIGITS if places else 0
    difference = _plain(ours - printed, places)
    return _plain(ours, places), difference if difference.startswith("-") or difference == "0" else f"+{difference}"


def _decimal(value: float | int) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{SIGNIFICANT}g}")


def _exponent(printed: Decimal) -> int:
    exponent = printed.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _unit(printed: Decimal) -> Decimal:
    """One of the last printed digit."""
    return Decimal(1).scaleb(_exponent(printed))


def _plain(number: Decimal, places: int) -> str:
    """With at most so many digits after the point, without zeros at its end."""
    try:
        rounded = number.quantize(Decimal(1).scaleb(-places))
    except InvalidOperation:  # more digits than a Decimal of the default context holds
        return str(number)
    if not rounded:
        return "0"
    told = f"{rounded:f}"
    return told.rstrip("0").rstrip(".") if "." in told else told
