"""The recordings of a data set: archives fetched, checked and unpacked, each right after its check.

In: the manifest (`Dataset`), a corpora folder. Out: `<corpora>/<root_dir>/...` as the archives hold it, with the marker
`.downloaded.json` once all is there. Archives lie in `<corpora>/archives/<root_dir>/`, as `NAME.zip.partial` until
their md5 is right. A killed run goes on where it stood. What the user put there is never changed or removed.
"""

import contextlib
import fcntl
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tqdm import tqdm

from task1.config.facts import Dataset
from task1.corpus.archives import Job, Ledger, archive_folder, check_room, plan, readable
from task1.corpus.http import Interrupted, Patience, Unreachable, fetch
from task1.corpus.unpack import unpack
from task1.errors import InputError
from task1.files import file_digest

MOST_JOBS = 4
"""Connections at a time that a public archive's server is asked for at most."""


@dataclass(frozen=True)
class Settings:
    """How to download: `mirror` is a folder with the archives or the address of one, instead of the official record."""

    mirror: str | None = None
    jobs: int = 2
    keep_archives: bool = True
    patience: Patience = field(default_factory=Patience)


def download(facts: Dataset, corpora: Path, settings: Settings | None = None) -> None:
    """Make one data set complete in `corpora`."""
    download_all([facts], corpora, settings or Settings())


def download_all(datasets: Sequence[Dataset], corpora: Path, settings: Settings) -> None:
    """Make data sets complete in `corpora`; raises InputError naming every archive that could not be had."""
    _check_request(datasets, settings)
    with _alone(corpora):
        jobs: list[Job] = []
        for facts in datasets:
            missing = plan(facts, corpora, settings.mirror)
            _announce(facts, missing)
            jobs += missing
        check_room(jobs, corpora, settings.keep_archives, settings.jobs)
        if not settings.keep_archives:
            _remove_leftovers(datasets, corpora)
        for folder in {job.kept.parent for job in jobs}:
            folder.mkdir(parents=True, exist_ok=True)
        if jobs:
            _Run(jobs, corpora, settings).finish()


class _Run:
    """Threads that take one archive after the other. They are daemons: none outlives an interrupted program."""

    def __init__(self, jobs: Sequence[Job], corpora: Path, settings: Settings) -> None:
        self.waiting, self.corpora, self.settings = deque(jobs), corpora, settings
        self.stop, self.unpacking = threading.Event(), threading.Lock()
        self.failures: list[InputError] = []
        self.crash: BaseException | None = None
        self.progress = _Progress(jobs)

    def finish(self) -> None:
        threads = [threading.Thread(target=self._work, name=f"download-{number}", daemon=True)
                   for number in range(self.settings.jobs)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self.stop.set()
            for thread in threads:
                thread.join(2)  # one that waits for the network ends by itself, and writes nothing more
            raise
        finally:
            self.progress.close()
        if self.crash:
            raise self.crash
        if self.failures:
            untried = f"\n  {len(self.waiting)} archives were not tried" if self.waiting else ""
            raise InputError("\n  ".join(map(str, self.failures)) + untried)

    def _work(self) -> None:
        while not self.stop.is_set():
            try:
                job = self.waiting.popleft()
            except IndexError:
                return
            try:
                self._carry_out(job)
            except Interrupted:
                return
            except InputError as error:
                self.failures.append(error)
                if isinstance(error, Unreachable):
                    return  # what one archive has waited for in vain, the next would too
            except OSError as error:
                self.failures.append(InputError(f"{error.filename or job.kept}: {error.strerror}; free or repair the "
                                                "place and run again"))
                return
            except BaseException as error:  # a defect: shown by the main thread, with its traceback
                self.crash = error
                self.stop.set()

    def _carry_out(self, job: Job) -> None:
        archive = self._found(job) if job.found else self._fetched(job)
        with self.unpacking:  # one at a time: members of two archives may have the same name
            done = unpack(archive, self.corpora, job.facts.root_dir, self.stop)
            os.sync()  # the record must not reach the disk before the files
            job.ledger.unpacked(job.archive)
        if not self.settings.keep_archives:
            _remove(job.ledger, job.kept)
        present = f", {done.present:,} in place already" if done.present else ""
        self.progress.say(f"{job.archive.name}: md5 as stated, {done.written:,} files unpacked{present}")

    def _found(self, job: Job) -> Path:
        assert job.found is not None
        size, md5 = job.found.stat().st_size, None
        if job.archive.bytes in (None, size):
            md5 = file_digest(job.found, "md5")
        if md5 != job.archive.md5:
            found = f"md5 {md5}, expected {job.archive.md5}" if md5 else f"{size} bytes, expected {job.archive.bytes}"
            raise InputError(f"{job.found}: found {found} by the manifest of {job.facts.name}; it is not (all of) that "
                             "archive: move it away or replace it, and run again")
        self.progress.report(job, size, size)
        return job.found

    def _fetched(self, job: Job) -> Path:
        """Fetch; once more from the start if the bytes are not those of the manifest."""
        name, corrupt = job.archive.name, job.kept.with_name(job.kept.name + ".corrupt")
        for last in (False, True):
            fetch(job.url, job.partial, job.archive.bytes, self.settings.patience, self.stop,
                  partial(self.progress.report, job))
            md5 = file_digest(job.partial, "md5")
            if md5 == job.archive.md5:
                with job.partial.open("rb") as stream:
                    os.fsync(stream.fileno())
                job.ledger.fetched(job.archive, job.partial)
                job.partial.replace(job.kept)
                return job.kept
            if not last:
                self.progress.say(f"{name}: arrived with md5 {md5}, expected {job.archive.md5}; fetching it once more")
                job.partial.unlink()
        job.partial.replace(corrupt)
        raise InputError(f"{name}: arrived corrupt twice from {job.url}, found md5 {md5}, expected {job.archive.md5}; "
                         f"not used but kept as {corrupt}: try later or name another source with --mirror")


class _Progress:
    """A bar of bytes over all archives on a terminal, and a line an archive everywhere; threads may share it."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._lock = threading.Lock()
        self._have = {job.kept: 0 if job.found else job.partial_bytes for job in jobs}
        self._of = {job.kept: job.archive.bytes or 0 for job in jobs}
        self._bar = tqdm(total=sum(self._of.values()), initial=sum(self._have.values()), desc="archives", unit="B",
                         unit_scale=True, disable=None)

    def report(self, job: Job, have: int, expected: int | None) -> None:
        with self._lock:
            self._have[job.kept] = have
            self._of[job.kept] = expected or max(have, self._of[job.kept])
            self._bar.total = sum(self._of.values())
            self._bar.update(sum(self._have.values()) - self._bar.n)

    def say(self, line: str) -> None:
        with self._lock:
            self._bar.write(line, file=sys.stderr)

    def close(self) -> None:
        self._bar.close()


def _check_request(datasets: Sequence[Dataset], settings: Settings) -> None:
    if not 1 <= settings.jobs <= MOST_JOBS:
        raise InputError(f"--jobs {settings.jobs}: expected 1 to {MOST_JOBS} archives at a time, out of politeness")
    owners: dict[str, str] = {}
    for facts in datasets:
        if owners.setdefault(facts.root_dir, facts.name) != facts.name:
            raise InputError(f"{owners[facts.root_dir]} and {facts.name} unpack into the same folder {facts.root_dir}; "
                             "download one of them, or each with its own --corpora")


def _announce(facts: Dataset, missing: Sequence[Job]) -> None:
    if facts.superseded_by:
        print(f"warning: {facts.name} is superseded by {facts.superseded_by}; use it only to repeat old results",
              file=sys.stderr)
    if not missing:
        print(f"{facts.name}: complete, nothing to do", file=sys.stderr)
        return
    wanted = [job for job in missing if not job.found]
    unstated = sum(job.archive.bytes is None for job in wanted)
    estimate = f" (estimated: the record states no size for {unstated})" if unstated else ""
    print(f"{facts.name}: {len(missing)} archives to unpack, {len(wanted)} of them to fetch, "
          f"{readable(sum(job.bytes_to_fetch for job in wanted))}{estimate}", file=sys.stderr)


def _remove(ledger: Ledger, kept: Path) -> None:
    """Remove an archive that is unpacked, if this tool had fetched it."""
    if ledger.is_ours(kept) and ledger.is_unpacked(kept.name):
        kept.unlink()


def _remove_leftovers(datasets: Sequence[Dataset], corpora: Path) -> None:
    """Archives that earlier runs fetched, unpacked and kept."""
    for facts in datasets:
        ledger = Ledger(facts, corpora / facts.root_dir)
        for kept in archive_folder(facts, corpora).glob("*.zip"):
            _remove(ledger, kept)


@contextlib.contextmanager
def _alone(corpora: Path) -> Iterator[None]:
    """Wait until no other process downloads into `corpora`: two would write the same files."""
    lock = corpora / "archives" / ".lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        stream = lock.open("a")
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be written ({error.strerror}); choose another folder with "
                         "--corpora") from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{corpora}: another download is running there; waiting for it to end", file=sys.stderr)
            fcntl.flock(stream, fcntl.LOCK_EX)
        except OSError as error:
            print(f"{lock}: cannot be locked ({error.strerror}); do not start two downloads at once", file=sys.stderr)
        yield
