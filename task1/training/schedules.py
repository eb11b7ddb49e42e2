"""Learning rate as a pure function of time, so that a resumed run needs no schedule state.

Time is epochs that are over plus the share of the running one; the rate changes with every batch.
"""

import math

from task1.config.recipe import Schedule


def learning_rate(schedule: Schedule, lr: float, epochs: int, time: float) -> float:
    """Rate at `time` (0 <= time < epochs) of a training of `epochs` epochs with peak rate `lr`.

    Warm-up is linear from warmup_lr at 0 to lr at warmup_epochs. `cosine` then falls from lr to lr_min until the end;
    `warm_restarts` does so in cycles: a new one begins when as many epochs are over as `restarts` names, the last ends
    with the training.
    """
    if time < schedule.warmup_epochs:
        return schedule.warmup_lr + (lr - schedule.warmup_lr) * time / schedule.warmup_epochs
    if schedule.name == "constant":
        return lr
    restarts = schedule.restarts if schedule.name == "warm_restarts" else ()
    start = max([schedule.warmup_epochs, *(epoch for epoch in restarts if epoch <= time)])
    end = min([epochs, *(epoch for epoch in restarts if epoch > time)])
    return schedule.lr_min + (lr - schedule.lr_min) * (1 + math.cos(math.pi * (time - start) / (end - start))) / 2
