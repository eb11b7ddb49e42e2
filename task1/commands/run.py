"""`task1 run`: the pipeline, as `./run_all.sh` calls it. Up to the handler the standard library is enough."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import WORK, add_verb, positive

if TYPE_CHECKING:
    from task1.commands import Verbs


DESCRIPTION = """\
From recordings to an official DCASE Task 1 submission package. Without arguments: entry wang2023 on the embedded
corpus (synthetic recordings, minutes on a laptop). Only what is stale is done again; a run killed at any moment goes
on where it stood when the same command is given again.
"""

EXAMPLES = """\
stages, by name or number:
{stages}

examples:
  ./run_all.sh                              everything, on the embedded corpus
  ./run_all.sh features                     up to and including stage features
  ./run_all.sh --stage 4 --stop-stage 5     only stages 4 and 5, the ones before taken as they are
  ./run_all.sh --from train                 from train to the end, the stages before taken as they are
  ./run_all.sh --force train                train again although nothing changed, and what depends on it
  ./run_all.sh --set training.epochs=3      change a parameter of the recipe; only what depends on it runs again
  ./run_all.sh --set models.model1.network.hidden=64
  ./run_all.sh --dry-run                    say what would be done, and why; nothing is changed
  ./run_all.sh --seeds 5                    train five times from other seeds; mean and spread of the scores
  ./run_all.sh --entry my_entry.yaml        your own network and recipe (docs/recipes.md)
  ./run_all.sh --profile full --data DIR    the published recipe on the TAU recordings in DIR (docs/corpus.md)
  ./run_all.sh --executor slurm             jobs run on a Slurm cluster (docs/cluster.md)
  ./run_all.sh --list                       entries, profiles, models and systems there are

environment of ./run_all.sh (set-up, once; nothing to do by hand):
  TORCH=auto|cpu|cuda   which build of PyTorch: auto takes CUDA where an NVIDIA driver answers, else CPU
  TORCH_INDEX=URL       take that build from this package index instead
  PYTHON=python3.12     the interpreter for the environment (3.11 or newer)
"""


def register(verbs: "Verbs") -> None:
    from task1.workflow.stages import STAGES

    parser = add_verb(verbs, "run", "the whole pipeline, or some of its stages", DESCRIPTION)
    parser.usage = "./run_all.sh [STAGE] [options]"
    lines = [f"  {number:>2} {stage.name:<9} {stage.summary}" for number, stage in enumerate(STAGES, 1)]
    parser.epilog = EXAMPLES.format(stages="\n".join(lines))
    parser.add_argument("upto", nargs="?", metavar="STAGE", help="last stage to run (default: all)")
    parser.add_argument("--stage", "--from", dest="first", metavar="N|NAME",
                        help="first stage to run; earlier ones are taken as they are")
    parser.add_argument("--stop-stage", dest="stop", metavar="N|NAME", help="last stage to run")
    parser.add_argument("--force", action="append", default=[], metavar="NAME",
                        help="run this stage again although nothing changed (repeatable)")
    parser.add_argument("--entry", default="wang2023", metavar="NAME|FILE", help="recipe (default: %(default)s)")
    parser.add_argument("--profile", default="demo", metavar="NAME|FILE",
                        help="demo: embedded corpus, minutes; full: TAU recordings, as published; tiny: seconds "
                             "(default: %(default)s)")
    parser.add_argument("--system", action="append", type=positive, default=[], dest="systems", metavar="K",
                        help="only this system, with the models behind it (repeatable; default: the profile's choice)")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="KEY=VALUE",
                        help="change one value of the recipe (repeatable)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder that holds the TAU folders "
                        "(default: <work>/corpora; what is missing there is downloaded)")
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR",
                        help="where everything is written (default: work/ beside run_all.sh)")
    parser.add_argument("--skip-bad", action="store_true",
                        help="list recordings that cannot be used and leave them out, instead of stopping")
    parser.add_argument("--seeds", type=positive, default=1, metavar="N",
                        help="train every model from so many seeds and report mean and spread (docs/seeds.md; default: "
                             "%(default)s)")
    parser.add_argument("--name", metavar="NAME", help="folder of the run under <work>/runs, beside others "
                        "(default: entry-profile, and +variant for --set variant=...)")
    parser.add_argument("--jobs", "-j", type=positive, default=os.cpu_count() or 1, metavar="N",
                        help="processor cores of this machine to use, and so many jobs at most (default: all, "
                        "%(default)s); on every GPU one at a time (docs/cluster.md)")
    parser.add_argument("--executor", default="local", metavar="NAME",
                        help="where jobs run: local, slurm or kubernetes (docs/cluster.md; default: %(default)s)")
    parser.add_argument("--cluster-profile", type=Path, metavar="DIR|FILE",
                        help="your cluster's profile (default: the project's, task1/workflow/profiles/)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where networks are trained and executed; auto: NVIDIA GPUs where there are some, cuda: "
                             "or not at all; of several, CUDA_VISIBLE_DEVICES chooses (default: %(default)s)")
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32",
                        help="of training; bf16 is faster on a GPU (default: %(default)s)")
    parser.add_argument("--dry-run", "-n", action="store_true",
                        help="say what would be done and why; nothing in the work folder is changed, not even a file's "
                             "time, and a folder that is not there is not made")
    parser.add_argument("--list", action="store_true", help="list entries, profiles and stages")
    parser.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    from task1.errors import InputError

    if arguments.list:
        return _list()
    if arguments.upto and arguments.stop:
        raise InputError(f"two last stages: {arguments.upto} and --stop-stage {arguments.stop}; give one")
    from task1.workflow.driver import Request, run

    return run(Request(
        entry=arguments.entry, profile=arguments.profile, settings=arguments.settings,
        systems=arguments.systems, work=arguments.work,
        data=arguments.data, first=arguments.first, last=arguments.upto or arguments.stop, forced=arguments.force,
        skip_bad=arguments.skip_bad, seeds=arguments.seeds, name=arguments.name, jobs=arguments.jobs,
        device=arguments.device, precision=arguments.precision, dry_run=arguments.dry_run,
        executor=arguments.executor, cluster_profile=arguments.cluster_profile))


def _list() -> int:
    from task1.config import META, Entry, Profile, load, names
    from task1.workflow.stages import STAGES

    print("Entries (--entry):")
    for name in names("entries"):
        entry = load(Entry, META / "entries" / f"{name}.yaml")
        title = entry.source.title if entry.source else entry.texts.name
        print(f"  {name:<10} {title}\n{'':<13}edition {entry.edition}; models {', '.join(entry.models)}")
        for variant in entry.variants:
            print(f"{'':<13}variant {variant}")
    print("Profiles (--profile):")
    for name in names("profiles"):
        print(f"  {name:<10} {load(Profile, META / 'profiles' / f'{name}.yaml').title}")
    print("Stages:")
    for number, stage in enumerate(STAGES, 1):
        print(f"  {number} {stage.name:<10} {stage.summary}")
    sys.stdout.flush()
    return 0
