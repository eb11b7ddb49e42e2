"""Every network can learn: one batch of noise, a clip a scene, is known by heart after some steps."""

from typing import Any

import pytest
import torch
from torch.nn import functional
from torch.optim import Adam

from task1.config import taxonomy
from task1.models import build

STEPS = 300
ENOUGH = 9  # of ten: a random normalisation (SegNets) changes what is seen from step to step
LEARNED = 1.0
"""Nats; chance is ln 10 = 2.3. Logits behind a normalisation (ResNets) stay above zero."""


@pytest.mark.slow
def test_one_batch_is_learned_by_heart(case: dict[str, Any]) -> None:
    network = build(case["network"]).train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0  # what is tested is that gradients reach what decides, not patience
    scenes = torch.arange(len(taxonomy().scenes))
    parents = torch.tensor(taxonomy().parents)
    clips = torch.randn(len(scenes), case["input"][0], 64, 36)
    normalised = any(isinstance(layer, torch.nn.BatchNorm2d) for layer in network.modules())
    optimizer = Adam(network.parameters(), 1e-3 if normalised else 3e-4)  # without, large steps silence the units
    for _ in range(STEPS):
        logits = network(clips)
        scene_loss = functional.cross_entropy(logits[:, :10], scenes)
        super_loss = functional.cross_entropy(logits[:, 10:], parents) if logits.shape[1] > 10 else 0.0
        right = int((logits[:, :10].argmax(dim=1) == scenes).sum())
        learned = right >= ENOUGH and scene_loss.item() < LEARNED
        if learned:
            break
        optimizer.zero_grad()
        (scene_loss + super_loss).backward()
        optimizer.step()
    assert learned, f"{scene_loss.item():.3f} nats after {STEPS} steps"
