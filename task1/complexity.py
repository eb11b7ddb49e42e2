"""Parameters, bytes, multiply-accumulates and activation memory of a network, under named counting conventions.

Input: a float network and the shape of one input. Output: `Complexity`, and verdicts against an edition's limits.

Conventions (both count one clip, the network in evaluation mode):
- `torchinfo` (1.8, what NeSsi prints for PyTorch): a convolution counts (weights + biases) at every output position;
  any other layer counts each weight and bias once, whatever it does with them; other layers count nothing.
- `thop` (0.1.1): convolutions and linear layers without biases; normalisation 2 per element, 4 with affine weights;
  average pooling, up-sampling and softmax as well; activations nothing.
Neither sees an operation that is not a layer. PyTorch's own counter (`torch.utils.flop_counter`) does, so its figure
stands beside each layer and a note says where it differs.
"""

import weakref
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from task1.config import Edition
from task1.limits import Verdict, judge

CONVENTIONS = ("torchinfo", "thop")
_UPSAMPLE = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}  # thop's operations per output element
_FUNCTIONAL = "an operation that is not a layer: neither convention counts it"
_AVERAGE = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_ADAPTIVE = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)


@dataclass(frozen=True)
class Layer:
    """One row: a layer without children, or what a module with children computes outside of them."""

    name: str
    kind: str
    calls: int
    output_shape: tuple[int, ...]
    parameters: int
    macs: Mapping[str, int]
    executed: int
    """Multiply-accumulates that PyTorch's counter saw in convolutions and matrix products."""
    note: str


@dataclass(frozen=True)
class Complexity:
    parameters: int
    trainable: int
    non_zero: int
    state_entries: int
    """Numbers in the state dict: parameters and buffers (running statistics, counters)."""
    keras_total: int
    """Parameters and running statistics, what Keras prints as total parameters."""
    macs: Mapping[str, int]
    executed: int
    peak_activation_bytes: int
    """Most bytes of float32 activations alive at once (input included) for one clip; eager execution, nothing fused."""
    layers: tuple[Layer, ...]


def count(model: nn.Module, input_shape: Sequence[int]) -> Complexity:
    """Complexity for one clip of (channel, mel, frame); a fourth dimension in front is a batch and read as 1."""
    parameters = list(model.parameters())
    weight = next(iter(parameters), torch.empty(0))
    clip = torch.zeros(1, *input_shape[-3:], dtype=weight.dtype, device=weight.device)
    modes = {module: module.training for module in model.modules()}
    flops = FlopCounterMode(display=False)
    try:
        model.eval()
        with torch.no_grad(), flops, _LiveBytes(model, clip) as live, _Recorder(model, flops) as recorder:
            model(clip)
    finally:
        for module, mode in modes.items():
            module.training = mode
    layers = recorder.layers()
    return Complexity(
        parameters=sum(p.numel() for p in parameters),
        trainable=sum(p.numel() for p in parameters if p.requires_grad),
        non_zero=sum(int(torch.count_nonzero(p.detach())) for p in parameters),
        state_entries=sum(t.numel() for t in model.state_dict().values()),
        keras_total=sum(t.numel() for t in model.state_dict().values() if t.is_floating_point()),
        macs={name: sum(layer.macs[name] for layer in layers) for name in CONVENTIONS},
        executed=flops.get_total_flops() // 2,
        peak_activation_bytes=live.peak,
        layers=layers,
    )


def memory_bytes(parameters: int, bytes_per_weight: int) -> int:
    """Memory of that many parameters when each is stored in `bytes_per_weight` bytes."""
    return parameters * bytes_per_weight


def counted_size(complexity: Complexity, edition: Edition, bytes_per_weight: int) -> int:
    """What the edition's size limit speaks of: bytes or a number of parameters, all or the non-zero ones."""
    parameters = complexity.parameters if edition.size.counted == "all" else complexity.non_zero
    return parameters if edition.size.as_ == "count" else memory_bytes(parameters, bytes_per_weight)


def against_limits(complexity: Complexity, edition: Edition, bytes_per_weight: int) -> list[Verdict]:
    """Size and MACs of one network against the edition's limits."""
    return judge(counted_size(complexity, edition, bytes_per_weight), complexity.macs[edition.macs.convention], edition)


def _torchinfo(module: nn.Module, output: tuple[int, ...]) -> int:
    total = 0
    for name, parameter in module.named_parameters():
        if name in ("weight", "bias"):
            positions = prod(output[2:]) if "Conv" in type(module).__name__ else 1
            total += parameter.numel() * output[0] * positions
        elif "weight" in name or "bias" in name:  # the inner weights of recurrent layers
            total += parameter.numel() * prod(output[:2])
    return total


def _thop(module: nn.Module, given: tuple[int, ...], output: tuple[int, ...]) -> int:
    elements = prod(output)
    if isinstance(module, _ConvNd):
        return elements * (given[1] // module.groups) * prod(module.kernel_size)
    if isinstance(module, nn.Linear):
        return elements * module.in_features
    if isinstance(module, _NormBase | nn.LayerNorm):
        affine = getattr(module, "affine", False) or getattr(module, "elementwise_affine", False)
        return prod(given) * (4 if affine else 2)
    if isinstance(module, _AVERAGE):
        return elements
    if isinstance(module, _ADAPTIVE):
        return int((prod(given[2:]) / prod(output[2:]) + 1) * elements)
    if isinstance(module, nn.Upsample):
        return elements * _UPSAMPLE.get(module.mode, 0)
    if isinstance(module, nn.Softmax):
        features = given[module.dim if module.dim is not None else 1]
        return prod(given) // features * (3 * features - 1)
    return prod(given) if isinstance(module, nn.PReLU) else 0


class _Recorder:
    """Forward hooks: shapes at layers without children, and what each module multiplies outside of its children."""

    def __init__(self, model: nn.Module, flops: FlopCounterMode) -> None:
        self.modules = dict(model.named_modules())
        self.flops = flops
        self.calls: dict[str, list[tuple[tuple[int, ...], tuple[int, ...]]]] = defaultdict(list)
        self.executed: Counter[str] = Counter()
        self.open: list[tuple[int, int]] = []  # of each module being run: count at its start, count of its children
        self.handles: list[Any] = []

    def __enter__(self) -> "_Recorder":
        for name, module in self.modules.items():
            self.handles += [module.register_forward_pre_hook(self._begin),
                             module.register_forward_hook(self._end(name, leaf=not any(module.children())))]
        return self

    def __exit__(self, *_: object) -> None:
        while self.handles:
            self.handles.pop().remove()

    def _begin(self, module: nn.Module, given: Any) -> None:
        self.open.append((self.flops.get_total_flops(), 0))

    def _end(self, name: str, leaf: bool) -> Any:
        def hook(module: nn.Module, given: Any, output: Any) -> None:
            start, children = self.open.pop()
            inside = self.flops.get_total_flops() - start
            self.executed[name] += (inside - children) // 2
            if self.open:
                before, siblings = self.open[-1]
                self.open[-1] = (before, siblings + inside)
            if leaf:
                self.calls[name].append((tuple(tree_leaves(given)[0].shape), tuple(tree_leaves(output)[0].shape)))
        return hook

    def layers(self) -> tuple[Layer, ...]:
        """Rows in the order of the network's definition."""
        rows = []
        for name, module in self.modules.items():
            calls, executed, kind = self.calls.get(name), self.executed[name], type(module).__name__
            if calls:
                macs = {"torchinfo": sum(_torchinfo(module, output) for _, output in calls),
                        "thop": sum(_thop(module, given, output) for given, output in calls)}
                parameters = sum(p.numel() for p in module.parameters())
                rows.append(Layer(name, kind, len(calls), calls[-1][1], parameters, macs, executed,
                                  _note(module, calls, macs["torchinfo"], executed)))
            elif executed:
                rows.append(Layer(name, f"{kind} (functional)", 1, (), 0, dict.fromkeys(CONVENTIONS, 0), executed,
                                  _FUNCTIONAL))
        return tuple(rows)


def _note(module: nn.Module, calls: Sequence[tuple[Any, tuple[int, ...]]], counted: int, executed: int) -> str:
    """Why the `torchinfo` figure differs from what PyTorch executed."""
    if counted == executed:
        return ""
    if counted == 0:
        return _FUNCTIONAL
    if executed == 0:
        return "weights counted once each"
    bias = getattr(module, "bias", None)
    positions = sum(prod(output[2:]) for _, output in calls) if isinstance(module, _ConvNd) else len(calls)
    if isinstance(bias, Tensor) and counted - executed == bias.numel() * positions:
        return "biases counted"
    return f"counted {counted - executed:+,} against the executed multiplications"


class _LiveBytes(TorchDispatchMode):
    """Bytes of the storages that operations create, while they are alive."""

    def __init__(self, model: nn.Module, clip: Tensor) -> None:
        super().__init__()
        self.known = {_key(t) for t in (*model.parameters(), *model.buffers(), clip)}
        self.live = self.peak = clip.untyped_storage().nbytes()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and _key(tensor) not in self.known:
                storage = tensor.untyped_storage()
                self.known.add(_key(tensor))
                self.live += storage.nbytes()
                weakref.finalize(storage, self._freed, _key(tensor), storage.nbytes())
        self.peak = max(self.peak, self.live)
        return result

    def _freed(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.live -= size


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
