"""`task1 corpus synth`: make the embedded corpora."""

import argparse
import os
from typing import TYPE_CHECKING

from task1.commands import add_corpora, add_verb, positive

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Make embedded corpora: synthetic scenes in the layout, names, lists and audio format of the TAU Mobile sets, drawn from
random numbers with the manifest's seed. The same files come out each time on one machine, with any number of jobs.

NAME is a data set of meta/datasets with `origin: embedded`; without a name the four of the demonstration are made
(about 1.5 GB). A complete folder of this manifest is left alone, an interrupted one is completed, one made from
another manifest or version is made anew, and a folder that this command did not make is refused. The labels of an
evaluation set are kept beside its folder in <root_dir>.truth.csv. Nothing measured on these files says anything about
real recordings.
"""
DEMONSTRATION = ("embedded-1s-dev", "embedded-1s-eval", "embedded-10s-dev", "embedded-10s-eval")


def register(actions: "Verbs") -> None:
    parser = add_verb(actions, "synth", "make the embedded corpus, from nothing", DESCRIPTION)
    parser.add_argument("datasets", nargs="*", default=list(DEMONSTRATION), metavar="NAME")
    add_corpora(parser)
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, metavar="N",
                        help="processes (default: one a core)")
    parser.set_defaults(handler=_synth)


def _synth(arguments: argparse.Namespace) -> None:
    from task1.config import dataset, names
    from task1.corpus.synthetic import is_current, synthesise
    from task1.errors import InputError

    known = [name for name in names("datasets") if dataset(name).origin == "embedded"]
    for name in arguments.datasets:
        if name not in known:
            raise InputError(f"NAME: found {name}, expected an embedded data set: {', '.join(known)}")
    for name in arguments.datasets:
        facts = dataset(name)
        root = arguments.corpora / facts.root_dir
        if is_current(facts, arguments.corpora):
            print(f"{root}: complete, left as it is")
            continue
        synthesise(facts, arguments.corpora, arguments.jobs)
        print(f"{root}: {facts.counts.files:,} clips")
