"""Figures against an edition's limits. (Counting them needs torch, judging them does not.)

Inputs: what the edition's size limit speaks of (bytes or a number of parameters), MACs, the edition. Output: verdicts.
"""

from dataclasses import dataclass
from typing import Literal

from task1.config import Edition


@dataclass(frozen=True)
class Verdict:
    quantity: Literal["size", "macs"]
    value: int
    limit: int | None
    state: Literal["within", "warning", "over", "unlimited"]
    sentence: str


def judge(size: int, macs: int, edition: Edition) -> list[Verdict]:
    """Figures (of one network, or summed over an ensemble) against the edition's limits."""
    rule = edition.size
    which = "all parameters" if rule.counted == "all" else "non-zero parameters"
    unit = "parameters" if rule.as_ == "count" else "bytes"
    return [_verdict("size", size, rule.limit, rule.warn_above, f"{which}: {size:,} {unit}"),
            _verdict("macs", macs, edition.macs.limit, None, f"{macs:,} MACs ({edition.macs.convention})")]


def _verdict(quantity: Literal["size", "macs"], value: int, limit: int | None, warn_above: int | None,
             text: str) -> Verdict:
    if limit is None:
        return Verdict(quantity, value, limit, "unlimited", f"{text}; no limit")
    if value > limit:
        return Verdict(quantity, value, limit, "over", f"{text}, over the limit of {limit:,}")
    if warn_above is not None and value > warn_above:
        return Verdict(quantity, value, limit, "warning",
                       f"{text}, within the limit of {limit:,} but over {warn_above:,}, which some read as the limit")
    return Verdict(quantity, value, limit, "within", f"{text}, within the limit of {limit:,}")
