"""The training loop: one for every entry; what differs is in the recipe.

The fold lies on the device as one float16 tensor; batches are drawn by index and augmented as whole tensors. Every
epoch begins with random numbers seeded by (seed, epoch) and ends with a checkpoint, so a resumed run ends in the same
bytes.
"""

import time
from collections.abc import Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer, RAdam

from task1.augment.noise_mask import NoiseReduction
from task1.augment.pipeline import Augmenter
from task1.compress.prune import apply_masks, widths_of
from task1.compress.quantize import original, simulate
from task1.config import ModelRecipe
from task1.config.recipe import Loss, Pruning
from task1.config.recipe import Optimizer as OptimizerRecipe
from task1.errors import InputError
from task1.features.network_input import network_input
from task1.inference import BATCHES, LAYOUT, classify
from task1.models.operators import orthonormal_penalty
from task1.scoring import metrics
from task1.training.checkpoint import Checkpoint
from task1.training.data import Clips, batches
from task1.training.distill import distilled
from task1.training.loss import head_losses, scene_targets
from task1.training.pcgrad import pcgrad_backward
from task1.training.progress import Progress, Record, new_totals, write_history
from task1.training.pruning import epochs_in_all, first_clips, narrow, prune_trained, schedule_time
from task1.training.schedules import learning_rate
from task1.training.seeding import seed_epoch
from task1.training.state import State, from_checkpoint

Precision = Literal["float32", "bf16"]


def fit(name: str, network: nn.Module, recipe: ModelRecipe, train: Clips, validation: Clips | None,
        augmenter: Augmenter, checkpoint: Checkpoint, precision: Precision = "float32",
        noise: NoiseReduction | None = None) -> State:
    """Train to the end of the recipe, from the last checkpoint if there is one; the network is changed.

    `precision` bf16 has the network compute in bfloat16 where PyTorch holds that safe, but for epochs that round to
    integers: their steps are finer than bfloat16. Weights and losses are float32.
    """
    settings, device, pruning = recipe.training, train.logmel.device, recipe.compression.pruning
    saved, epochs = checkpoint.load(), epochs_in_all(recipe)
    if saved:
        network = narrow(network, widths_of(saved[1]), first_clips(train, recipe))
    layout = _layout(device, precision)
    network.to(memory_format=layout)  # type: ignore[call-overload]
    if noise and (not saved or saved[1]["epoch"] <= settings.epochs):  # fine-tuning is for the scene alone
        noise.attach(network, first_clips(train, recipe))
    optimizer = make_optimizer(settings.optimizer, network)
    state = from_checkpoint(saved, network, optimizer) if saved else State()
    spectrum_device = recipe.augmentation.spectrum_correction and recipe.augmentation.spectrum_correction.device
    of_device = torch.tensor([own == spectrum_device for own in train.devices], device=device)
    begins = recipe.compression.quantization_aware_from_epoch  # None: integers by rounding once, after training
    began, folder = state.epoch, checkpoint.folder.parent
    progress = Progress(name, epochs, len(train), began, folder)
    for epoch in range(state.epoch, epochs):
        generator, start, totals = seed_epoch(settings.seed, epoch), time.perf_counter(), new_totals(device)
        rounding = begins is not None and epoch >= begins
        if epoch == begins:
            state.begin_rounding()
        if epoch == settings.epochs and pruning:
            if noise:
                noise.detach(state.kept, state.sums, state.unrounded)
            network = pruned(network, pruning, state, first_clips(train, recipe))
            network.to(memory_format=layout)  # type: ignore[call-overload]
            optimizer = make_optimizer(settings.optimizer, network)
        network.train()
        simulate(network, rounding)
        for number, chosen in enumerate(batches(len(train), settings.batch_size, generator)):
            share = number * settings.batch_size / len(train)
            time_now = schedule_time(recipe, epoch + share)
            lr = learning_rate(settings.schedule, settings.optimizer.lr, settings.epochs, time_now)
            set_learning_rate(optimizer, lr)
            rows = chosen.to(device)
            told = [scene_targets(train.scenes[rows])] + ([] if train.taught is None else [train.taught[rows]])
            logmel, (targets, *taught) = augmenter.spectrograms(
                train.logmel[rows].float(), told, of_device[rows],
                schedule_time(recipe, epoch) / settings.epochs, generator)
            if noise and noise.attached:
                x, kept = noise.inputs(logmel, augmenter, generator)
            else:
                x = augmenter.inputs(network_input(logmel, recipe.input), generator)
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16" and not rounding):
                logits, extra = heads(network, x.contiguous(memory_format=layout))
            logits = logits.float()
            scene_loss, super_loss = losses(logits, targets, taught, recipe, network)
            if isinstance(network, Helped):
                scene_loss = scene_loss + network.auxiliary_weight * sum(
                    head_losses(head.float(), targets)[0] for head in extra)
            if noise and noise.attached:
                scene_loss = scene_loss + noise.loss(kept)
            backward(scene_loss, super_loss, settings.loss, network, optimizer)
            optimizer.step()
            apply_masks(network, state.masks)
            totals += batch_totals(logits, targets, scene_loss, super_loss, settings.loss)
            progress.batch(len(rows), lr, totals)
        record = epoch_record(epoch + 1, lr, totals, time.perf_counter() - start)
        record |= validate(network, validation, recipe)
        refuse_broken(name, record, checkpoint)
        state.after_epoch(network, record, settings)
        checkpoint.save(*state.to_checkpoint(network, optimizer))
        write_history(folder / "history.csv", state.history)
        progress.epoch(record, state.epoch - began)
    progress.close()
    if noise:
        noise.detach(state.kept, state.sums, state.unrounded)
    if pruning and not pruning.fine_tune_epochs:
        pruned(network, pruning, state, first_clips(train, recipe))
    return state


def _layout(device: torch.device, precision: Precision) -> torch.memory_format:
    """PyTorch's bfloat16 gradients of dilated depthwise weights are wrong on CPUs where channels come last."""
    return torch.contiguous_format if (device.type, precision) == ("cpu", "bf16") else LAYOUT


def pruned(network: nn.Module, settings: Pruning, state: State, example: Tensor) -> nn.Module:
    """What would ship now, pruned."""
    network.load_state_dict(state.result())
    network, masks, widths = prune_trained(network, settings, example)
    state.begin_fine_tuning(network, masks, widths)
    return network


@runtime_checkable
class Helped(Protocol):
    """A network with further heads that only help it learn (Inception V1)."""

    auxiliary_weight: float

    def with_auxiliary(self, x: Tensor) -> tuple[Tensor, list[Tensor]]: ...


def heads(network: nn.Module, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits, and those of the heads that only help."""
    return network.with_auxiliary(x) if isinstance(network, Helped) else (network(x), [])


def losses(logits: Tensor, targets: Tensor, taught: Sequence[Tensor], recipe: ModelRecipe,
           network: nn.Module) -> tuple[Tensor, Tensor | None]:
    """Of both heads: against the truth and what teachers said; the first with its regulariser."""
    scene_loss, super_loss = head_losses(logits, targets)
    if recipe.distillation:
        scene_loss, super_loss = distilled((scene_loss, super_loss), logits, taught[0], recipe.distillation)
    if recipe.training.loss.orthonormal_weight:
        scene_loss = scene_loss + recipe.training.loss.orthonormal_weight * orthonormal_penalty(original(network))
    return scene_loss, super_loss


def make_optimizer(recipe: OptimizerRecipe, network: nn.Module) -> Optimizer:
    if recipe.name == "sgd":
        return SGD(network.parameters(), recipe.lr, momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    return RAdam(network.parameters(), recipe.lr, weight_decay=recipe.weight_decay)


def set_learning_rate(optimizer: Optimizer, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr


def backward(scene: Tensor, supers: Tensor | None, recipe: Loss, network: nn.Module, optimizer: Optimizer) -> None:
    """Gradients of the recipe's combination of the two losses."""
    optimizer.zero_grad(set_to_none=True)
    if recipe.combine == "pcgrad" and supers is not None:
        parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        pcgrad_backward((recipe.scene_weight * scene, recipe.super_weight * supers), parameters)
    else:
        combined_loss(scene, supers, recipe).backward()


def combined_loss(scene: Tensor, supers: Tensor | None, recipe: Loss) -> Tensor:
    if recipe.combine == "scene_only" or supers is None:
        return recipe.scene_weight * scene
    return recipe.scene_weight * scene + recipe.super_weight * supers


@torch.no_grad()
def batch_totals(logits: Tensor, targets: Tensor, scene: Tensor, supers: Tensor | None, recipe: Loss) -> Tensor:
    """A batch's share of `new_totals`. Of mixed clips, right is the scene with the greater part."""
    clips = len(logits)
    right = (logits[:, :targets.shape[1]].argmax(dim=1) == targets.argmax(dim=1)).sum()
    total = combined_loss(scene, supers, recipe)
    second = torch.zeros_like(scene) if supers is None else supers
    return torch.stack([torch.full_like(scene, clips), clips * total, right, clips * scene, clips * second]).double()


def epoch_record(epoch: int, lr: float, totals: Tensor, seconds: float) -> Record:
    """The row of history.csv, but for the validation; losses are means over clips."""
    clips, loss, right, scene, second = totals.tolist()
    return {"epoch": epoch, "lr": lr, "loss": loss / clips, "scene_loss": scene / clips, "super_loss": second / clips,
            "accuracy": right / clips, "seconds": seconds, "samples_per_second": clips / seconds}


def validate(network: nn.Module, clips: Clips | None, recipe: ModelRecipe) -> Record:
    """Accuracy and log loss as they are scored, on clips of other locations; None where nothing is held back."""
    if clips is None:
        return {"validation_loss": None, "validation_accuracy": None}
    network.eval()
    batch = BATCHES[clips.logmel.device.type]
    probabilities = np.concatenate([classify(network, part, recipe) for part in clips.logmel.split(batch)])
    if not np.isfinite(probabilities).all():
        return {"validation_loss": float("nan"), "validation_accuracy": float("nan")}
    (confusion,), (losses,) = metrics.tally(probabilities, probabilities.argmax(axis=1), clips.scenes.cpu().numpy())
    return {"validation_loss": metrics.log_loss(confusion, losses),
            "validation_accuracy": metrics.accuracy_macro(confusion)}


def refuse_broken(name: str, record: Record, checkpoint: Checkpoint) -> None:
    """A loss that is no number ends the training; the state of the epoch before stays in the checkpoint."""
    told = [key for key in ("loss", "validation_loss") if record[key] is not None and not np.isfinite(record[key])]
    if told:
        raise InputError(
            f"{name}: {' and '.join(told).replace('_', ' ')} became {record[told[0]]} in epoch {record['epoch']} (lr "
            f"{record['lr']:.3g}); the state before it is kept in {checkpoint.folder}, but the same recipe would end "
            "there again: lower training.optimizer.lr, or change training.seed")
