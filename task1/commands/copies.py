"""`task1 copies`: augmented copies of the train split's recordings, as a feature store of their own."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from task1.commands import add_verb, positive

if TYPE_CHECKING:
    from task1.commands import Verbs

DESCRIPTION = """\
Make the augmented copies that recipes of a run ask for, from clips of the official train split only, into
RUN/copies/NAME/: log-mels like those of `task1 features`, and copies.csv, which says what each was made of.

NAME is <kind>-<digest>; a wrong one is answered with those of the run. The kinds:

  pitch, speed, noise, mix   from the recordings: augmentation.waveform of a recipe
  pix2pix                    from the stored log-mels, by a network trained for it: augmentation.pix2pix

The same seed gives the same copies, whatever the workers. Killed or interrupted, it goes on where it stood when the
same command is given again.

example:
  task1 copies --run work/runs/zhao2021-demo --name pitch-0123456789ab --workers 2
"""


def register(verbs: "Verbs") -> None:
    parser = add_verb(verbs, "copies", "augmented copies of the training clips", DESCRIPTION)
    parser.add_argument("--run", type=Path, required=True, metavar="DIR", help="run folder, with its config.yaml")
    parser.add_argument("--name", required=True, metavar="NAME", help="the copies to make, <kind>-<digest>")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto",
                        help="where a network is trained and computes; auto: an NVIDIA GPU where there is one "
                             "(default: %(default)s)")
    parser.add_argument("--workers", type=positive, default=1, metavar="N",
                        help="processes that change recordings (default: %(default)s)")
    parser.set_defaults(handler=_copies)


def _copies(arguments: argparse.Namespace) -> None:
    from task1.augment.make_copies import make_copies
    from task1.config import load_run
    from task1.layout import Layout

    run, at = load_run(arguments.run), Layout(arguments.run)
    store = make_copies(at, run, arguments.name, arguments.device, arguments.workers)
    print(f"{store.folder}: {store.shape[0]} copies of {store.shape[1]} mel bands x {store.shape[2]} frames")
