"""`task1 bench`: how fast this is, on this machine, beside what is wished for and what others do."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import WORK, add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs

SECTIONS = {
    "extraction": "log-mels: ours against librosa, two workers against one, memory, a whole data set",
    "training": "steps of training: ours against the published loop, integers against floats",
    "startup": "help of every command, a whole demo run, a run with nothing to do",
    "scoring": "a million rows scored, a package of four systems audited",
    "growth": "cost against size: index, verify, spectrum correction, features, scoring",
}
FORMS = ("text", "md", "json")

DESCRIPTION = f"""\
Measure how fast this is: each figure beside a plain peer (what programs of the field do, restated for the comparison
and computing the same thing) or beside what is wished for (meta/bench.yaml). Both sides are measured in turns, in one
run. See docs/performance.md.

sections:
{''.join(f'  {name:<12}{what}{chr(10)}' for name, what in SECTIONS.items())}
In full the whole takes about half an hour on a quiet machine and 6 GB of temporary files (TMPDIR says where).

examples:
  task1 bench
  task1 bench extraction scoring --format md
  task1 bench --quick
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "bench", "how fast this is, beside what others do", DESCRIPTION)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="default: all")
    parser.add_argument("--quick", action="store_true", help="so little of everything that nothing can be judged")
    parser.add_argument("--out", type=Path, default=WORK / "bench", metavar="DIR",
                        help="where bench.json, bench.md and the figure are written (default: work/bench beside "
                        "run_all.sh)")
    parser.add_argument("--format", choices=FORMS, default="text", help="of what is printed (default: %(default)s)")
    parser.set_defaults(handler=_bench)


def _bench(arguments: argparse.Namespace) -> None:
    from task1.errors import InputError

    unknown = [name for name in arguments.sections if name not in SECTIONS]
    if unknown:
        raise InputError(f"{unknown[0]}: no such section; there are: {', '.join(SECTIONS)}")
    from task1.bench.rows import Size
    from task1.bench.run import bench

    chosen = [name for name in SECTIONS if name in arguments.sections or not arguments.sections]
    print(bench(chosen, Size.QUICK if arguments.quick else Size.FULL, arguments.out, arguments.format), end="")
