"""English words for counts and lists: "one epoch", "three networks", "a, b and c"."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from submission.technical.markup import Typst, escape

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def listing(items: Iterable[object], last: str = "and") -> Typst:
    """a / a and b / a, b and c."""
    texts = [escape(item) for item in items]
    if len(texts) < 2:
        return Typst("".join(texts))
    return Typst(f"{', '.join(texts[:-1])} {last} {texts[-1]}")


def number(count: int) -> str:
    """In words up to twelve, then in digits."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def plural(noun: str, count: int) -> str:
    """The noun in the form that follows a count."""
    if count == 1:
        return noun
    if noun.endswith("s"):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"


def counted(count: int, noun: str) -> str:
    """one clip / three clips / 1,200 clips."""
    return f"{number(count)} {plural(noun, count)}"


def measured(count: int, noun: str) -> str:
    """1 epoch / 3 epochs, in digits as figures of a method are."""
    return f"{count:,} {plural(noun, count)}"


def capital(text: Typst) -> Typst:
    return Typst(text[:1].upper() + text[1:])


def plain(value: float) -> str:
    """A setting as people write it: 0.001, and 5 × 10⁻⁵ below that."""
    if value and abs(value) < 1e-3:
        mantissa, exponent = f"{value:e}".split("e")
        power = f"10{str(int(exponent)).translate(_RAISED)}"
        return power if float(mantissa) == 1 else f"{float(mantissa):g}\u00a0×\u00a0{power}"
    return f"{value:,.10g}"


def percent(share: float) -> str:
    """A share of one as a setting in percent."""
    return f"{100 * share:g}\u00a0%"


def shown(value: Any) -> str:
    """A recipe's value in a table."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return plain(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(part)}" for key, part in value.items())
    if isinstance(value, Sequence) and value and all(isinstance(part, bool) for part in value):
        return _flags(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        nested = any(isinstance(part, Sequence) and not isinstance(part, str) for part in value)
        return ("; " if nested else ", ").join(map(shown, value))
    return str(value)


def _flags(flags: Sequence[bool]) -> str:
    """Which of several are switched on."""
    on = [position for position, flag in enumerate(flags, start=1) if flag]
    if len(on) in (0, len(flags)):
        return f"all {len(flags)}" if on else f"none of {len(flags)}"
    return f"{'no.' if len(on) == 1 else 'nos.'} {listing(on)} of {len(flags)}"


def uncapital(text: Typst) -> Typst:
    """To go on after "For the teachers, ", unless the first word is an abbreviation."""
    return text if text[1:2].isupper() else Typst(text[:1].lower() + text[1:])
