"""All rows of one system, and the figures that it is ranked by."""

from collections.abc import Iterator
from pathlib import Path

from submission.audit.complexity import complexity_rows
from submission.audit.consistency import consistency_rows
from submission.audit.contents import Entry
from submission.audit.evaluation import table_rows
from submission.audit.joined import Joined, join, sort_tables
from submission.audit.networks import Counted, count_networks
from submission.audit.results import result_rows
from submission.audit.rows import NONE, Row
from submission.audit.sources import Sources, Table
from submission.audit.texts import Known, text_rows
from task1.config import Edition
from task1.errors import InputError
from task1.scoring.evaluate import Scores, evaluate
from task1.scoring.truth import Truth

NO_TABLE = "no development table; give --outputs FILES (or --run)"


class System:
    """One system of the package, recomputed as far as the sources go."""

    def __init__(self, entry: Entry, sources: Sources, rules: Edition, known: dict[Path, Counted]) -> None:
        """`known`: networks that were counted for other systems."""
        self.entry, self.sources, self.rules = entry, sources, rules
        self.evaluation, development = sort_tables(sources.tables.get(entry.number, ()), entry.table)
        self.development = _only(development)
        self.joined: Joined | str = join(self.development.outputs, sources.lists) if self.development else NO_TABLE
        self.scores: Scores = {} if isinstance(self.joined, str) else evaluate(self.joined.table, self.joined.truth)
        models = sources.models.get(entry.number, ())
        self.counted: Counted | None = count_networks(models, known) if models else None

    def rows(self) -> Iterator[Row]:
        """In the order of the file, then its table."""
        entry = self.entry
        for finding in entry.findings:
            yield Row(entry.label, finding.where, NONE, NONE, NONE, "differs",
                      finding.message if finding.expected else finding.found)
        done: set[str] = set()
        for row in (*complexity_rows(entry, self.counted, self.rules),
                    *result_rows(entry, self.joined, self.scores, self.rules),
                    *consistency_rows(entry, self._truth())):
            done.add(row.key)
            yield row
        yield from text_rows(entry, Known(self.sources, self.counted, self._clips()), done)
        yield from table_rows(entry, self.evaluation, self.sources.lists, self.rules, self.sources.run is not None)

    def figures(self) -> dict[str, float]:
        """What editions rank by, as far as it was recomputed; accuracy in percent."""
        known: dict[str, float] = {}
        if self.scores:
            known |= {"accuracy": round(100 * self.scores["accuracy"], 10), "log_loss": self.scores["log_loss"]}
        if self.counted and not self.counted.more:
            counts = {"memory": self.counted.size(self.rules), "macs": self.counted.macs}
            known |= {name: value for name, value in counts.items() if value is not None}
        return known

    def _truth(self) -> Truth | None:
        """The list of the development clips; without a table, the one that is about none of the package's."""
        if isinstance(self.joined, Joined):
            return self.joined.truth
        own = set(self.entry.table.filenames) if self.entry.table else set()
        others = [one.truth for one in self.sources.lists if own.isdisjoint(one.truth.filenames)]
        return others[0] if len(others) == 1 and not self.development else None

    def _clips(self) -> dict[str, int]:
        known = {} if self.entry.table is None else {"evaluation": len(self.entry.table)}
        return known | ({"name": len(self.development.outputs)} if self.development else {})


def _only(tables: list[Table]) -> Table | None:
    if len(tables) > 1:
        raise InputError(f"{tables[1].path}: a second development table of one system, beside {tables[0].path}; give "
                         "one of them")
    return tables[0] if tables else None
