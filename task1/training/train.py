"""Train one model of a run: from its recipe, the index and the feature store to `<run>/models/<model>/`.

Written when all is done: model.onnx (what ships, whatever its type), for int8 beside it model.float.onnx (the network
before quantisation), model.safetensors (weights), model.json (recipe, origin, results), history.csv (one row an epoch).
Until then `checkpoint/` holds the last epochs; the same command goes on from there.
"""

import platform
import sys
from pathlib import Path

import torch

from task1.allocator import out_of_memory
from task1.augment.noise_mask import NoiseReduction
from task1.augment.pipeline import Augmenter
from task1.complexity import against_limits
from task1.complexity_tables import count_model
from task1.compress.half import to_half
from task1.compress.quantize import prepare_qat
from task1.compress.ship import check_writable, write_onnx
from task1.config import ModelRecipe, Run, edition, load_run, taxonomy
from task1.energy import measured
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.features.store import feature_digest
from task1.files import atomic_path, digest, write_json
from task1.layout import Layout
from task1.models import build, module_of
from task1.training.checkpoint import Checkpoint, save_tensors
from task1.training.data import Clips
from task1.training.fold import Fold, load_fold
from task1.training.loop import Precision, fit
from task1.training.progress import write_history
from task1.training.pruning import first_clips
from task1.training.state import State
from task1.training.support import unsupported
from task1.workflow.code import code_digest


def train(run_folder: Path, name: str, device: torch.device, precision: Precision = "float32") -> Path:
    """Train model `name` of the run; return its folder. A training killed before goes on from its last epoch."""
    at, run = Layout(run_folder), load_run(run_folder)
    if name not in run.trainings:
        raise InputError(f"{at.config}: no model {name}; there are: {', '.join(run.trainings)}")
    recipe = run.model(name)
    for text in (*(f"not done as the recipe asks: {text}" for text in unsupported(recipe)), *over_limit(run, name)):
        print(f"{name}: {text}", file=sys.stderr)
    if device.type == "cuda":  # the same seed shall give the same bytes, as it does on a CPU
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        _train(at, run, name, device, precision)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise InputError(f"{name}: out of memory on device {device.type}; the last finished epoch is kept, so lower "
                         f"training.batch_size ({recipe.training.batch_size}), or free memory and give the same "
                         "command again") from error
    return at.model(name)


def _train(at: Layout, run: Run, name: str, device: torch.device, precision: Precision) -> None:
    recipe, folder = run.model(name), at.model(name)
    fold = load_fold(at, run, name, device)
    checkpoint = Checkpoint(folder / "checkpoint", identity(run, recipe, fold, precision))
    torch.manual_seed(recipe.training.seed)
    network = build(recipe.network).to(device)
    check_network(name, network, recipe, fold.train)
    check_writable(network, recipe, run.features)
    if recipe.compression.weights == "int8":
        network = prepare_qat(network, first_clips(fold.train, recipe))
    augmenter = Augmenter(recipe.augmentation, fold.corrections)
    base = {"10": 10.0, "e": torch.e}[run.features.log.base]
    noise = NoiseReduction(recipe, base) if recipe.augmentation.noise_mask else None
    with measured(at.energy(f"{name}.training"), checkpoint.identity, goes_on=checkpoint.current.exists()):
        state = fit(name, network, recipe, fold.train, fold.validation, augmenter, checkpoint, precision, noise)
    write_model(folder, run, name, recipe, fold, state, precision)
    checkpoint.remove()


def over_limit(run: Run, name: str) -> list[str]:
    """Told before hours are spent: what packaging would refuse. Teachers and baselines are not packed."""
    recipe, rules = run.model(name), edition(run.edition)
    if recipe.role != "system":
        return []
    verdicts = against_limits(count_model(run, name), rules, recipe.compression.bytes_per_weight)
    return [f"edition {rules.name} will not take it: {verdict.sentence}"
            for verdict in verdicts if verdict.state == "over"]


def identity(run: Run, recipe: ModelRecipe, fold: Fold, precision: Precision) -> str:
    """Names what a checkpoint belongs to: recipe, features, clips, and what decides how numbers are rounded."""
    return digest({
        "recipe": recipe.model_dump(mode="json"), "features": feature_digest(run.features, run.development),
        "train": fold.train.filenames, "validation": fold.validation.filenames if fold.validation else [],
        "made_of": fold.made_of, "device": fold.train.logmel.device.type, "precision": precision,
        "torch": torch.__version__, "code": code_digest("task1.training.train", module_of(recipe.network)),
    })


@torch.inference_mode()
def check_network(name: str, network: torch.nn.Module, recipe: ModelRecipe, clips: Clips) -> None:
    """Refuse a network whose outputs do not fit the recipe's losses and decision, before hours are spent."""
    x = network_input(clips.logmel[:2], recipe.input)  # (batch, channel, mel, frame)
    logits = network.eval()(x[..., :recipe.augmentation.crop_frames])
    scenes, supers = len(taxonomy().scenes), len(taxonomy().super_classes)
    two_heads = recipe.training.loss.combine != "scene_only" or recipe.decision.combine != "scene"
    if logits.shape[1] not in ((scenes + supers,) if two_heads else (scenes, scenes + supers)):
        raise InputError(f"{name}: the network gives {logits.shape[1]} outputs, but loss "
                         f"{recipe.training.loss.combine} and decision {recipe.decision.combine} need "
                         f"{scenes + supers if two_heads else scenes}")


def write_model(folder: Path, run: Run, name: str, recipe: ModelRecipe, fold: Fold, state: State,
                precision: Precision) -> None:
    """The finished model; model.json last, so that where it is, the rest is whole."""
    weights, result = recipe.compression.weights, state.result()
    with atomic_path(folder / "model.safetensors") as temporary:
        save_tensors(to_half(result) if weights == "float16" else result, temporary)
    made = {"entry": run.entry, "model": name, "profile": run.profile, "corpus": run.development,
            "embedded": run.embedded, "recipe": digest(recipe.model_dump(mode="json"))}
    write_onnx(folder, recipe, run.features, made, result, state.widths, state.unrounded)
    write_history(folder / "history.csv", state.history)
    device, kept = fold.train.logmel.device, state.kept_record
    write_json(folder / "model.json", {
        "format": 1, "model": name, "entry": run.entry, "profile": run.profile, "corpus": run.development,
        "embedded": run.embedded, "features": run.features.model_dump(mode="json"),
        "recipe": recipe.model_dump(mode="json"), "recipe_digest": digest(recipe.model_dump(mode="json")),
        "weights": weights, "deviations": unsupported(recipe),
        "has_heard_test": run.has_heard_test(name), "seed": recipe.training.seed, "epochs": state.epoch,
        "weights_of": "mean of epochs" if state.sums_weight else "epoch", "kept": kept,
        "before_rounding": state.unrounded_record, "widths": state.widths,
        "clips": {"train": fold.own, "copies": len(fold.train) - fold.own,
                  "validation": len(fold.validation) if fold.validation else 0},
        "seconds": sum(record["seconds"] for record in state.history),
        "made_with": {"device": device.type, "precision": precision, "threads": torch.get_num_threads(),
                      "torch": torch.__version__,
                      "python": platform.python_version()},
    })
