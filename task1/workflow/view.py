"""A work folder for a dry run to look at: a temporary folder of links, in which anything may be written.

In: a work folder, which need not be there, and the run that would work in it. Out: a folder as the run itself would
hand it to Snakemake: config.yaml is the run's, stamps of lost corpora are gone, and the rest is what lies in the work
folder. Of that nothing is changed: what Snakemake writes for itself stays here.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from task1.config import Run, save_run
from task1.layout import Layout

STATE = Path(".snakemake")
READ = ("metadata", "incomplete")
"""What Snakemake reads in its own folder: how every file was made, and which were begun and not finished."""


@contextmanager
def view(at: Layout, run: Run, lost: tuple[Path, ...]) -> Iterator[Path]:
    """The folder, while the block runs. `lost`: files that the run would not have."""
    own = at.run.relative_to(at.work)
    opened = (Path(), STATE, Path("index"), Path("runs"), own)  # folders in which something is to be another
    with TemporaryDirectory(prefix="task1-dry-run-") as name:
        seen = Path(name)
        for folder in opened:
            (seen / folder).mkdir(exist_ok=True)
            for entry in os.scandir(at.work / folder) if (at.work / folder).is_dir() else ():
                place, path = folder / entry.name, Path(entry.path)
                if place not in opened and path not in (at.config, *lost) and (folder != STATE or entry.name in READ):
                    _link(seen / place, path)
        save_run(run, seen / own / at.config.name)
        yield seen


def _link(link: Path, path: Path) -> None:
    """Snakemake takes a link to be as young as the younger of itself and what it leads to, so it gets that time."""
    link.symlink_to(path)
    status = path.lstat()
    os.utime(link, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
