"""Complexity of an entry's networks as text tables: one row a network, one row a layer, verdicts against the limits."""


from task1.columns import aligned
from task1.complexity import Complexity, against_limits, count, memory_bytes
from task1.config import Edition, Run, edition, names
from task1.errors import InputError

HEADINGS = ("model", "role", "input", "params", "with buffers", "weights", "bytes", "torchinfo", "thop", "executed",
            "peak act.")
LAYER_HEADINGS = ("layer", "kind", "calls", "output", "params", "torchinfo", "thop", "executed", "why it differs")


def input_shape(run: Run, name: str) -> tuple[int, int, int]:
    """(channel, mel, frame) of what the network sees of one clip; where training crops, inference does so too."""
    recipe = run.model(name)
    frames = recipe.augmentation.crop_frames or recipe.input.frames(run.features.frames)
    return recipe.input.channels, run.features.n_mels, frames


def count_model(run: Run, name: str) -> Complexity:
    """The untrained network of a run's model, counted for one clip; pruned where the recipe prunes, for how much goes
    is known before training."""
    import torch

    from task1.compress.prune import prune
    from task1.models import build

    network, shape = build(run.model(name).network, f"models.{name}.network"), input_shape(run, name)
    pruning = run.model(name).compression.pruning
    if pruning:
        prune(network, pruning, torch.zeros(1, *shape))
    return count(network, shape)


def tables(run: Run, only: str | None = None, layers: bool = False) -> str:
    """All networks of the run, those of a system (its number) or one (its name); the verdict of every edition with
    clips of that length on each that is submitted."""
    chosen = _chosen(run, only)
    counted = {name: count_model(run, name) for name in chosen}
    blocks = [aligned([HEADINGS, *(_row(run, name, counted[name]) for name in chosen)])]
    for rules in _editions(run):
        verdicts = [f"{name}: {verdict.sentence}" for name in chosen if run.models[name].role == "system"
                    for verdict in against_limits(counted[name], rules, run.models[name].compression.bytes_per_weight)]
        if verdicts:
            blocks.append("\n".join([f"Limits of edition {rules.name}, each network alone:", *verdicts]) + "\n")
    if layers:
        blocks += [f"{name}\n" + _layers(counted[name]) for name in chosen]
    return "\n".join(blocks)


def _editions(run: Run) -> list[Edition]:
    """The entry's edition first, then the others whose clips are as long."""
    others = [edition(name) for name in names("editions") if name != run.edition]
    return [edition(run.edition), *(rules for rules in others if rules.clip_seconds == run.clip_seconds)]


def _chosen(run: Run, only: str | None) -> list[str]:
    if only is None:
        return list(run.models)
    if only.isdecimal() and int(only) in run.systems:
        return list(run.systems[int(only)].models)
    if only not in run.models:
        raise InputError(f"entry {run.entry} has no model or system {only}; there are models {', '.join(run.models)} "
                         f"and systems {', '.join(map(str, run.systems))}")
    return [only]


def _row(run: Run, name: str, counted: Complexity) -> tuple[str, ...]:
    recipe = run.models[name]
    size = memory_bytes(counted.parameters, recipe.compression.bytes_per_weight)
    figures = (size, counted.macs["torchinfo"], counted.macs["thop"], counted.executed, counted.peak_activation_bytes)
    return (name, recipe.role, "x".join(map(str, input_shape(run, name))), f"{counted.parameters:,}",
            f"{counted.state_entries:,}", recipe.compression.weights, *(f"{value:,}" for value in figures))


def _layers(counted: Complexity) -> str:
    rows = [(layer.name or "(network)", layer.kind, str(layer.calls), "x".join(map(str, layer.output_shape[1:])),
             f"{layer.parameters:,}", f"{layer.macs['torchinfo']:,}", f"{layer.macs['thop']:,}",
             f"{layer.executed:,}", layer.note) for layer in counted.layers]
    return aligned([LAYER_HEADINGS, *rows])
