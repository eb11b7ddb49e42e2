"""The last words of a full run: scores, where package and report lie, what to do next."""

import json
import os
from pathlib import Path
from typing import Any

from task1.config import Run
from task1.layout import Layout


def print_summary(run: Run, at: Layout) -> None:
    """Print what `./run_all.sh` ends with, read from the files of the run."""
    print("\n".join(_lines(run, at)), flush=True)


def _lines(run: Run, at: Layout) -> list[str]:
    package = _read(at.submission / "package.json")
    packed = {system["index"]: system for system in package["systems"]}
    corpus = " on the EMBEDDED corpus (synthetic; says nothing about real recordings)" if run.embedded else ""
    titles = {index: f"{index} {'+'.join(system.models)}" for index, system in run.systems.items()}
    width = max(14, *(len(title) for title in titles.values()))
    lines = ["", f"Scores{corpus}, development test fold:",
             f"  {'system':<{width}}{'accuracy':>10}{'log loss':>10}{'seen dev.':>11}{'unseen dev.':>13}"
             f"{'parameters':>12}{'MACs':>13}"]
    deviations: list[str] = []
    for index in run.systems:
        (system,) = _read(at.scores(index, "development"))["systems"]
        scores, groups, facts = system["scores"], system["scores"]["device_groups"], packed[index]
        cells = [f"{_percent(scores):>10}", f"{scores['log_loss']:>10.3f}", f"{_percent(groups.get('seen')):>11}",
                 f"{_percent(groups.get('unseen')):>13}", f"{facts['parameters']:>12,}", f"{facts['macs']:>13,}"]
        lines.append(f"  {titles[index]:<{width}}" + "".join(cells))
        deviations += [text for text in (system["system"] or {}).get("deviations", []) if text not in deviations]
    lines += _over_seeds(_read(at.seeds), titles, width) if run.seeds > 1 else []
    if deviations:
        lines += ["", "Not done as the recipe asks:", *(f"  {text}" for text in deviations)]
    left_out = [f"  {system['label']}: {system['left_out']}" for system in package["systems"] if not system["packaged"]]
    if left_out:
        lines += ["", "Not in the package:", *left_out]
    lines += ["", f"Package  {typed(at.submission / package['package'])}",
              f"Report   {typed(at.report / 'index.html')}", "", "Next:"]
    lines += [f"  {command:<44}  {meaning}" for command, meaning in _next_steps(run)]
    return lines


def _over_seeds(document: dict[str, Any], titles: dict[int, str], width: int) -> list[str]:
    """Mean and standard deviation of the same figures over several seeds."""
    lines = ["", f"Over {document['seeds']} seeds, mean +- standard deviation (all in scores/seeds.csv):",
             f"  {'system':<{width}}{'accuracy':>16}{'log loss':>18}{'seen dev.':>16}{'unseen dev.':>16}"]
    for subject in document["subjects"]:
        if subject["kind"] == "system":
            lines.append(f"  {titles[int(subject['name'])]:<{width}}" + "".join(
                f"{_mean(figure, subject['spread'][figure]):>{18 if figure == 'log_loss' else 16}}"
                for figure in ("accuracy", "log_loss", "accuracy_seen", "accuracy_unseen")))
    return lines


def _mean(figure: str, told: dict[str, Any] | None) -> str:
    if told is None:
        return "-"
    mean, deviation = told["mean"], told["standard_deviation"]
    return f"{mean:.3f} +- {deviation:.3f}" if figure == "log_loss" else f"{100 * mean:.1f} +- {100 * deviation:.1f} %"


def _next_steps(run: Run) -> list[tuple[str, str]]:
    again = f"./run_all.sh --entry {run.entry}" if run.entry != "wang2023" else "./run_all.sh"
    steps = [(f"{again} --set training.epochs=20", "change a parameter; only what depends on it runs"),
             ("./run_all.sh --list", "other entries and profiles")]
    if run.embedded:
        steps.insert(0, (f"{again} --profile full --data DIR", "the published recipe on the TAU recordings"))
    return steps


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _percent(scores: dict[str, Any] | None) -> str:
    return "-" if not scores or scores["accuracy"] is None else f"{100 * scores['accuracy']:.1f} %"


def typed(path: Path) -> str:
    """A path as the user would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
