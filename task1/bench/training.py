"""Training: our loop against the published one, rounding to integers against floating point, and what limits a step.

Whole epochs are timed, of clips that are noise: ours is `fit`, checkpoint and all, with freed memory kept as `task1
train` has it; the peer's process keeps the memory it started with. A step's traffic is what its operations ask to have
read and written, whether a cache serves it or not; its arithmetic is five forward passes: one, and two backward ones
of twice the work.
"""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from task1.allocator import keep_freed_memory, memory_as_started
from task1.augment.pipeline import Augmenter
from task1.bench.peers import training_loop as plain
from task1.bench.peers.training_network import PlainDSMN
from task1.bench.rows import Row, Size
from task1.bench.timing import alternate, typical
from task1.complexity_tables import count_model
from task1.compress.quantize import prepare_qat
from task1.config import ModelRecipe, Run, resolve
from task1.config.bench import bench
from task1.features.network_input import network_input
from task1.inference import LAYOUT
from task1.models import build
from task1.training.checkpoint import Checkpoint
from task1.training.data import Clips
from task1.training.loop import fit
from task1.training.loss import head_losses, scene_targets
from task1.training.pcgrad import pcgrad_backward
from task1.training.pruning import first_clips

SECTION = "training"
CLIPS = {Size.QUICK: 4, Size.FULL: 256}
ROUNDS = {Size.QUICK: 1, Size.FULL: 5}
GEMM, COPIED = 1024, 2**24  # rows and columns; numbers, far more than a cache holds
PASSES = 5


@dataclass(frozen=True)
class Machine:
    """What it does at best with so many threads: products and sums, bytes read and written, a second."""

    flops: float
    bytes: float


def measure(size: Size) -> Iterator[Row]:
    wishes = bench().training
    run = resolve(wishes.entry, "full")
    names = list(run.models)[:1] if size is Size.QUICK else list(run.models)
    before = machine(ROUNDS[size])
    for name in names:
        recipe, clips = float_recipe(run, name), noise(CLIPS[size], run)
        ours, peer = our_epoch(run, recipe, clips), peer_epoch(recipe, clips)
        own, theirs = alternate(ours, peer, ROUNDS[size])
        count = len(clips)
        yield Row(SECTION, f"{name}: samples a second", count / own, "", count / theirs, "published loop", wishes.ratio,
                  "more", f"float, {torch.get_num_threads()} threads, batches of {recipe.training.batch_size}")
        rounding = our_epoch(run, recipe, clips, integers=True)
        floating, integers = alternate(ours, rounding, ROUNDS[size])
        yield Row(SECTION, f"{name}: time of a quantization-aware sample to a float one", integers / floating, "",
                  target=wishes.quantized, note=f"{count / integers:.0f} samples a second")
        yield limit(run, name, recipe, clips, before, own / count)
    yield from effects(run, names[0], noise(CLIPS[size], run), ROUNDS[size])


def float_recipe(run: Run, name: str) -> ModelRecipe:
    """The recipe of a model for one epoch in floating point with nothing held back."""
    recipe = run.model(name).model_dump()
    recipe["training"] |= {"epochs": 1, "validation_share": 0.0, "keep": "last"}
    recipe["compression"] |= {"weights": "float32", "quantization_aware_from_epoch": None}
    return ModelRecipe.model_validate(recipe)


def noise(count: int, run: Run) -> Clips:
    """Clips of the run's shape, a third of them of each of three devices."""
    generator = torch.Generator().manual_seed(1)
    logmel = torch.randn(count, run.features.n_mels, run.features.frames, generator=generator).half()
    return Clips([f"{clip}.wav" for clip in range(count)], logmel, torch.arange(count) % 10,
                 ["abc"[clip % 3] for clip in range(count)])


def our_epoch(run: Run, recipe: ModelRecipe, clips: Clips, integers: bool = False) -> Callable[[], None]:
    torch.manual_seed(1)
    network = build(recipe.network)
    if integers:
        network = prepare_qat(network, first_clips(clips, recipe))
        recipe = ModelRecipe.model_validate(
            recipe.model_dump() | {"compression": {"weights": "int8", "quantization_aware_from_epoch": 0}})
    augmenter = Augmenter(recipe.augmentation, torch.zeros(1, run.features.n_mels))

    def turn() -> None:
        keep_freed_memory()
        with tempfile.TemporaryDirectory(prefix="task1-bench-") as scratch, redirect_stderr(io.StringIO()):
            fit("bench", network, recipe, clips, None, augmenter, Checkpoint(Path(scratch) / "checkpoint", "bench"))

    return turn


def peer_epoch(recipe: ModelRecipe, clips: Clips) -> Callable[[], None]:
    torch.manual_seed(1)
    network = PlainDSMN(recipe.network)
    correction = recipe.augmentation.spectrum_correction
    assert correction
    dataset = plain.PlainClips(clips.logmel.numpy(), clips.scenes.tolist(),
                               [device == correction.device for device in clips.devices],
                               torch.zeros(clips.logmel.shape[1]), correction.probability)

    def turn() -> None:
        memory_as_started()
        plain.epoch(network, dataset, recipe)

    return turn


def machine(rounds: int) -> Machine:
    """Measured in this run, with the threads that PyTorch has."""
    square, source = torch.rand(GEMM, GEMM), torch.rand(COPIED)
    product, target = torch.empty_like(square), torch.empty_like(source)
    flops = 2 * GEMM**3 / typical(lambda: torch.mm(square, square, out=product), 4 * rounds)
    return Machine(flops, 8 * COPIED / typical(lambda: target.copy_(source), rounds))


def limit(run: Run, name: str, recipe: ModelRecipe, clips: Clips, machine: Machine, seconds: float) -> Row:
    """What memory and arithmetic alone would take of a sample's time."""
    work = PASSES * 2 * count_model(run, name).macs["torchinfo"]
    x, targets, network = _batch(recipe, clips, LAYOUT)
    with Traffic() as traffic:
        _step(network, x, targets)
    moved = traffic.bytes / len(x)
    by_memory, by_arithmetic = moved / machine.bytes / seconds, work / machine.flops / seconds
    return Row(SECTION, f"{name}: share of a sample's time that its memory traffic takes at the rate of a copy",
               100 * by_memory, "%", better="more",
               note=f"{moved / 1e6:.0f} MB at {machine.bytes / 1e9:.0f} GB/s; arithmetic {100 * by_arithmetic:.0f} %: "
                    f"{work / 1e6:.0f} MFLOP at {machine.flops / 1e9:.0f} GFLOP/s")


def effects(run: Run, name: str, clips: Clips, rounds: int) -> Iterator[Row]:
    """One habit at a time: with it, and without it all else being ours."""
    keep_freed_memory()
    recipe = float_recipe(run, name)
    x, targets, network = _batch(recipe, clips, LAYOUT)
    count = len(x)

    def row(what: str, ours: Callable[[], Any], without: Callable[[], Any], peer: str, per: int = count) -> Row:
        own, other = alternate(ours, without, rounds)
        return Row(SECTION, f"{name}, {what}", 1e3 * own / per, "ms/sample", 1e3 * other / per, peer)

    def step() -> None:
        _step(network, x, targets)

    other_x, _, other = _batch(recipe, clips, torch.contiguous_format)
    yield row("a step with channels last in memory", step, lambda: _step(other, other_x, targets), "PyTorch's order")
    layers = PlainDSMN(recipe.network).to(memory_format=LAYOUT)  # type: ignore[call-overload]
    yield row("a step with joined layers and quick gradients", step, lambda: _step(layers, x, targets),
              "a layer an arrow")
    yield row("a step with one forward pass for both tasks", step, lambda: _two_passes(network, x, targets),
              "one a task")

    def fresh() -> None:
        memory_as_started()
        step()
        keep_freed_memory()

    yield row("a step with freed memory kept", step, fresh, "given back before every step")
    augmenter, generator = Augmenter(recipe.augmentation, torch.zeros(1, x.shape[2])), torch.Generator()
    of_device = torch.tensor([device == "a" for device in clips.devices[:count]])

    def batched() -> Tensor:
        logmel, _ = augmenter.spectrograms(clips.logmel[:count].float(), [targets], of_device, 0, generator)
        return augmenter.inputs(network_input(logmel, recipe.input), generator)

    def one_by_one() -> Tensor:
        mixed, _ = plain.mixup(clips.logmel[:count].float(), clips.scenes[:count], 0.5, torch.randperm(count))
        return torch.stack([plain.look(clip, plain.masks(recipe.augmentation, clip)) for clip in mixed])

    yield row("augmentation and input of whole batches", batched, one_by_one, "clip by clip")


def _batch(recipe: ModelRecipe, clips: Clips, layout: torch.memory_format) -> tuple[Tensor, Tensor, nn.Module]:
    """A batch as the network sees it, its targets, and the network."""
    size = min(recipe.training.batch_size, len(clips))
    x = network_input(clips.logmel[:size], recipe.input).contiguous(memory_format=layout)
    network = build(recipe.network).to(memory_format=layout)  # type: ignore[call-overload]
    return x, scene_targets(clips.scenes[:size]), network.train()


def _step(network: nn.Module, x: Tensor, targets: Tensor) -> None:
    scene, supers = head_losses(network(x), targets)
    assert supers is not None
    pcgrad_backward((scene, supers), list(network.parameters()))


def _two_passes(network: nn.Module, x: Tensor, targets: Tensor) -> None:
    for task in (0, 1):
        loss = head_losses(network(x), targets)[task]
        assert loss is not None
        torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)


class Traffic(TorchDispatchMode):
    """Counts the bytes that operations read and write; those that only look at memory in another way are free."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        read, written = (_tensors(tree) for tree in ((args, kwargs), result))
        places = {tensor.untyped_storage().data_ptr() for tensor in read}
        is_view = written and not func._schema.is_mutable and all(
            tensor.untyped_storage().data_ptr() in places for tensor in written)
        if not is_view and "empty" not in func._schema.name:
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in (*read, *written))
        return result


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


