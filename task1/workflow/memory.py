"""How much memory a job asks a cluster for, in MB (1,000,000 bytes), from the size of the corpus and the recipe.

Generous on purpose: a job that asks for too much waits a little, one that asks for too little is killed. The second
attempt of a rule asks for twice as much. A profile's `set-resources` overrides all of it.
"""

from task1.augment.copies import copies_of
from task1.config import Run, dataset

PROCESS = 1500
"""A process with PyTorch, ONNX Runtime and our code, and the two of Snakemake's that start it: 1.1 GB measured."""
WORKER = 500
"""A process that computes log-mels: it holds a few dozen recordings at a time, however many there are."""
KEPT_PER_VALUE = 800
"""Numbers kept for the backward pass for each number of a batch's log-mels: 749 of the hungriest network of the
entries (the residual teacher of zhao2021), 97 of the least hungry; measured by PyTorch's hooks of saved tensors."""


def for_features(workers: int) -> int:
    return PROCESS + WORKER * workers


def for_copies(run: Run, workers: int) -> int:
    """Parallel recordings are held at once where a network learns to make copies."""
    return 2 * PROCESS + WORKER * workers + 2 * _clips(run, run.development)


def for_training(run: Run, model: str) -> int:
    recipe, stored = run.model(model), run.features
    frames = recipe.augmentation.crop_frames or stored.frames
    batch = recipe.training.batch_size * stored.n_mels * frames * 4 * KEPT_PER_VALUE / 1e6
    clips = _clips(run, run.development) * (1 + len(copies_of(run, model)))  # copies are never more than originals
    return round(2 * PROCESS + clips + batch)


def for_prediction() -> int:
    """Clips are read batch by batch."""
    return 2 * PROCESS


def _clips(run: Run, name: str) -> int:
    """All log-mels of a data set, float16."""
    return round(dataset(name).counts.files * run.features.n_mels * run.features.frames * 2 / 1e6)
