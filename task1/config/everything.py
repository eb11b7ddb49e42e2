"""Load and check every file under meta/, and the references between them.

Output: one `Checked` a file; a file that is wrong carries the sentence that says so, and the others are checked all the
same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from task1.config.base import META, load
from task1.config.bench import PATH as BENCH
from task1.config.bench import bench
from task1.config.claims import claims
from task1.config.counterparts import PATH as COUNTERPARTS
from task1.config.counterparts import check_counterparts
from task1.config.entry import Entry, Profile
from task1.config.leaderboards import board, leaderboard
from task1.config.published import published
from task1.config.quantized import PATH as QUANTIZED
from task1.config.quantized import check_quantized
from task1.config.references import PATH, references
from task1.config.resolve import dataset, edition, entry_path, names, profile_path, resolve, taxonomy
from task1.errors import InputError


@dataclass(frozen=True)
class Checked:
    """A file under meta/: what it holds, or what is wrong with it."""

    path: Path
    summary: str = ""
    problem: str | None = None


def check_everything() -> Iterator[Checked]:
    """Check file by file, in the order in which one builds on another."""
    readers: tuple[tuple[str, str, Callable[[str], str]], ...] = (
        ("datasets", "yaml", _dataset), ("editions", "yaml", _edition), ("profiles", "yaml", _profile),
        ("entries", "yaml", _entry), ("published", "csv", _published), ("published/claims", "yaml", _claims),
        ("leaderboards", "yaml", _board),
        ("leaderboards", "csv", _leaderboard))
    yield _checked(META / "taxonomy.yaml", lambda _: f"{len(taxonomy().scenes)} scenes")
    yield _checked(PATH, lambda _: f"{len(references())} works")
    for folder, suffix, reader in readers:
        for path in sorted((META / folder).glob(f"*.{suffix}")):
            yield _checked(path, reader)
    yield _checked(COUNTERPARTS, lambda _: check_counterparts())
    yield _checked(QUANTIZED, lambda _: check_quantized())
    yield _checked(BENCH, lambda _: f"{len(type(bench()).model_fields)} sections")


def check_entries(entries: Sequence[str]) -> Iterator[Checked]:
    """Check entries alone: names under meta/entries, or paths of YAML files."""
    for name in entries:
        yield _checked(entry_path(name), lambda _, name=name: _resolved(name))  # type: ignore[misc]


def _checked(path: Path, reader: Callable[[str], str]) -> Checked:
    try:
        return Checked(path, summary=reader(path.stem))
    except InputError as error:
        return Checked(path, problem=str(error))


def _named(path: Path, name: str) -> None:
    if name != path.stem:
        raise InputError(f"{path}: name: found {name!r}, expected {path.stem!r}, as the file is called")


def _dataset(name: str) -> str:
    facts = dataset(name)
    path = META / "datasets" / f"{name}.yaml"
    _named(path, facts.name)
    if facts.superseded_by and facts.superseded_by not in names("datasets"):
        raise InputError(f"{path}: superseded_by: found {facts.superseded_by!r}, expected a file of this folder")
    counts = facts.counts
    parts = {"train": counts.train, "test": counts.test, "unused": counts.unused}
    total = sum(part.files for part in parts.values() if part)
    if total and total != counts.files:
        raise InputError(f"{path}: counts.files: found {counts.files}, but its parts sum to {total}")
    for part, split in parts.items():
        for group in ("per_device", "per_scene", "per_city"):
            numbers = getattr(split, group) if split else {}
            if split and numbers and sum(numbers.values()) != split.files:
                raise InputError(f"{path}: counts.{part}.{group}: sums to {sum(numbers.values())}, but "
                                 f"counts.{part}.files is {split.files}")
    return f"{counts.files:,} clips of {facts.audio.clip_seconds:g} s"


def _edition(name: str) -> str:
    rules = edition(name)
    path = META / "editions" / f"{name}.yaml"
    _named(path, rules.name)
    for part, corpus in rules.datasets.items():
        facts = dataset(corpus)
        if facts.audio.clip_seconds != rules.clip_seconds:
            raise InputError(f"{path}: datasets.{part}: clips of {facts.audio.clip_seconds:g} s, but clip_seconds is "
                             f"{rules.clip_seconds:g}")
        if part == "evaluation" and facts.counts.files != rules.output_rows:
            raise InputError(f"{path}: output_rows: found {rules.output_rows}, but {corpus} has {facts.counts.files}")
    return f"{len(rules.meta_keys)} keys of the meta file, ranked by {rules.ranking.metric}"


def _profile(name: str) -> str:
    path = profile_path(name)
    profile = load(Profile, path)
    _named(path, profile.name)
    for choice in profile.embedded.values():
        dataset(choice.development)
        dataset(choice.evaluation)
    unknown = set(profile.entries) - set(names("entries"))
    if unknown:
        raise InputError(f"{path}: entries: found {', '.join(sorted(unknown))}, expected names of meta/entries")
    return profile.title


def _entry(name: str) -> str:
    _named(entry_path(name), load(Entry, entry_path(name)).name)
    return _resolved(name)


def _resolved(name: str) -> str:
    entry = load(Entry, entry_path(name))
    for profile in names("profiles"):
        resolve(name, profile)
    for variant in entry.variants:
        resolve(name, "full", [f"variant={variant}"])
    return f"{len(entry.models)} models, {len(entry.systems)} systems, {len(entry.variants)} variants"


def _published(name: str) -> str:
    return f"{len(published(name))} figures"


def _claims(name: str) -> str:
    return f"{len(claims(name))} claims"


def _board(name: str) -> str:
    facts = board(name)
    _named(META / "leaderboards" / f"{name}.yaml", facts.name)
    return f"{facts.systems or 'unknown number of'} systems, {facts.teams or 'unknown number of'} teams"


def _leaderboard(name: str) -> str:
    return f"{len(leaderboard(name))} rows"
