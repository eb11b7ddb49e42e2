"""Which channels of a network have to stay or go together, followed along its traced graph.

Every channel of every map has a number; numbers are joined where layers tie channels to each other: the two sides of a
sum, a channel and what a depthwise convolution or a normalisation makes of it. Number 0 are channels that stay: those
of the input and the logits, and whatever goes through an operation that is not known here.
"""

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from task1.compress.trace import trace
from task1.models.layers import Add, Concat, Multiply
from task1.models.operators import TimeFrequency
from task1.models.segnet import MixupNorm

Numbers = npt.NDArray[np.int64]
STAYS = 0
_SPATIAL = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d, nn.Upsample, nn.ZeroPad2d)
_ELEMENTWISE = (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh,
                nn.Dropout, nn.Identity)
_ELEMENTWISE_FUNCTIONS = (F.relu, torch.relu, torch.sigmoid, "relu", "sigmoid", "contiguous")
_JOINING_FUNCTIONS = (operator.add, operator.mul, torch.add, torch.mul)


@dataclass(frozen=True, eq=False)
class Axis:
    """The axis of a tensor along which channels lie, and their numbers."""

    axis: int
    numbers: Numbers


class Joined:
    """Numbers and which of them are one."""

    def __init__(self) -> None:
        self._parents = [STAYS]

    def new(self, count: int) -> Numbers:
        first = len(self._parents)
        self._parents += range(first, first + count)
        return np.arange(first, first + count)

    def join(self, ours: Numbers, theirs: Numbers) -> None:
        """Pair by pair; the smallest number speaks for all, so what is joined with 0 stays."""
        for pair in zip(ours.tolist(), theirs.tolist(), strict=True):
            one, other = sorted(map(self._root, pair))
            self._parents[other] = one

    def keep(self, numbers: Numbers) -> None:
        self.join(numbers, np.full_like(numbers, STAYS))

    def roots(self, numbers: Numbers) -> Numbers:
        return np.array([self._root(number) for number in numbers.tolist()], np.int64)

    def _root(self, number: int) -> int:
        while self._parents[number] != number:
            self._parents[number] = self._parents[self._parents[number]]
            number = self._parents[number]
        return number


class Channels(fx.Interpreter):
    """After `follow`: for each layer by its name, `rows` are the numbers along the first axis of all its tensors and
    `columns` those along the second axis of its weights; `made` are the maps that full layers make anew."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.joined = Joined()
        self.rows: dict[str, Numbers] = {}
        self.columns: dict[str, Numbers] = {}
        self.made: list[Numbers] = []
        self.visited: set[str] = set()
        self._of: dict[fx.Node, Axis | None] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        inputs = [self._of.get(own) for own in n.all_input_nodes]
        if n.op == "output":
            self._stay(inputs)
        elif isinstance(value, Tensor):
            self._of[n] = self._follow(n, inputs, value)
        return value

    def _follow(self, n: fx.Node, inputs: list[Axis | None], value: Tensor) -> Axis | None:
        if n.op == "placeholder":
            return Axis(1, np.zeros(value.shape[1], np.int64))
        name = str(n.target)
        if n.op == "get_attr":
            self.visited.add(name.rpartition(".")[0])
            return None
        layer = self.submodules[name] if n.op == "call_module" else None
        self.visited.add(name)
        first = inputs[0] if inputs else None
        if first is not None:
            if isinstance(layer, nn.Conv1d | nn.Conv2d) and first.axis == 1:
                return self._convolution(name, layer, first.numbers) or self._give_up(inputs, value)
            if isinstance(layer, nn.Conv1d) and value.shape[first.axis] == len(first.numbers):
                return first  # along the channels, whatever their number
            if isinstance(layer, nn.Linear) and first.axis == value.dim() - 1:
                return Axis(first.axis, self._full(name, layer.out_features, first.numbers))
            if isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d | nn.InstanceNorm2d) and first.axis == 1:
                return self._each(name, first)
            if isinstance(layer, MixupNorm) and first.axis == 1:
                return self._each(f"{name}.instance", first)
            if isinstance(layer, TimeFrequency) and first.axis == 1:
                self.visited |= {f"{name}.time", f"{name}.mel"}
                return self._each(name, self._each(f"{name}.time", self._each(f"{name}.mel", first)))
            if isinstance(layer, _SPATIAL) and first.axis == 1:
                return first
            if isinstance(layer, _ELEMENTWISE) or n.target in _ELEMENTWISE_FUNCTIONS:
                return first
            if isinstance(layer, nn.Flatten) and layer.start_dim == first.axis == 1 and layer.end_dim == -1:
                return Axis(1, np.repeat(first.numbers, value.shape[1] // len(first.numbers)))
            if layer is None:
                return self._moved(n, first, value) or self._several(n, layer, inputs, value)
        return self._several(n, layer, inputs, value)

    def _convolution(self, name: str, layer: nn.Conv1d | nn.Conv2d, numbers: Numbers) -> Axis | None:
        if layer.groups == 1:
            return Axis(1, self._full(name, layer.out_channels, numbers))
        if layer.groups != layer.out_channels:
            return None
        together = numbers.reshape(layer.out_channels, -1)  # inputs of each output
        for other in together.T:
            self.joined.join(together[:, 0], other)
        return self._each(name, Axis(1, together[:, 0]))

    def _full(self, name: str, width: int, numbers: Numbers) -> Numbers:
        """New channels, each of all channels that come in; a layer that is used twice makes the same."""
        if name in self.rows:
            self.joined.join(self.columns[name], numbers)
            return self.rows[name]
        self.columns[name], self.rows[name] = numbers, self.joined.new(width)
        self.made.append(self.rows[name])
        return self.rows[name]

    def _each(self, name: str, axis: Axis) -> Axis:
        """A layer with tensors of an entry for each channel."""
        self.joined.join(self.rows.setdefault(name, axis.numbers), axis.numbers)
        return axis

    def _several(self, n: fx.Node, layer: nn.Module | None, inputs: list[Axis | None], value: Tensor) -> Axis | None:
        told = [axis for axis in inputs if axis is not None]
        if len(told) == len(inputs) and len({axis.axis for axis in told}) == 1:
            axis, maps = told[0].axis, [one.numbers for one in told]
            if isinstance(layer, Concat) and layer.dim == axis:
                return Axis(axis, np.concatenate(maps))
            joins = isinstance(layer, Add | Multiply | Concat) or n.target in _JOINING_FUNCTIONS
            if joins and len({len(one) for one in maps}) == 1:
                for other in maps[1:]:
                    self.joined.join(maps[0], other)
                return told[0]
        return self._give_up(inputs, value)

    def _moved(self, n: fx.Node, first: Axis, value: Tensor) -> Axis | None:
        """Where channels lie after an operation that moves axes or cuts others."""
        axis, told = first.axis, n.args[1:]
        if n.target is operator.getitem and isinstance(told[0], tuple):
            plain = all(isinstance(cut, slice) for cut in told[0])
            return first if plain and told[0][axis:axis + 1] in ((), (slice(None),)) else None
        dims = [dim for dim in told if isinstance(dim, int)]
        if n.target == "transpose" and len(dims) == 2:
            one, other = (dim % value.dim() for dim in dims)
            return Axis({one: other, other: one}.get(axis, axis), first.numbers)
        if n.target == "unsqueeze" and len(dims) == 1:
            return Axis(axis + (dims[0] % value.dim() <= axis), first.numbers)
        if n.target == "squeeze" and len(dims) == 1:
            dim = dims[0] % (value.dim() + 1)
            return None if dim == axis else Axis(axis - (dim < axis), first.numbers)
        return None

    def _give_up(self, inputs: list[Axis | None], value: Tensor) -> Axis | None:
        self._stay(inputs)
        return Axis(1, np.zeros(value.shape[1], np.int64)) if value.dim() > 1 else None

    def _stay(self, inputs: list[Axis | None]) -> None:
        for axis in inputs:
            if axis is not None:
                self.joined.keep(axis.numbers)


def follow(network: nn.Module, example: Tensor) -> Channels:
    """The channels of a network, in evaluation mode, along the way of `example` (batch, channel, mel, frame)."""
    graph = trace(network, example, "its channels cannot be followed; set compression.pruning.kind to magnitude")
    channels = Channels(fx.GraphModule(network, graph))
    with torch.no_grad():
        channels.run(example)
    return channels


def unvisited(network: nn.Module, channels: Channels) -> Iterator[str]:
    """Layers with weights that the way from clips to logits does not lead through."""
    for name, layer in network.named_modules():
        own = next(layer.parameters(recurse=False), None)
        if own is not None and name not in channels.visited:
            yield name
