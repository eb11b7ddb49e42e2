"""One finding of the doctor, and findings as text or JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """`area` is what was looked at; `mend` what to do, "" where nothing has to be done."""

    level: Level
    area: str
    what: str
    mend: str = ""


def ok(area: str, what: str) -> Finding:
    return Finding("ok", area, what)


def warning(area: str, what: str, mend: str) -> Finding:
    return Finding("warning", area, what, mend)


def problem(area: str, what: str, mend: str) -> Finding:
    return Finding("problem", area, what, mend)


def as_text(findings: Sequence[Finding]) -> str:
    """One line a finding, and a last one that sums up."""
    width = max((len(found.area) for found in findings), default=0)
    lines = [f"{found.level:<8} {found.area:<{width}}  {found.what}" + (f"; {found.mend}" if found.mend else "")
             for found in findings]
    return "\n".join([*lines, _verdict(findings)])


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """For programs: the findings in their order, and how many there are of each level."""
    counts = Counter(found.level for found in findings)
    return {"findings": [asdict(found) for found in findings],
            "counts": {level: counts[level] for level in ("ok", "warning", "problem")}}


def _verdict(findings: Sequence[Finding]) -> str:
    counts = Counter(found.level for found in findings)
    told = [f"{counts[level]} {level}{'s' if counts[level] > 1 else ''}" for level in ("problem", "warning")
            if counts[level]]
    return ", ".join(told) + "." if told else "Nothing found that would fail."
