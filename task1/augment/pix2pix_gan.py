"""The conditional GAN behind the generated clips: pairs of parallel log-mels in, a trained generator out.

The generator gives what is to be added to the source, from two channels: the source, and the mean difference between
the two devices, mel band by mel band, which tells the target device. The discriminator sees both of them and the
candidate. Log-mels outside of the networks are (clip, mel, frame), on the stored scale, as are the L1 distances told.

Every epoch begins with random numbers seeded by (seed, epoch) and ends with a checkpoint, so that a training that was
killed goes on from its last epoch and ends in the same bytes.
"""

import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam
from tqdm import tqdm

from task1.config.recipe import Pix2Pix
from task1.errors import InputError
from task1.models.pix2pix import PatchDiscriminator, UNetGenerator
from task1.training.checkpoint import (
    Checkpoint,
    Tensors,
    of_prefix,
    optimizer_tensors,
    restore_optimizer,
    with_prefix,
)
from task1.training.data import batches
from task1.training.progress import Record, write_history
from task1.training.seeding import seed_epoch

SPREAD_OF_WEIGHTS = 0.02
"""Of the normal distribution that the original draws first weights from."""
CLIPS_AT_ONCE = 64
BETA2 = 0.999


@dataclass(frozen=True, eq=False)
class Pairs:
    """Clips (clip, mel, frame) float16, and for each pair the position of its source and target clip and its row of
    `profiles` (row, mel), the mean differences between devices. All on one device."""

    clips: Tensor
    source: Tensor
    target: Tensor
    profile: Tensor
    profiles: Tensor

    def __len__(self) -> int:
        return len(self.source)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Source and target log-mels and profiles of these pairs, float32."""
        return (self.clips[self.source[rows]].float(), self.clips[self.target[rows]].float(),
                self.profiles[self.profile[rows]])


class Translator(nn.Module):
    """The generator, on stored log-mels: what the device of `profile` would have recorded instead of the source."""

    centre: Tensor
    scale: Tensor

    def __init__(self, recipe: Pix2Pix) -> None:
        super().__init__()
        self.network = UNetGenerator(2, 1, recipe.generator, recipe.dropout)
        self.register_buffer("centre", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))

    def seen(self, logmel: Tensor, profile: Tensor) -> Tensor:
        """What both networks see: (batch, 2, mel, frame) of logmel (batch, mel, frame) and profile (batch, mel)."""
        return torch.stack([(logmel - self.centre) / self.scale,
                            (profile / self.scale)[:, :, None].expand_as(logmel)], dim=1)

    def forward(self, logmel: Tensor, profile: Tensor) -> Tensor:
        return logmel + self.scale * self.network(self.seen(logmel, profile))[:, 0]

    def generating(self) -> "Translator":
        """Normalises by what it learned, so that no clip depends on its neighbours; dropout stays, as the noise."""
        self.eval()
        for layer in self.modules():
            if isinstance(layer, nn.Dropout):
                layer.train()
        return self


class Adversaries:
    """The two networks and their optimisers."""

    def __init__(self, recipe: Pix2Pix, train: Pairs, seed: int) -> None:
        self.recipe = recipe
        device = train.clips.device
        torch.manual_seed(seed)
        self.translator = Translator(recipe)
        self.discriminator = PatchDiscriminator(3, recipe.discriminator)
        for network in (self.translator, self.discriminator):
            network.apply(_first_weights)
            network.to(device)
        centre, scale = _moments_of(train)
        self.translator.centre.fill_(centre)
        self.translator.scale.fill_(scale)
        self.of_translator, self.of_discriminator = (
            Adam(network.parameters(), recipe.lr, betas=(recipe.beta1, BETA2))
            for network in (self.translator, self.discriminator))

    def step(self, source: Tensor, target: Tensor, profile: Tensor) -> Tensor:
        """One step of either network; L1 and the adversarial losses of generator and discriminator."""
        seen, scale = self.translator.seen(source, profile), self.translator.scale
        difference = self.translator.network(seen)[:, 0]
        candidate = seen[:, :1] + difference[:, None]
        wanted = (target - source) / scale
        real = seen[:, :1] + wanted[:, None]

        self.of_discriminator.zero_grad(set_to_none=True)
        judged = (_adversarial(self.discriminator, seen, real, 1.0)
                  + _adversarial(self.discriminator, seen, candidate.detach(), 0.0)) / 2
        judged.backward()
        self.of_discriminator.step()

        self.of_translator.zero_grad(set_to_none=True)
        self.discriminator.requires_grad_(False)
        fooled = _adversarial(self.discriminator, seen, candidate, 1.0)
        distance = F.l1_loss(difference, wanted)
        (fooled + self.recipe.l1_weight * distance).backward()
        self.of_translator.step()
        self.discriminator.requires_grad_(True)
        return torch.stack([distance * scale, fooled, judged]).detach()

    def set_rate(self, lr: float) -> None:
        for optimizer in (self.of_translator, self.of_discriminator):
            for group in optimizer.param_groups:
                group["lr"] = lr

    def to_checkpoint(self) -> Tensors:
        return {**with_prefix("translator", dict(self.translator.state_dict())),
                **with_prefix("discriminator", dict(self.discriminator.state_dict())),
                **with_prefix("of_translator", optimizer_tensors(self.of_translator)),
                **with_prefix("of_discriminator", optimizer_tensors(self.of_discriminator))}

    def restore(self, tensors: Tensors) -> None:
        self.translator.load_state_dict(of_prefix("translator", tensors))
        self.discriminator.load_state_dict(of_prefix("discriminator", tensors))
        restore_optimizer(self.of_translator, of_prefix("of_translator", tensors))
        restore_optimizer(self.of_discriminator, of_prefix("of_discriminator", tensors))


def train_generator(name: str, recipe: Pix2Pix, train: Pairs, validation: Pairs | None, checkpoint: Checkpoint,
                    seed: int) -> Translator:
    """Train to the end of the recipe, from the last checkpoint if there is one; history.csv lies beside its folder.

    `identity_l1` of the history is how far the sources themselves are from the targets of the validation pairs, and
    `profile_l1` how far they are with the mean difference of the devices added: what the generator has to beat.
    """
    both = Adversaries(recipe, train, seed)
    saved = checkpoint.load()
    history: list[Record] = saved[1]["history"] if saved else []
    if saved:
        both.restore(saved[0])
    bar = tqdm(total=recipe.epochs * len(train), initial=len(history) * len(train), desc=name, unit=" pairs",
               unit_scale=True, disable=None, dynamic_ncols=True)
    for epoch in range(len(history), recipe.epochs):
        generator, start = seed_epoch(seed, epoch), time.perf_counter()
        both.translator.train()
        both.discriminator.train()
        both.set_rate(recipe.lr * decay(epoch, recipe.epochs))
        totals, seen = torch.zeros(3, dtype=torch.float64, device=train.clips.device), 0
        for chosen in batches(len(train), recipe.batch_size, generator):
            totals += len(chosen) * both.step(*train.batch(chosen.to(train.clips.device))).double()
            seen += len(chosen)
            bar.update(len(chosen))
        l1, fooled, judged = (totals / seen).tolist()
        record: Record = {"epoch": epoch + 1, "l1": l1, "generator_loss": fooled, "discriminator_loss": judged,
                          **validate(both.translator, validation), "seconds": time.perf_counter() - start}
        _refuse_broken(name, record, checkpoint)
        history.append(record)
        checkpoint.save(both.to_checkpoint(), {"history": history})
        write_history(checkpoint.folder.parent / "history.csv", history)
        _tell(name, record, recipe, bar)
    bar.close()
    return both.translator


def decay(epoch: int, epochs: int) -> float:
    """The learning rate's factor: 1 for half of the epochs, then linearly towards 0."""
    return min(1.0, 2 * (1 - epoch / epochs))


@torch.inference_mode()
def validate(translator: Translator, pairs: Pairs | None) -> Record:
    """Mean distance to the targets: of generated clips, of the sources with the profile added, of the sources as they
    are; None where no pair is held back."""
    keys = "validation_l1", "profile_l1", "identity_l1"
    if pairs is None:
        return dict.fromkeys(keys)
    translator.generating()
    totals = torch.zeros(3, dtype=torch.float64, device=pairs.clips.device)
    for rows in torch.arange(len(pairs), device=pairs.clips.device).split(CLIPS_AT_ONCE):
        source, target, profile = pairs.batch(rows)
        made = translator(source, profile), source + profile[:, :, None], source
        totals += len(rows) * torch.stack([(clips - target).abs().mean() for clips in made]).double()
    return dict(zip(keys, (totals / len(pairs)).tolist(), strict=True))


def _adversarial(discriminator: nn.Module, seen: Tensor, candidate: Tensor, truth: float) -> Tensor:
    logits = discriminator(torch.cat([seen, candidate], dim=1))
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


def _first_weights(layer: nn.Module) -> None:
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, SPREAD_OF_WEIGHTS)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, SPREAD_OF_WEIGHTS)


def _moments_of(pairs: Pairs) -> tuple[float, float]:
    """Mean and standard deviation over all values of the sources."""
    total, squares, count = 0.0, 0.0, 0
    for rows in pairs.source.unique().split(CLIPS_AT_ONCE):
        part = pairs.clips[rows].double()
        total, squares, count = total + float(part.sum()), squares + float(part.square().sum()), count + part.numel()
    centre = total / count
    return centre, max(squares / count - centre**2, 1e-12) ** 0.5


def _refuse_broken(name: str, record: Record, checkpoint: Checkpoint) -> None:
    broken = [key for key, value in record.items() if value is not None and not np.isfinite(value)]
    if broken:
        raise InputError(f"{name}: {', '.join(broken)} became {record[broken[0]]} in epoch {record['epoch']}; the "
                         f"state before it is kept in {checkpoint.folder}, but the same recipe would end there again: "
                         "lower augmentation.pix2pix.lr")


def _tell(name: str, record: Record, recipe: Pix2Pix, bar: "tqdm[Any]") -> None:
    validation = ""
    if record["validation_l1"] is not None:
        validation = f"  validation L1 {record['validation_l1']:.3f} (sources {record['identity_l1']:.3f})"
    line = (f"{name}: epoch {record['epoch']}/{recipe.epochs}  L1 {record['l1']:.3f}  adversarial: generator "
            f"{record['generator_loss']:.3f} discriminator {record['discriminator_loss']:.3f}{validation}")
    if bar.disable:
        print(line, file=sys.stderr, flush=True)
    else:
        bar.set_postfix_str(f"L1 {record['l1']:.3f}{validation}", refresh=False)
