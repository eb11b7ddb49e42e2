"""A network as a graph of its layers, for what has to know which layer feeds which: integers, and removal of channels.

Input: a network in evaluation mode and example clips (batch, channel, mel, frame). Output: its `fx.Graph`, in which the
small layers of this project are whole and sizes stand as the numbers they are for that input.
"""

from typing import Any

import torch
from torch import Tensor, fx, nn

from task1.errors import InputError
from task1.models.layers import Add, Concat, Multiply
from task1.models.operators import TimeFrequency
from task1.models.segnet import MixupNorm


def trace(network: nn.Module, example: Tensor, cannot: str) -> fx.Graph:
    """The graph of the network's forward pass; `cannot` ends the sentence that refuses one that depends on values."""
    try:
        graph = _Tracer().trace(network)
    except fx.proxy.TraceError as error:
        raise InputError(f"{type(network).__name__}: forward depends on the values of its input ({error}), so "
                         f"{cannot}") from error
    _settle_sizes(fx.GraphModule(network, graph), graph, example)
    return graph


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if isinstance(m, TimeFrequency):
            return not m.cut
        return isinstance(m, (Add, Concat, Multiply, MixupNorm)) or super().is_leaf_module(m, module_qualified_name)


class _Sizes(fx.Interpreter):
    """Runs the graph once and notes what is no tensor: sizes and what is computed of them."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.constants: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if not isinstance(value, Tensor):
            self.constants[n] = value
        return value


def _settle_sizes(module: fx.GraphModule, graph: fx.Graph, example: Tensor) -> None:
    """Put sizes into the graph as the numbers they are, since an exported network has one size of input."""
    sizes = _Sizes(module)
    with torch.no_grad():
        sizes.run(example)
    # the module runs a copy of the graph, in the same order
    constants = {node: sizes.constants[twin] for node, twin in zip(graph.nodes, module.graph.nodes, strict=True)
                 if twin in sizes.constants}
    for node in graph.nodes:
        if node not in constants and node.op != "output":
            node.args = fx.node.map_arg(node.args, lambda own: constants.get(own, own))
            node.kwargs = fx.node.map_arg(node.kwargs, lambda own: constants.get(own, own))
    graph.eliminate_dead_code()
