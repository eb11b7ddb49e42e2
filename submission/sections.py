"""What a report says, section by section, as plain texts and tables (no markup; the templates add it)."""

import platform
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from submission.recipe_changes import recipe_changes
from submission.systems import Scored, Scores
from task1.config import Edition, Run, dataset, taxonomy

LIBRARIES = ("torch", "numpy", "scipy", "pandas", "h5py", "soundfile", "soxr", "librosa", "onnx", "onnxruntime",
             "snakemake")
SHORT_DIGEST = 16


@dataclass(frozen=True)
class Material:
    """Everything a report is made from. `evaluation` is empty where the truth is not known."""

    run: Run
    rules: Edition
    folder: str
    package: Mapping[str, Any]
    development: Mapping[int, Scored]
    evaluation: Mapping[int, Scored]


@dataclass(frozen=True)
class Table:
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    title: str
    text: Sequence[str] = ()
    table: Table | None = None
    items: Sequence[str] = ()
    commands: Sequence[str] = field(default=())


def sections(material: Material) -> list[Section]:
    """The report, most important first."""
    parts = [("development test fold", material.development)]
    if material.evaluation:
        parts.append(("evaluation set", material.evaluation))
    result = [_summary(material)]
    result += [_seen_unseen(name, scored) for name, scored in parts]
    for title, block in (("scene", "class_wise"), ("device", "device_wise")):
        result += [_groups(f"By {title}, {name}", title, block, scored) for name, scored in parts]
    return [*result, _limits(material), _models(material), _not_done(material), _package(material),
            _provenance(material), _repeat(material)]


def _summary(material: Material) -> Section:
    run = material.run
    rows = []
    for record in material.package["systems"]:
        scores = material.development[record["index"]].scores
        rows.append([str(record["index"]), record["label"], " + ".join(run.systems[record["index"]].models),
                     _percent(scores), _nats(scores), f"{record['parameters']:,}", f"{record['bytes']:,}",
                     f"{record['macs']:,}"])
    corpora = [f"{dataset(name).title} ({name})" for name in (run.development, run.evaluation)]
    return Section(
        "Summary",
        [f"Entry {run.entry} ({run.texts.name}), profile {run.profile}, edition {run.edition}. Trained and scored on "
         f"{corpora[0]}; output tables for {corpora[1]}.",
         "Accuracy is the mean over scenes in percent, log loss the mean over clips in nats, both on the development "
         f"test fold. Bytes are those of all parameters in the type that they ship in, MACs by the "
         f"{material.rules.macs.convention} convention.", *_caution(material)],
        Table(["System", "Label", "Models", "Accuracy", "Log loss", "Parameters", "Bytes", "MACs"], rows))


def _caution(material: Material) -> list[str]:
    if not any(one.deviations for one in material.development.values()):
        return []
    return ["Parts of the recipe were not executed: see the section on that."]


def _seen_unseen(name: str, scored: Mapping[int, Scored]) -> Section:
    rows = []
    for index, one in scored.items():
        seen, unseen = (one.scores["device_groups"].get(group) for group in ("seen", "unseen"))
        gap = f"{100 * (unseen['accuracy'] - seen['accuracy']):+.2f}" if seen and unseen else "-"
        rows.append([str(index), _percent(seen), _percent(unseen), gap, _nats(seen), _nats(unseen)])
    return Section(f"Seen and unseen devices, {name}", ["Devices with and without training clips."], Table(
        ["System", "Accuracy, seen", "Accuracy, unseen", "Difference", "Log loss, seen", "Log loss, unseen"], rows))


def _groups(title: str, column: str, block: str, scored: Mapping[int, Scored]) -> Section:
    known = [*taxonomy().scenes, *(name for kind in taxonomy().devices.values() for name in kind)]
    names = [name for name in known if any(name in one.scores[block] for one in scored.values())]
    header = [column.capitalize(), "Clips"]
    for index in scored:
        header += [f"Accuracy {index}", f"Log loss {index}"]
    first = next(iter(scored.values())).scores[block]
    rows = []
    for name in names:
        row = [name, f"{first[name]['clips']:,}" if name in first else "-"]
        for one in scored.values():
            row += [_percent(one.scores[block].get(name)), _nats(one.scores[block].get(name))]
        rows.append(row)
    return Section(title, table=Table(header, rows))


def _limits(material: Material) -> Section:
    states = {"within": "within", "warning": "within, see text", "over": "OVER", "unlimited": "no limit"}
    rows = [[record["label"], verdict["quantity"], f"{verdict['value']:,}",
             "-" if verdict["limit"] is None else f"{verdict['limit']:,}", states[verdict["state"]],
             verdict["sentence"]]
            for record in material.package["systems"] for verdict in record["verdicts"]]
    return Section(f"Complexity against the limits of {material.rules.name}", table=Table(
        ["System", "Quantity", "Value", "Limit", "Verdict", "In words"], rows))


def _models(material: Material) -> Section:
    columns: list[tuple[str, Callable[[Mapping[str, Any]], Any]]] = [
        ("Parameters", lambda m: m["parameters"]), ("Non-zero", lambda m: m["non_zero"]),
        ("In the state dict", lambda m: m["state_entries"]), ("Bytes", lambda m: m["bytes"]),
        ("MACs, torchinfo", lambda m: m["macs"]["torchinfo"]), ("MACs, thop", lambda m: m["macs"]["thop"]),
        ("MACs, executed", lambda m: m["executed_macs"]),
        ("Peak activations, bytes", lambda m: m["peak_activation_bytes"]),
    ]
    rows = [[member["model"], member["weights"], *(f"{value(member):,}" for _, value in columns)]
            for member in _members(material)]
    return Section(
        "Networks",
        ["Counted on the float network for one clip. Conventions: see the verb `task1 complexity`. Executed are the "
         "multiply-accumulates of convolutions and matrix products that PyTorch's own counter sees; activations are "
         "float32, operation by operation."],
        Table(["Model", "Weights", *(title for title, _ in columns)], rows))


def _members(material: Material) -> list[Mapping[str, Any]]:
    """The networks of all systems, each once."""
    return list({member["model"]: member for record in material.package["systems"]
                 for member in record["members"]}.values())


def _not_done(material: Material) -> Section:
    items = [f"System {index}: {text}" for index, one in material.development.items() for text in one.deviations]
    items += recipe_changes(material.run)
    items += ["Technical report as PDF: not written by this version; add yours to the package.",
              "Energy consumption: not measured."]
    return Section("Not executed, or changed against the published recipe", items=items)


def _package(material: Material) -> Section:
    package = material.package
    items = [f"{package['package']}, SHA-256 {package['sha256']}", f"{package['clips']:,} clips in every output table"]
    items += [f"{system['label']} is not in the package: {system['left_out']}" for system in package["systems"]
              if not system["packaged"]]
    items += [f"{finding['severity']}: {finding['where']}: {finding['message']}" for finding in package["findings"]]
    if not package["findings"]:
        items.append("Checked right after writing: nothing found.")
    return Section("Package", items=items)


def _provenance(material: Material) -> Section:
    rows = [["Python", platform.python_version()], ["System", f"{platform.system()} {platform.machine()}"]]
    rows += [[name, _version(name)] for name in ("task1", *LIBRARIES)]
    rows += [[f"Seed of {name}", str(model.training.seed)] for name, model in material.run.models.items()]
    rows += [[f"Weights of {member['model']}, SHA-256", member["sha256"][:SHORT_DIGEST]]
             for member in _members(material)]
    rows += [[f"Development table of system {index}, SHA-256", one.table_digest[:SHORT_DIGEST]]
             for index, one in material.development.items()]
    return Section("Provenance", [f"Versions are those that wrote this report. Digests: first {SHORT_DIGEST} digits."],
                   Table(["What", "Which"], rows))


def _repeat(material: Material) -> Section:
    run = material.run
    folder = shlex.quote(material.folder)
    single = [f"python -m task1 score --run {folder} --system {index} --part development" for index in run.systems]
    return Section("To repeat", ["The whole run, then the scores and the package alone:"], commands=[
        shlex.join(run.command), *single, f"python -m submission package --run {folder}",
        f"python -m submission report --run {folder}"])


def _percent(scores: Scores | None) -> str:
    return "-" if not scores or scores["accuracy"] is None else f"{100 * scores['accuracy']:.2f}"


def _nats(scores: Scores | None) -> str:
    return "-" if not scores or scores["log_loss"] is None else f"{scores['log_loss']:.3f}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
