"""Everything that a package claims, recomputed: `submission audit PACKAGE.zip`.

Inputs: anybody's package; what it is recomputed from (lists of true scenes, output tables, networks, a run, a record).
Output: one row a figure: claimed, recomputed, difference, verdict. Claims are read from the zip alone, figures are
recomputed from the other inputs alone. Nothing in a package, however made, raises anything; InputError is for the other
inputs. See docs/audit.md.
"""

from pathlib import Path

from submission.audit.contents import read_contents
from submission.audit.digests import digest_rows
from submission.audit.networks import Counted
from submission.audit.ranks import rank_rows
from submission.audit.rows import NONE, PACKAGE, Row, Verdict
from submission.audit.show import Audit, render
from submission.audit.sources import Given, gather, package_of
from submission.audit.system import System
from submission.validate.system import is_embedded
from task1.config import Edition, edition, load_run

__all__ = ["Audit", "Given", "Row", "Verdict", "audit", "package_of", "render"]


def audit(path: Path, given: Given, rules: Edition | None = None) -> Audit:
    """Every row of a package; the edition is the run's, or guessed, where none is given."""
    if rules is None and given.run is not None:
        rules = edition(load_run(given.run).edition)
    contents = read_contents(path, rules)
    sources = gather(given, [entry.number for entry in contents.entries])
    known: dict[Path, Counted] = {}
    systems = [System(entry, sources, contents.rules, known) for entry in contents.entries]
    rows = [Row(PACKAGE, one.where, NONE, NONE, NONE, "differs", one.message) for one in contents.findings]
    if sources.record is not None:
        rows += digest_rows(contents, sources.record, sources.models)
    for system in systems:
        rows += system.rows()
    rows += rank_rows({system.entry.label: system.figures() for system in systems}, contents.rules)
    embedded = any(is_embedded(entry.tree) for entry in contents.entries)
    return Audit(path.name, contents.rules, contents.guessed, embedded, tuple(rows))
