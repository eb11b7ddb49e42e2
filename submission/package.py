"""The official package of a run: one zip that the organisers' validator of that year accepts.

Inputs: a run folder with output tables of the evaluation set, scores of the development set and trained weights; the
technical report `report/technical_report.pdf` and measured energy (submission/energy.py) if they are there.
Outputs: `submission/<Lastname_Inst_task>.zip` and `submission/package.json` (what was counted, found and written).
The same inputs give the same bytes. Nothing over a limit is packed, nothing that fails our own validation stays. A
system that its entry marks with `submitted: false` is counted and told, and not packed.
"""

import dataclasses
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from submission.energy import Energy, system_energies
from submission.labels import member, meta_name, output_name, package_name, report_name, task_path
from submission.metadata import meta_text
from submission.systems import SystemFacts, gather
from submission.validate import Finding, validate_package
from task1.complexity import memory_bytes
from task1.config import Edition, Run, edition, load_run
from task1.corpus.index import read_index
from task1.errors import InputError
from task1.features.store import left_out
from task1.files import atomic_path, file_digest, write_json, write_text
from task1.layout import Layout
from task1.outputs import align, basename, read_outputs, write_outputs

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
UNIX = 3
REGULAR_FILE = 0o100644 << 16  # where a Unix zip keeps the mode
SHOWN_FINDINGS = 5
RECORD = "package.json"
TECHNICAL_REPORT = "technical_report.pdf"


def package(folder: Path) -> Path:
    """Write the package of a run folder; return the zip's path."""
    layout = Layout(folder)
    run = load_run(folder)
    rules = edition(run.edition)
    systems = gather(layout, run, rules)
    packed = [facts for facts in systems if facts.system.submitted]
    if not packed:
        told = "\n  ".join(f"{facts.label}: {reason_left_out(facts, rules)}" for facts in systems)
        raise InputError(f"{layout.config}: no system to package, expected one without `submitted: false`:\n  {told}")
    refuse_over_limit(packed, rules)
    energies = system_energies(layout, run)
    clips = evaluation_clips(layout, run, rules)
    target = layout.submission / package_name(run, rules)
    with atomic_path(target) as temporary, _scratch(layout) as scratch:
        _lay_out(Path(scratch), layout, run, rules, packed, clips, energies)
        write_zip(temporary, Path(scratch))
        report = validate_package(temporary, rules, clips)
        if report.errors:
            told = "\n  ".join(map(str, report.errors[:SHOWN_FINDINGS]))
            raise InputError(f"{target}: not written, since it has {len(report.errors)} errors:\n  {told}")
    write_json(layout.submission / RECORD, _record(target, run, rules, systems, report.findings, len(clips)))
    return target


def notes(target: Path) -> list[str]:
    """What people should know of a package just written: systems that are not in it, warnings."""
    record = json.loads((target.parent / RECORD).read_text(encoding="utf-8"))
    left_out = [f"{system['label']} is not in the package: {system['left_out']}" for system in record["systems"]
                if not system["packaged"]]
    return left_out + [f"{one['severity']}: {one['where']}: {one['message']}" for one in record["findings"]]


def reason_left_out(facts: SystemFacts, rules: Edition) -> str:
    """Why a system is not packaged: the limits that it exceeds, or that its entry says so."""
    over = [verdict.sentence for verdict in facts.verdicts(rules) if verdict.state == "over"]
    return "; ".join(over) or "marked `submitted: false` in its entry"


def refuse_over_limit(systems: list[SystemFacts], rules: Edition) -> None:
    """One sentence that names every figure over the edition's limits."""
    over = [f"{facts.label}: {verdict.sentence}"
            for facts in systems for verdict in facts.verdicts(rules) if verdict.state == "over"]
    if over:
        raise InputError(f"edition {rules.name} does not take these systems; make the networks smaller, store their "
                         "weights in fewer bits (compression.weights), or leave a system out of the package "
                         "(systems.N.submitted: false):\n  " + "\n  ".join(over))


def evaluation_clips(layout: Layout, run: Run, rules: Edition) -> list[str]:
    """Base names of the clips that every output table has to hold, in the order of the evaluation list."""
    path = layout.index(run.evaluation)
    if not path.exists():
        raise InputError(f"{path}: no such file; `task1 corpus index` writes it")
    index = read_index(path)
    skipped = left_out(layout.features(run, run.evaluation)) if run.skip_bad else {}
    clips = [basename(name) for name in index["filename"][index["split"] == "evaluation"] if name not in skipped]
    if not run.embedded and len(clips) != rules.output_rows:
        raise InputError(f"{path}: {len(clips):,} clips, but edition {rules.name} evaluates {rules.output_rows:,}; "
                         "use the whole evaluation set")
    return clips


def write_zip(path: Path, folder: Path) -> None:
    """The files below `folder` in a zip whose bytes depend on names and contents alone: sorted, one time, one mode."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = UNIX
            entry.external_attr = REGULAR_FILE
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.file_size = files[name].stat().st_size  # known beforehand: no extra field for a size yet unknown
            with files[name].open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target)


def _scratch(layout: Layout) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=".part-", dir=layout.submission)


def _lay_out(folder: Path, layout: Layout, run: Run, rules: Edition, systems: list[SystemFacts],
             clips: list[str], energies: Mapping[int, Energy]) -> None:
    for facts in tqdm(systems, desc="package", unit="system", disable=None):
        source = layout.output(facts.index, "evaluation")
        outputs = align(read_outputs(source), clips, str(source))
        write_outputs(folder / member(facts.label, output_name(facts.label), rules), outputs)
        write_text(folder / member(facts.label, meta_name(facts.label), rules),
                   meta_text(facts, run, rules, energies[facts.index]))
    pdf = layout.report / TECHNICAL_REPORT
    if pdf.exists():
        shutil.copyfile(pdf, folder / task_path(rules) / report_name(run.texts.label, rules))


def _record(target: Path, run: Run, rules: Edition, systems: list[SystemFacts], findings: tuple[Finding, ...],
            clips: int) -> dict[str, Any]:
    return {
        "package": target.name,
        "sha256": file_digest(target),
        "members": _digests(target),
        "edition": rules.name,
        "embedded": run.embedded,
        "clips": clips,
        "findings": [finding.record() for finding in findings],
        "systems": [_system_record(facts, rules) for facts in systems],
    }


def _digests(path: Path) -> dict[str, str]:
    """SHA-256 of every file in the zip, which `submission audit` compares."""
    with zipfile.ZipFile(path) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def _system_record(facts: SystemFacts, rules: Edition) -> dict[str, Any]:
    return {
        "index": facts.index,
        "label": facts.label,
        "packaged": facts.system.submitted,
        "left_out": None if facts.system.submitted else reason_left_out(facts, rules),
        "parameters": facts.parameters,
        "non_zero": facts.non_zero,
        "bytes": facts.bytes,
        "macs": facts.macs(rules.macs.convention),
        "verdicts": [dataclasses.asdict(verdict) for verdict in facts.verdicts(rules)],
        "members": [{
            "model": part.name,
            "weights": part.weights,
            "sha256": part.digest,
            "parameters": part.complexity.parameters,
            "non_zero": part.complexity.non_zero,
            "state_entries": part.complexity.state_entries,
            "bytes": memory_bytes(part.complexity.parameters, part.bytes_per_weight),
            "macs": dict(part.complexity.macs),
            "executed_macs": part.complexity.executed,
            "peak_activation_bytes": part.complexity.peak_activation_bytes,
        } for part in facts.members],
    }
