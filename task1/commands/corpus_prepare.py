"""`task1 corpus prepare`: the corpus stage, whatever the data set needs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb, positive

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Make a data set's folder ready: an embedded corpus is made, a folder with recordings of yours is taken as it is, and
what is missing is downloaded (resumable). Writes a stamp that says where the recordings came from.
"""


def register(actions: "Verbs") -> None:
    parser = add_verb(actions, "prepare", "make, accept or download, as the data set needs", DESCRIPTION)
    parser.add_argument("dataset")
    parser.add_argument("--corpora", type=Path, required=True, metavar="DIR", help="holds the data sets' folders")
    parser.add_argument("--jobs", type=positive, default=1, metavar="N")
    parser.add_argument("--stamp", type=Path, required=True, metavar="FILE")
    parser.set_defaults(handler=_prepare)


def _prepare(arguments: argparse.Namespace) -> None:
    from task1.config import dataset
    from task1.files import digest, write_json

    facts = dataset(arguments.dataset)
    root = arguments.corpora / facts.root_dir
    if facts.origin == "embedded":
        from task1.corpus.synthetic import synthesise

        synthesise(facts, arguments.corpora, arguments.jobs)
        origin = "embedded corpus, synthetic"
    elif (root / "evaluation_setup" / "fold1_test.csv").exists() and not _download_under_way(arguments.corpora, root):
        origin = "recordings found in place"
    else:
        from task1.corpus.download import download

        download(facts, arguments.corpora)
        origin = "downloaded"
    write_json(arguments.stamp, {"dataset": facts.name, "origin": origin,
                                 "facts": digest(facts.model_dump(mode="json"))})


def _download_under_way(corpora: Path, root: Path) -> bool:
    return (corpora / "archives" / root.name).is_dir() and not (root / ".downloaded.json").exists()
