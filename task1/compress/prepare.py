"""From a float network to one that computes as integers would, layer by layer along its traced graph.

Input: a network and example clips (batch, channel, mel, frame), which give sizes and first ranges of activations.
Output: an `fx.GraphModule` over the layers of `integer_layers`, with the network's own parameters copied, trainable and
ready for the same loop. Layers that only move numbers (slices, flattening, maximum pooling) need no rounding.
"""

import copy
import operator
from typing import Any

import torch
from torch import Tensor, fx, nn

from task1.compress.fake_quantize import Quantizer, SigmoidQuantizer
from task1.compress.integer_layers import (
    ConvKernel,
    IntegerConv,
    IntegerLinear,
    Kernel,
    PlusKernel,
    Rounded,
    UnitKernel,
)
from task1.compress.trace import trace
from task1.errors import InputError
from task1.models.layers import Add, Concat, Multiply
from task1.models.operators import TimeFrequency
from task1.models.segnet import MixupNorm

MOVING = (nn.Flatten, nn.Dropout, nn.Identity, nn.MaxPool2d, nn.Upsample)
MOVING_FUNCTIONS = (operator.getitem, "squeeze", "unsqueeze", "transpose")
ROUNDED = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, Concat, Multiply, MixupNorm)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
ORIGINAL = "original"
"""Key of a prepared network's `meta`: the float network that shares its convolutions, dense layers and norms."""


def prepare(network: nn.Module, example: Tensor) -> fx.GraphModule:
    """The integer network, ranges of activations taken from `example` until training brings its own."""
    network = copy.deepcopy(network).eval()
    graph = trace(network, example, "it cannot be computed in integers; set compression.weights to float16")
    prepared = _Rewriter(network, graph).result()
    prepared.meta[ORIGINAL] = network
    quantizers = [layer for layer in prepared.modules() if isinstance(layer, Quantizer)]
    for quantizer in quantizers:  # the batch statistics of a fresh network would change nothing but the running ones
        quantizer.register_forward_pre_hook(_observe)
    with torch.no_grad():
        prepared.eval()(example)
    for quantizer in quantizers:
        quantizer._forward_pre_hooks.clear()
        quantizer.seen.zero_()
    return prepared


def _observe(quantizer: nn.Module, inputs: tuple[Tensor]) -> None:
    assert isinstance(quantizer, Quantizer)
    quantizer.observe(inputs[0])


class _Rewriter:
    """Walks the traced graph once; what a layer absorbs (normalisation, activation) is stepped over."""

    def __init__(self, network: nn.Module, graph: fx.Graph) -> None:
        self.old, self.layers = graph, dict(network.named_modules())
        self.new, self.made = fx.Graph(), dict[str, nn.Module]()
        self.values: dict[fx.Node, tuple[fx.Node, Quantizer | None]] = {}  # old node -> new node, where it is rounded
        self.absorbed: set[fx.Node] = set()

    def result(self) -> fx.GraphModule:
        for node in self.old.nodes:
            if node not in self.absorbed:
                self._translate(node)
        return fx.GraphModule(self.made, self.new, "IntegerNetwork")

    def _translate(self, node: fx.Node) -> None:
        layer = self._layer(node)
        if node.op == "placeholder":
            clip = self.new.placeholder(node.name)
            self._put(node, Quantizer(), (clip,), "input")
        elif node.op == "output":
            self.new.output(fx.node.map_arg(node.args[0], lambda own: self.values[own][0]))
        elif isinstance(layer, (*_CONVOLUTIONS, nn.ZeroPad2d, nn.BatchNorm2d, TimeFrequency)):
            self._convolution(node)
        elif isinstance(layer, nn.Linear):
            self._linear(node, layer)
        elif isinstance(layer, Add):
            self._sum(node)
        elif isinstance(layer, ROUNDED):
            self._rounded(node, layer)
        elif isinstance(layer, nn.Sigmoid):
            self._put(node, Rounded(layer, SigmoidQuantizer()), self._inputs(node), str(node.target))
        elif isinstance(layer, MOVING) or node.target in MOVING_FUNCTIONS:
            self._move(node, layer)
        else:
            what = type(layer).__name__ if layer is not None else getattr(node.target, "__name__", node.target)
            raise InputError(f"{node.name}: {what} cannot be computed in integers by this version; set "
                             "compression.weights to float16")

    def _convolution(self, first: fx.Node) -> None:
        node, layer = first, self._layer(first)
        zeros: tuple[int, ...] = ()
        if isinstance(layer, nn.ZeroPad2d):
            zeros, (node, layer) = layer.padding, self._absorb(node, nn.Conv2d, must=True)
        scale = layer if isinstance(layer, nn.Conv2d) and _only_scales(layer) else None
        if scale is not None:
            node, layer = self._absorb(node, TimeFrequency) or (node, layer)
        norm: nn.BatchNorm2d | None = None
        kernel: Kernel
        if isinstance(layer, TimeFrequency):
            assert isinstance(layer.mel, nn.Conv2d)
            kernel = PlusKernel(layer.time, layer.mel, scale)
        elif isinstance(layer, nn.BatchNorm2d):
            kernel, norm = UnitKernel(layer.num_features), layer
        else:
            assert isinstance(layer, _CONVOLUTIONS)
            kernel = ConvKernel(layer, zeros)
        name = str(node.target)
        if norm is None:
            node, norm = self._absorb(node, nn.BatchNorm2d) or (node, None)
        node, relu = self._absorb(node, nn.ReLU) or (node, None)
        self._put(node, self._conv(name, kernel, norm, first, relu is not None), self._inputs(first), name)

    def _conv(self, name: str, kernel: Kernel, norm: nn.BatchNorm2d | None, first: fx.Node, relu: bool) -> nn.Module:
        """A convolution that stands twice in the graph, as on two halves of one map, is one layer."""
        source = self._source(first)
        twin = self.made.get(_plain(name))
        if isinstance(twin, IntegerConv) and twin.source[0] is source:
            return twin
        return IntegerConv(kernel, norm, source, Quantizer(relu))

    def _linear(self, first: fx.Node, layer: nn.Linear) -> None:
        node, relu = self._absorb(first, nn.ReLU) or (first, None)
        last = all(user.op == "output" for user in node.users)
        out = None if last else Quantizer(relu is not None)
        self._put(node, IntegerLinear(layer, self._source(first), out), self._inputs(first), str(first.target))

    def _sum(self, first: fx.Node) -> None:
        """Two by two, since integers are."""
        node, relu = self._absorb(first, nn.ReLU) or (first, None)
        so_far, *others = self._inputs(first)
        for number, other in enumerate(others, start=1):
            last = number == len(others)
            self._put(node, Rounded(Add(), Quantizer(last and relu is not None)), (so_far, other),
                      f"{first.target}_{number}")
            so_far = self.values[node][0]

    def _rounded(self, first: fx.Node, layer: nn.Module) -> None:
        if isinstance(layer, nn.AdaptiveAvgPool2d) and layer.output_size not in (1, (1, 1)):
            raise InputError(f"{first.name}: only global average pooling can be computed in integers")
        node, relu = self._absorb(first, nn.ReLU) or (first, None)
        self._put(node, Rounded(layer, Quantizer(relu is not None)), self._inputs(first), str(first.target))

    def _move(self, node: fx.Node, layer: nn.Module | None) -> None:
        args = fx.node.map_arg(node.args, lambda own: self.values[own][0])
        source = self._source(node)
        if node.target is operator.getitem and not _is_cut(args[1]):
            raise InputError(f"{node.name}: index {args[1]} cannot be computed in integers by this version; expected "
                             "slices of step 1, one an axis")
        if layer is not None:
            self.made[_plain(str(node.target))] = layer
            made = self.new.call_module(_plain(str(node.target)), args)
        else:
            made = self.new.create_node(node.op, node.target, args)
        self.values[node] = (made, source)

    def _put(self, node: fx.Node, layer: nn.Module, args: tuple[fx.Node, ...], target: str) -> None:
        name = _plain(target)
        if self.made.get(name, layer) is not layer:  # one layer at several places has a range of its own at each
            name = f"{name}_{len(self.made)}"
        self.made[name] = layer
        out = layer if isinstance(layer, Quantizer) else layer.out
        assert out is None or isinstance(out, Quantizer)
        self.values[node] = (self.new.call_module(name, args), out)

    def _absorb(self, node: fx.Node, kind: type[nn.Module], must: bool = False) -> Any:
        """The layer behind `node` if it is the only one and of this kind; it is then part of what `node` becomes."""
        users = list(node.users)
        layer = self._layer(users[0]) if len(users) == 1 else None
        if isinstance(layer, kind):
            self.absorbed.add(users[0])
            return users[0], layer
        if must:
            raise InputError(f"{node.name}: expected {kind.__name__} behind it and nothing else")
        return None

    def _inputs(self, node: fx.Node) -> tuple[fx.Node, ...]:
        return tuple(self.values[own][0] for own in node.args if isinstance(own, fx.Node))

    def _source(self, node: fx.Node) -> Quantizer:
        first = node.args[0]
        assert isinstance(first, fx.Node)
        source = self.values[first][1]
        if source is None:
            raise InputError(f"{node.name}: a layer behind the logits cannot be computed in integers")
        return source

    def _layer(self, node: fx.Node) -> nn.Module | None:
        return self.layers[str(node.target)] if node.op == "call_module" else None


def _only_scales(conv: nn.Conv2d) -> bool:
    return (conv.kernel_size == (1, 1) and conv.bias is None
            and conv.groups == conv.in_channels == conv.out_channels)


def _is_cut(index: Any) -> bool:
    return isinstance(index, tuple) and all(isinstance(cut, slice) and cut.step is None for cut in index)


def _plain(target: str) -> str:
    return target.replace(".", "_")
