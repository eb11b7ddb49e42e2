"""`task1 doctor`: what would fail here, and how to mend it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import WORK, add_verb

if TYPE_CHECKING:
    from task1.commands import Verbs
    from task1.doctor import Patient

DESCRIPTION = """\
Look at machine, environment, corpus, caches and work folder, and say what would fail in a run and how to mend it: one
line a finding (ok, warning or problem). Nothing is changed. What a run needs on disk and in memory is projected from
the counts of its data sets and from its recipe.

Quick, it looks at sizes, forms and samples. With --deep it reads all of it: digests of feature parts and of what the
pipeline made, headers of all recordings.

exit status: 0 nothing would fail (warnings at most), 1 something would

examples:
  task1 doctor                                        before a first run
  task1 doctor --entry zhao2021 --profile full --data /where/the/corpora/lie
  task1 doctor --run work/runs/wang2023-demo --deep   after a crash, or a disk that was full
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "doctor", "what would fail here, and how to mend it", DESCRIPTION)
    parser.add_argument("--run", type=Path, metavar="DIR", help="a run folder, with its config.yaml; else the run is "
                        "told by the options below")
    parser.add_argument("--entry", metavar="NAME|FILE", help="recipe (default: wang2023)")
    parser.add_argument("--profile", metavar="NAME|FILE", help="demo, full, tiny (default: demo)")
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="folder that holds the TAU folders (default: <work>/corpora)")
    parser.add_argument("--work", type=Path, metavar="DIR",
                        help="where everything is written (default: work/ beside run_all.sh)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where networks would be trained (default: %(default)s)")
    parser.add_argument("--deep", action="store_true", help="read everything, not sizes and samples alone")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="of what is printed (default: %(default)s)")
    parser.set_defaults(handler=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    import json

    from task1.doctor import as_json, as_text, examine

    findings = list(examine(_patient(arguments), arguments.deep))
    print(json.dumps(as_json(findings), indent=2, ensure_ascii=False) if arguments.format == "json"
          else as_text(findings))
    return int(any(found.level == "problem" for found in findings))


def _patient(arguments: argparse.Namespace) -> "Patient":
    from task1.config import load_run, resolve
    from task1.doctor import Patient
    from task1.errors import InputError

    if arguments.run:
        if any((arguments.entry, arguments.profile, arguments.data, arguments.work)):
            raise InputError("--run names a run that is there, so --entry, --profile, --data and --work say nothing "
                             "more; give one or the other")
        return Patient(load_run(arguments.run), arguments.run, arguments.device)
    work = (arguments.work or WORK).absolute()
    data = arguments.data.absolute() if arguments.data else Path("corpora")
    run = resolve(arguments.entry or "wang2023", arguments.profile or "demo", corpora=data)
    return Patient(run, work / "runs" / run.name, arguments.device)
