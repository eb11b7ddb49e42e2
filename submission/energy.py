"""kWh of a system for its meta file: training, inference, and the organisers' baseline network on the same machine.

Inputs: the records that trainings and predictions left in `RUN/energy/` (task1/energy), and `RUN/energy.json`, written
by hand for what was measured otherwise, which goes before them. A figure is there when all of its work was measured:

    training            the system's models, the teachers that they learned from, the networks that made copies;
                        predictions of teachers for students, and of members that a fusion is fitted on
    inference           its models load and predict the evaluation set
    baseline_inference  the organisers' network classifies as many clips, on the same machine
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from task1.augment.copies import PIX2PIX, copies_of
from task1.config import Run, edition
from task1.energy.records import Record, read_record, shared
from task1.errors import InputError
from task1.layout import Layout

KEYS = ("training", "inference", "baseline_inference")
BASELINE = "baseline_inference"
DIGITS = 4
BY_HAND = "Measured otherwise: from energy.json of the run."


@dataclass(frozen=True)
class Energy:
    """Of one system, by key."""

    kwh: Mapping[str, float | None] = field(default_factory=lambda: dict.fromkeys(KEYS))
    """All of `KEYS`; None where it was not measured."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """How it was measured, or why it is not known."""


def system_energies(layout: Layout, run: Run) -> dict[int, Energy]:
    """Every system's, from the records and what was written by hand."""
    by_hand = read_energy(layout)
    folder = layout.energy(BASELINE).parent
    found = {path.stem: read_record(path) for path in sorted(folder.glob("*.json"))}
    records = {name: record for name, record in found.items() if record}
    kwh = shared(records)
    return {number: _energy(run, number, records, kwh, by_hand) for number in run.systems}


def told(energies: Mapping[int, Energy]) -> str:
    """For people: every figure of every system, and how it was measured."""
    return "\n".join(f"system {number}  {key:<20}{_shown(energy.kwh[key])}  {energy.notes.get(key, '')}".rstrip()
                     for number, energy in energies.items() for key in KEYS)


def read_energy(layout: Layout) -> dict[str, float | None]:
    """What stands in `RUN/energy.json`, all of `KEYS`; it holds for every system."""
    path = layout.run / "energy.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        content = {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); delete it or measure again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: found {content!r:.60}, expected a mapping with {', '.join(KEYS)}")
    values = {key: content.get(key) for key in KEYS}
    for key, value in values.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)
                                  or not 0 <= value < float("inf")):
            raise InputError(f"{path}: {key}: found {value!r:.60}, expected kilowatt hours of zero or more, or null")
    return values


def _energy(run: Run, number: int, records: Mapping[str, Record], shares: Mapping[str, float],
            by_hand: Mapping[str, float | None]) -> Energy:
    kwh: dict[str, float | None] = {}
    notes: dict[str, str] = {}
    needed = _parts(run, number)
    for key, parts in needed.items():
        value = by_hand[key]
        why = BY_HAND if value is not None else _why_not(parts, records)
        if value is None and key == BASELINE:
            why = _why_no_baseline(run, needed["inference"], records) or why
        if value is None and not why:
            # what several systems build on counts whole for each: none could do without
            value = float(f"{sum(shares[part] for part in parts):.{DIGITS}g}")
            why = _how([records[part] for part in parts])
        kwh[key], notes[key] = value, why
    return Energy(kwh, notes)


def _parts(run: Run, number: int) -> dict[str, list[str]]:
    """The records that every figure is the sum of."""
    system = run.systems[number]
    behind = list(system.models)
    for name in behind:  # which grows
        behind += [teacher for teacher in run.models[name].teachers if teacher not in behind]
    copies = {name for model in behind for name in copies_of(run, model) if name.startswith(f"{PIX2PIX}-")}
    teachers = {teacher for name in behind for teacher in run.models[name].teachers}
    return {
        "training": [*(f"{name}.training" for name in (*behind, *sorted(copies))),
                     *(f"{name}.learning" for name in sorted(teachers)),
                     *(f"{name}.validation" for name in system.models if system.is_fitted)],
        "inference": [f"{name}.evaluation" for name in system.models],
        BASELINE: [BASELINE],
    }


def _why_not(parts: Sequence[str], records: Mapping[str, Record]) -> str:
    absent = [part for part in parts if part not in records]
    if absent:
        return f"Not measured: {', '.join(absent)}."
    begun = [part for part in parts if not records[part].whole]
    return f"Not known: only a part of {', '.join(begun)} was measured." if begun else ""


def _why_no_baseline(run: Run, inference: Sequence[str], records: Mapping[str, Record]) -> str:
    if edition(run.edition).baseline is None:
        return f"Not measured: edition {run.edition} does not ask for it."
    others = {(records[part].of, records[part].last.machine) for part in inference if part in records}
    own = records.get(BASELINE)
    if own and others - {(own.of, own.last.machine)}:
        return "Not known: measured on another machine, or for another number of clips, than the system's inference."
    return ""


def _how(records: Sequence[Record]) -> str:
    """The meter, what it could only assume, and the machine."""
    sessions = [session for record in records for session in record.sessions]
    tools = sorted({session.tool for session in sessions})
    machines = sorted({session.machine for session in sessions})
    estimated = sorted({part for session in sessions for part in session.estimated})
    without = f"ESTIMATE, not read from a power sensor: {', '.join(estimated)}. " if estimated else ""
    return f"{without}{', '.join(tools)} on {'; '.join(machines)}."


def _shown(value: float | None) -> str:
    return f"{'null':>12}    " if value is None else f"{value:>12.{DIGITS}g} kWh"
