"""`task1 features`: log-mel spectrograms of a data set, computed once and stored."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb, positive

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Compute the log-mel spectrograms of a data set with the run's feature settings and store them (float16, HDF5 parts)
in <work>/features/<digest>/<dataset>/, where <digest> stands for settings and data set: runs with the same settings
share them. Killed or interrupted, it goes on where it stood when the same command is given again. Finished parts are
computed again only if their settings, their recordings (size or time of change) or the code of the features changed.
"""

EPILOG = """\
A recording that is cut off, silent, not mono, or of another rate or length is an error, told after all others have
been computed. With --skip-bad such recordings are left out instead and listed in store.json.

by several jobs, on machines that see the same folder, and then one that lists what they have computed:
  task1 features --run work/runs/X --dataset NAME --share 1-of-8        (... 2-of-8, 3-of-8, at the same time)
  task1 features --run work/runs/X --dataset NAME
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "features", "log-mel spectrograms of a data set, computed once", DESCRIPTION)
    parser.epilog = EPILOG
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, work/runs/<name>")
    parser.add_argument("--dataset", required=True, metavar="NAME", help="data set, a name under meta/datasets")
    parser.add_argument("--index", type=Path, metavar="FILE",
                        help="list of the clips (default: <work>/index/<dataset>.csv)")
    parser.add_argument("--workers", type=positive, default=1, metavar="N",
                        help="processes that compute (default: %(default)s)")
    parser.add_argument("--share", type=_share, metavar="K-of-N",
                        help="compute the K-th of N shares of the parts alone, counted from 1; list nothing")
    parser.add_argument("--skip-bad", action="store_true", help="leave unusable recordings out")
    parser.set_defaults(handler=_features)


def _share(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([1-9]\d*)-of-([1-9]\d*)", text, re.ASCII)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"expected K-of-N with K from 1 to N, not {text!r}")
    return int(found[1]), int(found[2])


def _features(arguments: argparse.Namespace) -> None:
    from task1.allocator import keep_freed_memory
    from task1.config import load_run
    from task1.corpus.index import read_index
    from task1.features.extract import extract, extract_share
    from task1.layout import Layout

    keep_freed_memory()
    run = load_run(arguments.run)
    layout = Layout(arguments.run)
    name = arguments.dataset
    index = read_index(arguments.index or layout.index(name))
    root, folder = layout.root(run, name), layout.features(run, name)
    if arguments.share:
        share, shares = arguments.share
        outcomes = extract_share(index, root, run.features, name, folder, run.part_clips, share - 1, shares,
                                 arguments.workers, arguments.skip_bad)
        computed = sum(outcome.computed for outcome in outcomes)
        print(f"{folder}: share {share} of {shares}: {computed} parts computed, {len(outcomes) - computed} taken as "
              "they are")
        return
    store = extract(index, root, run.features, name, folder, run.part_clips, arguments.workers, arguments.skip_bad)
    left_out = f", {len(store.skipped)} left out (see store.json)" if store.skipped else ""
    print(f"{folder}: {store.shape[0]} clips of {store.shape[1]} mel bands x {store.shape[2]} frames{left_out}")
