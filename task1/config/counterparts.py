"""Which figure of a run a printed figure is to be set beside, from meta/published/counterparts.yaml.

Output: for a paper, printed figures by what they are about: a network or system, the variant of the entry, the
quantity, the kind of group and the group. Figures without a counterpart (texts, limits, settings) are left out.
"""

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple, get_args

from pydantic import Field, RootModel

from task1.config.base import META, Strict, load, read_yaml
from task1.config.entry import Entry
from task1.config.published import Figure, published
from task1.config.resolve import entry_path
from task1.errors import InputError

PATH = META / "published" / "counterparts.yaml"
Quantity = Literal["accuracy", "accuracy_before", "log_loss", "parameters", "bytes", "macs"]
OVERALL = ("overall", "overall")


class Subject(NamedTuple):
    """A network by its name, or a system as `system 1`; of which variant of the entry ("": the entry as it is)."""

    name: str
    variant: str = ""


class Counterpart(NamedTuple):
    """What a printed figure is about; `kind` and `group` as in task1/scoring/rows.py."""

    subject: Subject
    quantity: str
    kind: str = OVERALL[0]
    group: str = OVERALL[1]


class PrintedTable(Strict):
    """How one table is to be read; see the file's own words."""

    table: str
    subjects: Literal["rows", "columns"]
    of: dict[str, str] | None = None
    variants: dict[str, str] = {}
    figures: dict[str, str] = Field(min_length=1)


class _Papers(RootModel[dict[str, tuple[PrintedTable, ...]]]):
    pass


@cache
def counterparts(entry: str) -> Mapping[Counterpart, Figure]:
    """The printed figures of the paper behind an entry; none for an entry without a paper."""
    result: dict[Counterpart, Figure] = {}
    for table in load(_Papers, PATH).root.get(entry, ()):
        for key, figure in _read(entry, table).items():
            result.setdefault(key, figure)
    return result


def check_counterparts() -> str:
    """Read all papers; a summary."""
    papers = load(_Papers, PATH).root
    return f"{sum(len(counterparts(paper)) for paper in papers)} figures of {len(papers)} papers"


def _read(entry: str, table: PrintedTable) -> dict[Counterpart, Figure]:
    where = f"{PATH}: {entry}: table {table.table}"
    written = load(Entry, entry_path(entry))
    of = table.of if table.of is not None else read_yaml(META / "published" / "networks.yaml")[0].get(entry, {})
    known = {*written.models, *(f"system {number}" for number in written.systems)}
    printed = [figure for figure in published(entry) if figure.table == table.table]
    names = {figure.row if table.subjects == "rows" else figure.column for figure in printed}
    meanings = {figure.column if table.subjects == "rows" else figure.row for figure in printed}
    wrong = ([name for name in table.of or {} if name not in names]
             + [name for name in table.variants if name not in of]
             + [name for name in of.values() if name not in known]
             + [name for name in table.variants.values() if name not in written.variants]
             + [name for name in table.figures if name not in meanings])
    if wrong:
        raise InputError(f"{where}: found {wrong[0]!r}, expected a row or column of that table in {entry}.csv, or a "
                         f"network, system or variant of the entry; correct it")
    result = {}
    for figure in printed:
        name, meaning = (figure.row, figure.column) if table.subjects == "rows" else (figure.column, figure.row)
        if name in of and meaning in table.figures:
            subject = Subject(of[name], table.variants.get(name, ""))
            result[_counterpart(subject, table.figures[meaning], where)] = figure
    return result


def _counterpart(subject: Subject, words: str, where: str) -> Counterpart:
    quantity, *group = words.split()
    if quantity not in get_args(Quantity) or len(group) not in (0, 2):
        raise InputError(f"{where}: found {words!r}, expected a quantity ({', '.join(get_args(Quantity))}), or a "
                         "quantity, a kind of group and a group; correct it")
    return Counterpart(subject, quantity, *(group or OVERALL))
