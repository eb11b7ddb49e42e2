"""Distillation: what teachers say of a clip, taken from their output tables, as targets of a student.

Tables are joined by file name; an augmented copy is taught what its original is. Of several teachers the probabilities
are averaged. A table holds ten probabilities, so what is taught about super-classes are the sums of their scenes.

    loss of a head = weight * T^2 * KL(teacher_T || student_T) + (1 - weight) * cross-entropy(truth, student)

with p_T = softmax(log(p) / T) and the mean over the clips of a batch.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from task1.config import taxonomy
from task1.config.recipe import Distillation
from task1.errors import InputError
from task1.outputs import Floats, Outputs, basename
from task1.training.loss import split_heads

SMALLEST = 1e-12
"""Probabilities below it are taken for it: a table may hold zeros, and the logarithm of one is no target."""


def taught(tables: Sequence[Outputs], sources: Sequence[str], recipe: Distillation) -> Tensor:
    """Softened targets (clip, scene + super-class) of the clips whose originals are `sources`, float32."""
    probabilities = np.mean([_rows(table, sources, teacher)
                             for table, teacher in zip(tables, recipe.teachers, strict=True)], axis=0)
    membership = np.eye(len(taxonomy().super_classes))[list(taxonomy().parents)]  # (scene, super-class)
    soft = [soften(torch.from_numpy(part), recipe.temperature) for part in (probabilities, probabilities @ membership)]
    return torch.cat(soft, dim=1).float()


def soften(probabilities: Tensor, temperature: float) -> Tensor:
    """softmax(log(p) / T) of each row."""
    return (probabilities.clamp_min(SMALLEST).log() / temperature).softmax(dim=1)


def divergence(logits: Tensor, targets: Tensor, temperature: float) -> Tensor:
    """T^2 * KL(targets || softmax(logits / T)), the mean over clips; T^2 keeps the size of the gradient."""
    student = (logits / temperature).log_softmax(dim=1)
    return temperature ** 2 * (torch.xlogy(targets, targets) - targets * student).sum(dim=1).mean()


def distilled(losses: tuple[Tensor, Tensor | None], logits: Tensor, targets: Tensor,
              recipe: Distillation) -> tuple[Tensor, Tensor | None]:
    """Both heads' cross-entropies `losses`, blended with the divergence from `targets` (clip, scene + super-class).

    With `super_labels: truth` only the ten scenes are taught.
    """
    scenes, supers = split_heads(logits)
    by_scene, by_super = targets[:, :scenes.shape[1]], targets[:, scenes.shape[1]:]
    scene_loss = _blend(losses[0], divergence(scenes, by_scene, recipe.temperature), recipe.weight)
    if supers is None or losses[1] is None or recipe.super_labels == "truth":
        return scene_loss, losses[1]
    return scene_loss, _blend(losses[1], divergence(supers, by_super, recipe.temperature), recipe.weight)


def _blend(truth: Tensor, teacher: Tensor, weight: float) -> Tensor:
    return weight * teacher + (1 - weight) * truth


def _rows(table: Outputs, sources: Sequence[str], teacher: str) -> Floats:
    position = {name: row for row, name in enumerate(table.filenames)}
    rows = [position.get(basename(name), -1) for name in sources]
    missing = sum(row < 0 for row in rows)
    if missing:
        first = basename(sources[rows.index(-1)])
        raise InputError(f"output table of teacher {teacher}: {missing} of {len(rows)} clips to learn from are missing "
                         f"(first: {first}); predict it again (`task1 predict --model {teacher} --part learning`)")
    return table.probabilities[rows]
