"""Entry + profile + `--set` -> a checked `Run`; and the loaders of everything under meta/."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from task1.config.base import META, check, load, merge, read_yaml
from task1.config.entry import RUN_NAME, SHARED_BLOCKS, Entry, Profile, Run
from task1.config.facts import Dataset, Edition, Taxonomy
from task1.config.layers import Layered, layers, variants
from task1.errors import InputError
from task1.files import write_text


@cache
def taxonomy() -> Taxonomy:
    return load(Taxonomy, META / "taxonomy.yaml")


@cache
def dataset(name: str) -> Dataset:
    return load(Dataset, META / "datasets" / f"{name}.yaml")


@cache
def edition(name: str) -> Edition:
    return load(Edition, META / "editions" / f"{name}.yaml")


def entry_path(name: str) -> Path:
    """A name under meta/entries, or the path of a YAML file of the user's own."""
    return Path(name) if name.endswith((".yaml", ".yml")) else META / "entries" / f"{name}.yaml"


def profile_path(name: str) -> Path:
    return Path(name) if name.endswith((".yaml", ".yml")) else META / "profiles" / f"{name}.yaml"


def names(kind: str) -> list[str]:
    """The names under meta/<kind>, sorted."""
    return sorted(path.stem for path in (META / kind).glob("*.yaml"))


def resolve(entry: str, profile: str, settings: Sequence[str] = (), corpora: Path = Path("corpora"),
            systems: Sequence[int] = (), skip_bad: bool = False, seeds: int = 1, name: str | None = None) -> Run:
    """The run that an entry, a profile and `--set` arguments ask for, checked as a whole.

    `corpora` is absolute or relative to the work folder. `systems`: only these, with the models behind them; none
    means those of the profile, and without any there, all systems and all models of the entry. `seeds`: how many times
    every model is trained. `name`: of the run's folder; by default entry and profile, and the variant if one is chosen.
    """
    if name is not None and not re.fullmatch(RUN_NAME, name):
        raise InputError(f"--name {name}: expected letters, digits and . _ + -, beginning with a letter or digit")
    path = entry_path(entry)
    content, lines = read_yaml(path)
    written = check(Entry, content, str(path), lines)
    chosen = load(Profile, profile_path(profile))
    layered = Layered(content, lines, str(path))
    for layer in layers(written, chosen, str(profile_path(profile)), settings):
        layered.lay(layer)
    merged = check(Entry, layered.content, str(path), places=layered.places)
    wanted = _select(_run(layered.content, merged, chosen, settings, corpora, str(path)), systems or
                     chosen.systems.get(merged.name, ()))
    own_name = "+".join([f"{merged.name}-{chosen.name}", *variants(settings)])
    wanted |= {"name": name or own_name, "skip_bad": skip_bad, "seeds": seeds,
               "recipe": str(path.resolve()) if str(path) == entry else entry,
               "command": _command(entry, profile, settings, corpora, systems, skip_bad, seeds, name)}
    run = check(Run, wanted, f"{path} with profile {chosen.name}", places=layered.places)
    _check_references(run, str(path))
    return run


def save_run(run: Run, path: Path) -> None:
    """Write the resolved run, if it differs from what stands there."""
    text = yaml.safe_dump(run.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)
    if not path.exists() or path.read_bytes() != text.encode():
        write_text(path, text)


def load_run(folder: Path) -> Run:
    """The run of a folder `work/runs/<name>`."""
    path = folder / "config.yaml"
    if not path.exists():
        raise InputError(f"{path}: no such file, so this is not the folder of a run; ./run_all.sh makes one")
    return load(Run, path)


def _run(raw: dict[str, Any], merged: Entry, chosen: Profile, settings: Sequence[str], corpora: Path,
         where: str) -> dict[str, Any]:
    shared = {block: raw.get(block) for block in SHARED_BLOCKS}
    corpus: dict[str, str] = {str(part): name for part, name in merged.datasets.items()}
    if chosen.corpus == "embedded":
        seconds = f"{merged.features.clip_seconds:g}"
        if seconds not in chosen.embedded:
            raise InputError(f"{where}: features.clip_seconds is {seconds}, but profile {chosen.name} has embedded "
                             f"corpora of {', '.join(chosen.embedded)} s only")
        corpus = next(choice.model_dump() for key, choice in chosen.embedded.items() if key == seconds)
    return {
        "entry": merged.name, "profile": chosen.name, "edition": merged.edition,
        "embedded": chosen.corpus == "embedded", "corpora": str(corpora), **corpus,
        "features": raw["features"], "part_clips": chosen.part_clips,
        "models": {name: {"role": "system", **merge(shared, own)} for name, own in raw["models"].items()},
        "systems": raw["systems"], "authors": raw["authors"], "texts": raw["texts"], "source": raw.get("source"),
        "clip_seconds": merged.features.clip_seconds, "settings": list(settings),
    }


def _command(entry: str, profile: str, settings: Sequence[str], corpora: Path, systems: Sequence[int],
             skip_bad: bool, seeds: int, name: str | None) -> list[str]:
    """What a person types to have this run again."""
    words = ["./run_all.sh", "--entry", entry, "--profile", profile]
    words += [word for number in systems for word in ("--system", str(number))]
    words += [word for setting in settings for word in ("--set", setting)]
    words += ["--skip-bad"] if skip_bad else []
    words += ["--seeds", str(seeds)] if seeds > 1 else []
    words += ["--name", name] if name else []
    return [*words, "--data", str(corpora)] if corpora.is_absolute() else words


def _select(run: dict[str, Any], systems: Sequence[int]) -> dict[str, Any]:
    """Only these systems, their models, and the teachers of those; all of it where none is named."""
    if not systems:
        return run
    absent = [str(number) for number in systems if str(number) not in run["systems"]]
    if absent:
        raise InputError(f"entry {run['entry']}: no system {', '.join(absent)}; there are: {', '.join(run['systems'])}")
    chosen = {number: system for number, system in run["systems"].items() if int(number) in systems}
    needed: set[str] = set()
    todo = [name for system in chosen.values() for name in system["models"]]
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += (run["models"][name]["distillation"] or {}).get("teachers", [])
    return {**run, "systems": chosen, "models": {name: run["models"][name] for name in run["models"] if name in needed}}


def _check_references(run: Run, where: str) -> None:
    rules = edition(run.edition)
    submitted = sum(system.submitted for system in run.systems.values())
    if submitted > rules.max_systems:
        raise InputError(f"{where}: {submitted} systems to be submitted; edition {rules.name} takes "
                         f"{rules.max_systems}; mark others with submitted: false")
    for name in (run.development, run.evaluation):
        audio = dataset(name).audio
        if (audio.sample_rate, audio.clip_seconds) != (run.features.sample_rate, run.features.clip_seconds):
            raise InputError(f"{where}: features expect {run.features.clip_seconds:g} s at {run.features.sample_rate} "
                             f"Hz, but data set {name} has {audio.clip_seconds:g} s at {audio.sample_rate} Hz")
