"""The corpus of a run: are the folders there, with as many recordings as the manifest says, and do samples open?"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from task1.config import Dataset, Run, dataset
from task1.corpus.archives import UNDER_WAY, readable
from task1.corpus.wav import inspect
from task1.doctor.finding import Finding, ok, problem, warning
from task1.doctor.needs import archives_bytes, recordings_bytes
from task1.layout import Layout

SAMPLES = 24
LISTS = {"development": ("meta.csv", "evaluation_setup/fold1_train.csv", "evaluation_setup/fold1_test.csv"),
         "evaluation": ("evaluation_setup/fold1_test.csv",)}


def look(at: Layout, run: Run, deep: bool) -> Iterator[Finding]:
    for name in (run.development, run.evaluation):
        facts, root = dataset(name), at.root(run, name)
        yield from _look_at(facts, root, at, run, deep) if root.is_dir() else [_absent(facts, root)]


def still_to_be_written(at: Layout, run: Run) -> int:
    """Bytes of recordings (and their archives) that a run would make or download."""
    absent = [dataset(name) for name in (run.development, run.evaluation) if not at.root(run, name).is_dir()]
    return sum(recordings_bytes(facts) + archives_bytes(facts) for facts in absent)


def _absent(facts: Dataset, root: Path) -> Finding:
    if facts.origin == "embedded":
        size = readable(recordings_bytes(facts))
        return ok("corpus", f"{facts.name}: not there yet; the first run makes it ({size})")
    size = readable(archives_bytes(facts) + recordings_bytes(facts))
    return warning("corpus", f"{root}: no such folder, so {facts.name} would be downloaded (about {size} with its "
                   "archives)", f"if you have it, name the folder that holds {root.name}/ with --data DIR")


def _look_at(facts: Dataset, root: Path, at: Layout, run: Run, deep: bool) -> Iterator[Finding]:
    if (root / UNDER_WAY).exists():
        yield warning("corpus", f"{root}: its download is not finished", "the next run goes on with it")
        return
    lists = [name for name in LISTS[facts.part] if not (root / name).is_file()]
    if lists:
        told = warning if lists == ["meta.csv"] else problem
        yield told("corpus", f"{root}: found no {', '.join(lists)}", _complete(facts))
    names = _recordings(root / "audio")
    if len(names) != facts.counts.files:
        yield problem("corpus", f"{root}: found {len(names):,} WAV files, expected {facts.counts.files:,}",
                      _complete(facts))
    chosen = names if deep else names[::max(1, len(names) // SAMPLES)]
    bad = [(name, defect) for name in chosen
           if (defect := inspect(str(root / "audio" / name), facts.audio, full=False))]
    if bad:
        name, defect = bad[0]
        yield problem("corpus", f"{root / 'audio' / name}: {defect} ({len(bad)} of {len(chosen)} looked at are bad)",
                      f"{_complete(facts)}, or leave bad recordings out with --skip-bad")
    elif not lists and len(names) == facts.counts.files:
        extent = "all" if deep else f"{len(chosen)} samples"
        yield ok("corpus", f"{facts.name}: {len(names):,} recordings as the manifest says, headers of {extent} right")
    yield from _changed(facts, root, [root / "audio" / name for name in chosen], at, run)


def _changed(facts: Dataset, root: Path, recordings: Sequence[Path], at: Layout, run: Run) -> Iterator[Finding]:
    """Recordings that are younger than what was computed from them."""
    store = at.features(run, facts.name) / "store.json"
    if not store.is_file():
        return
    made = store.stat().st_mtime
    later = [path for path in recordings if path.exists() and path.stat().st_mtime > made]
    if later:
        yield warning("corpus", f"{later[0]}: changed after the features were computed ({len(later)} of "
                      f"{len(recordings)} looked at)", "add --force verify to the run, which computes what has changed")


def _recordings(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name.endswith(".wav") and entry.name[0] != ".")


def _complete(facts: Dataset) -> str:
    if facts.origin == "embedded":
        return "delete this folder, and the next run makes it anew"
    return f"complete the folder, or have it checked and mended by `task1 corpus download {facts.name}`"
