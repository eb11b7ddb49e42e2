"""Check the recordings of a data set: all there, nothing else there, each in the manifest's format and length.

In: manifest, root folder (`audio/*.wav` and the lists). Out: a report of findings, some of them mere warnings, as
object and as a table of TAB-separated columns `level kind filename detail`. The folder is streamed and files are looked
at by threads, a few hundred at a time, so memory is that of the list of names plus the findings.
"""

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from task1.config import AudioFormat, Dataset
from task1.corpus.counts import count_problem
from task1.corpus.index import build_index, has_all_clips, meta_list
from task1.corpus.names import PREFIX
from task1.corpus.wav import inspect
from task1.errors import InputError
from task1.files import write_bytes

ERRORS = {
    "counts": "the lists differ from the manifest",
    "missing": "in the lists, not in the folder",
    "extra": "a WAV file in no list",
    "empty": "of zero bytes",
    "not WAV": "not a RIFF/WAVE file",
    "format": "another rate, coding, number of bits or channels",
    "truncated": "cut off",
    "length": "longer or shorter than the data set's clips",
    "unreadable": "cannot be opened or read",
}
WARNINGS = {
    "silent": "the same value in every sample",
    "stray": "in the audio folder, but not a WAV file",
    "no meta.csv": "without it, clips of neither fold list are unknown and not checked",
}
KINDS = (*ERRORS, *WARNINGS)
FILES_A_TASK = 256
TASKS_A_WORKER = 4


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    filename: str
    detail: str

    @property
    def level(self) -> str:
        return "error" if self.kind in ERRORS else "warning"


@dataclass(frozen=True)
class VerifyReport:
    """Findings in the order of KINDS, then of file names."""

    dataset: str
    root: Path
    full: bool
    listed: int
    checked: int
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many findings of each kind that occurs."""
        return dict(Counter(finding.kind for finding in self.findings))

    @property
    def clean(self) -> bool:
        """No errors; warnings are allowed."""
        return not any(kind in ERRORS for kind in self.counts)


def verify(facts: Dataset, root: Path, full: bool = False, workers: int = 1) -> VerifyReport:
    """Look at every listed file below `root`: header and size, or with `full` every sample as well."""
    complete = has_all_clips(facts, root)
    unseen, findings = _listed(facts, root, complete)
    listed, folder = len(unseen), root / PREFIX
    with tqdm(total=listed, unit="file", desc=f"verify {facts.name}", disable=None) as bar:
        names = _present(folder, unseen, complete, findings)
        for count, found in _look(names, folder, facts.audio, full, workers):
            findings += found
            bar.update(count)
    checked = listed - len(unseen)
    findings += (Finding("missing", PREFIX + name, "found no such file") for name in unseen)
    findings.sort(key=lambda finding: (KINDS.index(finding.kind), finding.filename))
    return VerifyReport(facts.name, root, full, listed, checked, tuple(findings))


def write_report(report: VerifyReport, path: Path) -> None:
    """All findings as a table; a clean corpus leaves its header alone."""
    rows = [("level", "kind", "filename", "detail"),
            *((found.level, found.kind, found.filename, found.detail) for found in report.findings)]
    text = "".join("\t".join(row) + "\n" for row in rows)
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))  # names on disk need not be text


def _listed(facts: Dataset, root: Path, complete: bool) -> tuple[set[str], list[Finding]]:
    """Names of all listed files, without `audio/`, and what is to be said of the lists."""
    index = build_index(facts, root, allow_counts=True)
    problem = count_problem(index, facts, complete)
    findings = [Finding("counts", str(root), problem)] if problem else []
    if not complete:
        findings.append(Finding("no meta.csv", str(meta_list(root)), "found no such file, expected the list of all "
                                "clips"))
    return {name.removeprefix(PREFIX) for name in index["filename"]}, findings


def _present(folder: Path, unseen: set[str], complete: bool, findings: list[Finding]) -> Iterator[str]:
    """Names of the listed files, in the folder's own order, each taken from `unseen`; notes what else is there."""
    try:
        entries = os.scandir(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}); expected the folder of the recordings; is the "
                         "data set unpacked?") from None
    with entries:
        for entry in entries:
            name = entry.name
            if name in unseen:
                unseen.remove(name)
                if entry.is_file():
                    yield name
                else:
                    findings.append(Finding("unreadable", PREFIX + name, "found no regular file, expected one"))
            elif not name.lower().endswith(".wav") or name.startswith("."):  # .DS_Store, ._x.wav and the like
                findings.append(Finding("stray", PREFIX + _printable(name), f"found a {_what(entry)} in no list"))
            elif complete:
                findings.append(Finding("extra", PREFIX + _printable(name), f"found a {_what(entry)} in no list"))


def _look(names: Iterator[str], folder: Path, audio: AudioFormat, full: bool,
          workers: int) -> Iterator[tuple[int, list[Finding]]]:
    """Look at the files by threads; yields how many of them were looked at and what was found."""
    pending: deque[Future[tuple[int, list[Finding]]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for task in _tasks(names):
                pending.append(pool.submit(_look_at, task, str(folder), audio, full))
                if len(pending) >= workers * TASKS_A_WORKER:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _tasks(names: Iterator[str]) -> Iterator[Sequence[str]]:
    while task := list(islice(names, FILES_A_TASK)):
        yield task


def _look_at(names: Iterable[str], folder: str, audio: AudioFormat, full: bool) -> tuple[int, list[Finding]]:
    count, found = 0, []
    for name in names:
        defect = inspect(f"{folder}/{name}", audio, full)
        count += 1
        if defect:
            found.append(Finding(defect.kind, PREFIX + name, defect.detail))
    return count, found


def _what(entry: "os.DirEntry[str]") -> str:
    return "folder" if entry.is_dir() else "file"


def _printable(name: str) -> str:
    return name if name.isprintable() else ascii(name)[1:-1]
