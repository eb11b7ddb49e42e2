"""Everything else in a meta file that holds a digit: label, texts, energy, corpus.

Inputs: the claims of one system, its networks' sampling rate, the run where there is one. Output: rows. A label has to
be that of the system's files. With a run, texts are held against its config.yaml and energies against what it
measured (so compared and not recomputed); without one nothing outside of the file says what they should be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from submission.audit.claims import Claim
from submission.audit.contents import Entry
from submission.audit.networks import Counted
from submission.audit.results import CORPUS_NAME
from submission.audit.rows import NONE, Row, figure, text, without
from submission.audit.sources import Sources
from submission.validate.figures import ENERGY
from task1.config import Run, dataset, names

RATE = "system.description.input_sampling_rate"
RATE_UNITS = {"khz": 1000, "hz": 1}
CORPUS = "results.corpus"
OWN_WORDS = "the team's own words; --run compares them with the run's config.yaml"
REASONS = {
    "system.external_datasets": "length and name of other people's recordings, which are not among the inputs",
    "system.source_code": "an address",
    ENERGY: "measured on the team's machine; --run compares it with what the run measured",
    "system.deviations": "the team's own words",
    "submission": OWN_WORDS, "system.description": OWN_WORDS,
}
"""By key or block: why nothing can be recomputed."""
UNKNOWN = "no rule says what this key means"


@dataclass(frozen=True)
class Known:
    """What is known of a system beside its file."""

    sources: Sources
    counted: Counted | None
    clips: Mapping[str, int]
    """Rows of the package's table, as `evaluation`, and of the development table, as `name`, where they are there."""


def text_rows(entry: Entry, known: Known, done: set[str]) -> Iterator[Row]:
    """A row for every claim with a digit whose key is not in `done`."""
    expected = _of_run(entry, known.sources)
    for claim in entry.claims.values():
        if claim.key in done or not claim.has_digits:
            continue
        if claim.key == "submission.label":
            yield text(entry.label, claim, entry.label, "the name of its files")
        elif claim.key == RATE:
            yield _rate(entry.label, claim, known)
        elif claim.key.startswith(f"{ENERGY}.") and entry.number in known.sources.energies:
            yield _energy(entry.label, claim, known.sources.energies[entry.number].kwh)
        elif claim.key.startswith(f"{CORPUS}."):
            yield _corpus(entry, claim, known)
        elif claim.key in expected:
            yield text(entry.label, claim, expected[claim.key], "words of the run")
        else:
            yield without(entry.label, claim, "not checkable", _reason(claim.key))


def _reason(key: str) -> str:
    return next((why for start, why in REASONS.items() if key == start or key.startswith((f"{start}.", f"{start}["))),
                UNKNOWN)


def _of_run(entry: Entry, sources: Sources) -> dict[str, str]:
    """The texts that the run's config.yaml and system.json give a system, by key."""
    run = sources.run
    if run is None or entry.number not in run.systems:
        return {}
    system, texts = run.systems[entry.number], run.texts
    name = system.name or texts.name
    told: dict[str, Any] = {f"system.description.{key}": value for key, value in texts.model_dump().items()}
    told |= {f"system.deviations[{position}]": said for position, said in enumerate(sources.deviations[entry.number])}
    told |= {"submission.name": f"{name} (embedded corpus)" if run.embedded else name,
             "submission.abbreviation": system.abbreviation or texts.abbreviation,
             "system.source_code": texts.source_code, **_authors(run)}
    return {key: value for key, value in told.items() if isinstance(value, str)}


def _authors(run: Run) -> dict[str, str]:
    told: dict[str, str] = {}
    for position, author in enumerate(run.authors):
        content = author.model_dump()
        for block, values in (("", content), (".affiliation", content["affiliation"])):
            told |= {f"submission.authors[{position}]{block}.{key}": value for key, value in values.items()
                     if isinstance(value, str)}
    return told


def _rate(label: str, claim: Claim, known: Known) -> Row:
    """A text such as 44.1kHz against the features of run or networks."""
    rates = {known.sources.run.features.sample_rate} if known.sources.run else (
        set(known.counted.sample_rates) if known.counted else set())
    if not rates:
        return without(label, claim, "not given", "no network that says its sampling rate; give --model (or --run)")
    words = claim.text.lower().replace(" ", "")
    unit = next((unit for unit in RATE_UNITS if words.endswith(unit)), None)
    try:
        claimed = float(words.removesuffix(unit or "")) * RATE_UNITS[unit or "hz"]
    except ValueError:
        return without(label, claim, "not checkable", "not a number with Hz or kHz")
    shown = " or ".join(f"{rate:,} Hz" for rate in sorted(rates))
    return Row(label, claim.key, claim.shown, shown, NONE, "agrees" if {round(claimed, 6)} == rates else "differs",
               "features of the networks")


def _energy(label: str, claim: Claim, energy: Mapping[str, float | None]) -> Row:
    name = claim.key.rpartition(".")[2]
    if name not in energy:
        return without(label, claim, "not checkable", UNKNOWN)
    return figure(label, claim, energy[name], "energies measured by the run, not recomputed")


def _corpus(entry: Entry, claim: Claim, known: Known) -> Row:
    """Names under meta/datasets, with their titles and numbers of clips."""
    part = claim.key.rpartition(".")[2]
    run = known.sources.run
    if run is not None and part in ("name", "evaluation"):
        return text(entry.label, claim, run.development if part == "name" else run.evaluation, "config.yaml of the run")
    if part == "title":
        name = entry.claims.get(CORPUS_NAME)
        if name is None or name.text not in names("datasets"):
            return Row(entry.label, claim.key, claim.shown, NONE, NONE, "differs", "the name is of no known data set")
        return text(entry.label, claim, dataset(name.text).title, f"meta/datasets, {name.text}")
    if part not in ("name", "evaluation"):
        return without(entry.label, claim, "not checkable", UNKNOWN)
    if claim.text not in names("datasets"):
        return Row(entry.label, claim.key, claim.shown, NONE, NONE, "differs", "no data set of that name is known")
    if part not in known.clips:
        return without(entry.label, claim, "not given", "no table of it")
    counts = dataset(claim.text).counts
    expected = counts.files if part == "evaluation" else counts.test.files if counts.test else 0
    return Row(entry.label, claim.key, claim.shown, f"{expected:,} clips", NONE,
               "agrees" if expected == known.clips[part] else "differs", f"its table has {known.clips[part]:,} clips")
