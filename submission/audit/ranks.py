"""What the edition ranks by, of each system of the package, from recomputed figures.

A package claims no rank; with its systems alone only their order among themselves is known, and on the development test
fold. (`task1 leaderboard` places systems among official results.)
"""

from collections.abc import Iterator, Mapping

from submission.audit.rows import NONE, PACKAGE, Row, unclaimed
from task1.config import Edition
from task1.scoring.ranking import Contender, formula, missing, rank_systems, word


def rank_rows(figures: Mapping[str, Mapping[str, float]], rules: Edition) -> Iterator[Row]:
    """`figures`: by label, accuracy (percent) and log loss of the development test fold, memory, macs."""
    contenders = [Contender(label, None, known) for label, known in figures.items()]
    complete = [contender for contender in contenders if not missing(contender, rules.ranking)]
    if len(complete) < len(contenders):
        lacking = sorted({word(name) for contender in contenders for name in missing(contender, rules.ranking)})
        yield Row(PACKAGE, "rank score", NONE, NONE, NONE, "not given",
                  f"not recomputed of every system: {', '.join(lacking)}")
        return
    for placed in rank_systems(complete, rules.ranking):
        why = (f"rank {placed.rank} of the package's {len(complete)}, on the development test fold; "
               f"{formula(rules.ranking)}")
        yield unclaimed(placed.contender.name, "rank score", placed.score, 6, why)
