"""Train one model of a run: from its recipe, the index and the feature store to `<run>/models/<model>/`.

Written when all is done: model.safetensors (weights), model.json (recipe, origin, results), history.csv (one row an
epoch), and for int8 model.onnx, which is what ships and is executed. Until then `checkpoint/` holds the last epochs;
the same command goes on from there.
"""

import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.fx import GraphModule

from task1.augment.pipeline import Augmenter
from task1.augment.spectrum_correction import corrections, spectra
from task1.complexity_tables import input_shape
from task1.compress.half import to_half
from task1.compress.quantize import export_int8, prepare_qat
from task1.compress.run_onnx import metadata_of
from task1.config import ModelRecipe, Run, load_run, taxonomy
from task1.corpus.folds import validation_split
from task1.corpus.index import read_index
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.features.store import FeatureStore, feature_digest
from task1.files import atomic_path, digest, write_json
from task1.inference import ONNX
from task1.layout import Layout
from task1.models import build, module_of
from task1.training.checkpoint import Checkpoint, save_tensors
from task1.training.data import Clips, load_clips, training_rows
from task1.training.loop import fit
from task1.training.progress import write_history
from task1.training.state import State
from task1.training.support import unsupported
from task1.workflow.code import code_digest

RANGED = 32
"""Clips that the first ranges of activations are taken from; training moves them on."""


@dataclass(frozen=True)
class Fold:
    train: Clips
    validation: Clips | None


def train(run_folder: Path, name: str, device: torch.device) -> Path:
    """Train model `name` of the run; return its folder. A training killed before goes on from its last epoch."""
    at, run = Layout(run_folder), load_run(run_folder)
    if name not in run.models:
        raise InputError(f"{at.config}: no model {name}; there are: {', '.join(run.models)}")
    recipe = run.models[name]
    deviations = unsupported(recipe)
    if deviations:
        print(f"{name}: not done as the recipe asks: {'; '.join(deviations)}", file=sys.stderr)
    if device.type == "cuda":  # the same seed shall give the same bytes, as it does on a CPU
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        _train(at, run, name, device, deviations)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise InputError(f"{name}: out of memory on device {device.type}; the last finished epoch is kept, so lower "
                         f"training.batch_size ({recipe.training.batch_size}), or free memory and give the same "
                         "command again") from error
    return at.model(name)


def _train(at: Layout, run: Run, name: str, device: torch.device, deviations: list[str]) -> None:
    recipe, folder = run.models[name], at.model(name)
    fold = load_fold(at, run, recipe, device)
    checkpoint = Checkpoint(folder / "checkpoint", identity(run, recipe, fold))
    torch.manual_seed(recipe.training.seed)
    network = build(recipe.network).to(device)
    check_network(name, network, recipe, fold.train)
    if recipe.compression.weights == "int8":
        first = network_input(fold.train.logmel[:RANGED].float(), recipe.input)[..., :recipe.augmentation.crop_frames]
        network = prepare_qat(network, first)
    augmenter = Augmenter(recipe.augmentation, correction_rows(run, recipe, fold.train))
    state = fit(name, network, recipe, fold.train, fold.validation, augmenter, checkpoint)
    write_model(folder, run, name, recipe, fold, state, deviations, network)
    checkpoint.remove()


def load_fold(at: Layout, run: Run, recipe: ModelRecipe, device: torch.device) -> Fold:
    """Training and validation clips; the latter are all clips of a share of the locations."""
    settings = recipe.training
    if settings.validation_share == 0 and settings.keep != "last":
        raise InputError(f"{at.config}: training.keep is {settings.keep}, but validation_share is 0, so there is "
                         "nothing to choose by; expected keep: last or a share above 0")
    rows = training_rows(read_index(at.index(run.development)), settings.data)
    store = FeatureStore(at.features(run, run.development), run.features)
    held_back = validation_split(rows, settings.validation_share, settings.seed).to_numpy(dtype=bool)
    if held_back.all() or (held_back.any() != (settings.validation_share > 0)):
        raise InputError(f"{at.index(run.development)}: a validation share of {settings.validation_share:g} "
                         f"holds back {held_back.sum()} of {len(rows)} clips; change training.validation_share")
    # of all development data, clips outside the train fold share locations with those held back: they go, too
    apart = ~rows["location"].isin(set(rows["location"][held_back])).to_numpy(dtype=bool)
    return Fold(load_clips(store, rows[apart], device, "training clips"),
                load_clips(store, rows[held_back], device, "validation clips") if held_back.any() else None)


def identity(run: Run, recipe: ModelRecipe, fold: Fold) -> str:
    """Names what a checkpoint belongs to: recipe, features, clips, and what decides how numbers are rounded."""
    return digest({
        "recipe": recipe.model_dump(mode="json"), "features": feature_digest(run.features, run.development),
        "train": fold.train.filenames, "validation": fold.validation.filenames if fold.validation else [],
        "device": fold.train.logmel.device.type, "torch": torch.__version__,
        "code": code_digest("task1.training.train", module_of(recipe.network)),
    })


def correction_rows(run: Run, recipe: ModelRecipe, clips: Clips) -> torch.Tensor | None:
    settings = recipe.augmentation.spectrum_correction
    if settings is None:
        return None
    base = {"10": 10.0, "e": torch.e}[run.features.log.base]
    return corrections(clips.filenames, spectra(clips.logmel, base), settings.device, base, settings.method)


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
                deviations: list[str], network: torch.nn.Module) -> None:
    """The finished model; model.json last, so that where it is, the rest is whole."""
    weights, result = recipe.compression.weights, state.result()
    with atomic_path(folder / "model.safetensors") as temporary:
        save_tensors(to_half(result) if weights == "float16" else result, temporary)
    if isinstance(network, GraphModule):
        network.load_state_dict(result)
        made = {"entry": run.entry, "model": name, "profile": run.profile, "corpus": run.development,
                "embedded": run.embedded, "recipe": digest(recipe.model_dump(mode="json"))}
        with atomic_path(folder / ONNX) as temporary:
            export_int8(network, input_shape(run, name), temporary, metadata_of(recipe, run.features, made))
    write_history(folder / "history.csv", state.history)
    device, kept = fold.train.logmel.device, state.kept_record
    write_json(folder / "model.json", {
        "format": 1, "model": name, "entry": run.entry, "profile": run.profile, "corpus": run.development,
        "embedded": run.embedded, "features": run.features.model_dump(mode="json"),
        "recipe": recipe.model_dump(mode="json"), "recipe_digest": digest(recipe.model_dump(mode="json")),
        "weights": weights, "deviations": deviations, "seed": recipe.training.seed, "epochs": state.epoch,
        "weights_of": "mean of epochs" if state.sums_weight else "epoch", "kept": kept,
        "clips": {"train": len(fold.train), "validation": len(fold.validation) if fold.validation else 0},
        "seconds": sum(record["seconds"] for record in state.history),
        "made_with": {"device": device.type, "threads": torch.get_num_threads(), "torch": torch.__version__,
                      "python": platform.python_version()},
    })


def out_of_memory(error: Exception) -> bool:
    """Whether PyTorch or Python ran out of the GPU's or the machine's memory."""
    told = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate memory" in told
