"""The systems of a run folder as contenders on an official leaderboard.

Inputs: `scores/system<k>.development.json`, `submission/package.json` (what the networks were counted to be; without
it they are counted here, untrained). Output: contenders, each with what sets it apart from an official row.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from task1.config import Edition, Run, development_of, edition, load_run, names, ranking_of
from task1.config.recipe import BYTES_PER_WEIGHT
from task1.errors import InputError
from task1.files import file_digest
from task1.layout import Layout
from task1.scoring.quantities import parse
from task1.scoring.ranking import Contender


@dataclass(frozen=True, eq=False)
class Own:
    """A system of one's own, or one that is only supposed."""

    contender: Contender
    kind: str
    """What its accuracy and log loss are: development, SYNTHETIC, other data, or what-if."""
    comparable: bool
    """May it be ranked among official rows?"""
    remarks: tuple[str, ...] = ()


def read_run(folder: Path, name: str) -> list[Own]:
    """The systems of a run, held against edition `name`."""
    run, layout = load_run(folder), Layout(folder)
    rules = edition(name if name in names("editions") else run.edition)
    team = folder.resolve().name
    return [_own(layout, run, index, rules, name, f"{team}/{index}", team) for index in sorted(run.systems)]


def _own(layout: Layout, run: Run, index: int, rules: Edition, name: str, title: str, team: str) -> Own:
    figures, remarks = _complexity(layout, run, index, rules)
    scores = _scores(layout, index)
    if scores is None:
        remarks.append(f"not scored yet; `task1 score --run {layout.run} --system {index}` does it")
    else:
        figures |= {"accuracy": round(100 * scores["scores"]["accuracy"], 10),
                    "log_loss": scores["scores"]["log_loss"]}
        deviations = (scores["system"] or {}).get("deviations", ())
        remarks += [f"not done as the recipe asks: {'; '.join(deviations)}"] if deviations else []
    contender = Contender(title, team, figures)
    if run.embedded:
        remarks.insert(0, f"scored on the EMBEDDED corpus {run.development}: synthetic recordings, not comparable with "
                          "any official row and not ranked; memory and MACs do not depend on recordings, so that ranks "
                          "by these are told")
        return Own(contender, "SYNTHETIC", False, tuple(remarks))
    if run.development != development_of(name):
        remarks.insert(0, f"scored on {run.development}, but edition {name} is about "
                          f"{development_of(name) or 'other recordings'}; not comparable and not ranked")
        return Own(contender, "other data", False, tuple(remarks))
    if not run.systems[index].submitted:
        remarks.insert(0, "marked `submitted: false` in its entry, so not ranked among systems that enter")
        return Own(contender, "development", False, tuple(remarks))
    return Own(contender, "development", True, tuple(remarks))


def _scores(layout: Layout, index: int) -> dict[str, Any] | None:
    """What `task1 score` wrote of the development test fold, if it is of the table as it stands now."""
    path, table = layout.scores(index, "development"), layout.output(index, "development")
    content = _json(path)
    if content is None:
        return None
    again = f"run `task1 score --run {layout.run} --system {index}`"
    try:
        (system,) = content["systems"]
        digest = system["sha256"]
        found: dict[str, Any] = {"scores": {key: float(system["scores"][key]) for key in ("accuracy", "log_loss")},
                                 "system": system["system"]}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not the scores of one system ({error!r}); {again}") from None
    if table.exists() and file_digest(table) != digest:
        raise InputError(f"{path}: scores of another table than {table} is now; {again}")
    return found


def _complexity(layout: Layout, run: Run, index: int, rules: Edition) -> tuple[dict[str, float], list[str]]:
    """Memory as the edition counts it, and MACs; members of an ensemble summed."""
    path = layout.submission / "package.json"
    members = _members(_json(path), path, index, run.systems[index].models)
    remarks = []
    if members is None:
        members = _counted(layout, run, run.systems[index].models)
        remarks.append("no package yet that says its size: the untrained networks were counted, zeros included")
    memory = sum((member["parameters"] if rules.size.counted == "all" else member["non_zero"])
                 * (1 if rules.size.assumed_dtype == "int8" else member["bytes"] // member["parameters"])
                 for member in members)
    return {"memory": memory, "macs": sum(member["macs"][rules.macs.convention] for member in members)}, remarks


def _members(package: Any, path: Path, index: int, models: Sequence[str]) -> list[dict[str, Any]] | None:
    """What the package says of a system's networks; None where there is none or it is of other networks."""
    if package is None:
        return None
    try:
        systems = {system["index"]: system["members"] for system in package["systems"]}
        found = systems.get(index, [])
        if [member["model"] for member in found] != list(models):
            return None
        return [{key: member[key] for key in ("parameters", "non_zero", "bytes", "macs")} for member in found]
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: not the record of a package ({error!r}); run `submission package --run "
                         f"{path.parent.parent}`") from None


def _counted(layout: Layout, run: Run, models: Sequence[str]) -> list[dict[str, Any]]:
    from task1.complexity_tables import count_model  # imports torch

    members = []
    for name in models:
        trained = _json(layout.model(name) / "model.json") or {}
        counted = count_model(run, name)
        width = BYTES_PER_WEIGHT[trained.get("weights", run.models[name].compression.weights)]
        members.append({"parameters": counted.parameters, "non_zero": counted.parameters,
                        "bytes": counted.parameters * width, "macs": counted.macs})
    return members


def _json(path: Path) -> Any:
    """Content of a JSON file, None where there is no file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not JSON ({error}); delete it and run the stage that writes it again") from None


def what_if(name: str, accuracies: Sequence[str], others: Mapping[str, str]) -> Own:
    """A system that is only supposed, from figures as written on the command line; edition `name` may want one
    accuracy for each training subset."""
    subsets = ranking_of(name).subsets
    wanted = [f"accuracy_{subset}" for subset in subsets] or ["accuracy"]
    if accuracies and len(accuracies) != len(wanted):
        raise InputError(f"--accuracy: found {len(accuracies)} numbers, but edition {name} takes "
                         + (f"{len(wanted)}, one for each subset ({', '.join(subsets)} %)" if subsets else "one"))
    values = parse("accuracy", [("--accuracy", text) for text in accuracies])
    figures = dict(zip(wanted, values, strict=False))
    for quantity, text in others.items():
        (figures[quantity],) = parse(quantity, [(f"--{quantity.replace('_', '-')}", text)])
    return Own(Contender("what-if", "what-if", figures), "what-if", True)
