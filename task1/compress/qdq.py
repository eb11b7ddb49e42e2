"""ONNX nodes of an integer network: QuantizeLinear and DequantizeLinear around each operation that computes.

ONNX Runtime fuses each such group into one operation on integers. What only moves numbers is written on uint8 itself.
Every tensor between operations is uint8; `Value` says which, and by which scale and zero point it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, fx, nn

from task1.compress.export import INPUT, OPSET, OUTPUT
from task1.compress.fake_quantize import Quantizer
from task1.compress.integer_layers import Folded, IntegerConv, IntegerLinear, Rounded
from task1.models.layers import Add, Concat, Multiply
from task1.models.segnet import MixupNorm

_SIMPLE = {Add: "Add", Multiply: "Mul", nn.Sigmoid: "Sigmoid", nn.AdaptiveAvgPool2d: "GlobalAveragePool"}


@dataclass(frozen=True)
class Value:
    """A uint8 tensor of the graph, with the names of its scale and zero point."""

    name: str
    scale: str
    zero: str


class Graph:
    """Nodes and constants in the order of execution."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.grids: dict[Quantizer, tuple[str, str]] = {}

    def node(self, kind: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        self.constants[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def quantize(self, x: str, name: str, quantizer: Quantizer) -> Value:
        """The float tensor `x` as uint8 `name`."""
        if quantizer not in self.grids:
            scale, zero = quantizer.scale_and_zero()
            self.grids[quantizer] = (self.constant(f"{name}_scale", _array(scale).astype(np.float32)),
                                     self.constant(f"{name}_zero", _array(zero).astype(np.uint8)))
        grid = self.grids[quantizer]
        return Value(self.node("QuantizeLinear", (x, *grid), name), *grid)

    def dequantize(self, value: Value, user: str) -> str:
        """The float tensor that `user` sees; every user has one of its own, as the fusion wants it."""
        return self.node("DequantizeLinear", (value.name, value.scale, value.zero), f"{user}_of_{value.name}")

    def weights(self, name: str, folded: Folded) -> list[str]:
        """Float tensors of int8 weights and int32 bias."""
        scales = self.constant(f"{name}_weight_scale", _array(folded.scales))
        steps = self.constant(f"{name}_bias_scale", _array(folded.steps))
        weight = self.constant(f"{name}_weight", _array(folded.integer_weight()))
        bias = self.constant(f"{name}_bias", _array(folded.integer_bias()))
        zeros = self.constant(f"{name}_weight_zero", np.zeros(len(folded.scales), np.int8))
        return [self.node("DequantizeLinear", (weight, scales, zeros), f"{name}_float_weight", axis=0),
                self.node("DequantizeLinear", (bias, steps), f"{name}_float_bias", axis=0)]


def write(network: fx.GraphModule, input_shape: Sequence[int]) -> onnx.ModelProto:
    """The whole network as a model: float clips in, float logits out."""
    graph, values, sizes = Graph(), dict[fx.Node, Any](), _Sizes(network)
    with torch.no_grad():
        outputs = int(sizes.run(torch.zeros(1, *input_shape)).shape[1])
    layers = dict(network.named_modules())
    for node in network.graph.nodes:
        layer = layers[str(node.target)] if node.op == "call_module" else None
        inputs = [values[own] for own in node.args if isinstance(own, fx.Node)]
        if node.op == "placeholder":
            values[node] = INPUT
        elif node.op == "output":
            last = inputs[0]
            graph.node("Identity", (graph.dequantize(last, OUTPUT) if isinstance(last, Value) else last,), OUTPUT)
        elif isinstance(layer, Quantizer):
            values[node] = graph.quantize(inputs[0], f"{node.name}_q", layer)
        elif isinstance(layer, IntegerConv | IntegerLinear):
            values[node] = _weighted(graph, node.name, layer, inputs[0])
        elif isinstance(layer, Rounded):
            values[node] = _rounded(graph, node.name, layer, inputs)
        else:
            values[node] = _moved(graph, node, layer, inputs[0], sizes.ranks[node])
    made = helper.make_graph(
        graph.nodes, "integer_network",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", *input_shape])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", outputs])], list(graph.constants.values()))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])


def _weighted(graph: Graph, name: str, layer: IntegerConv | IntegerLinear, x: Value) -> Value | str:
    inputs = [graph.dequantize(x, name), *graph.weights(name, layer.folded())]
    if isinstance(layer, IntegerLinear):
        result = graph.node("Gemm", inputs, name, transB=1)
    else:
        own = layer.kernel.geometry
        result = graph.node("Conv", inputs, name, strides=own.stride, pads=own.pads, dilations=own.dilation,
                            group=own.groups)
    return result if layer.out is None else graph.quantize(result, f"{name}_q", layer.out)


def _rounded(graph: Graph, name: str, layer: Rounded, values: Sequence[Value]) -> Value:
    own, inputs = layer.operation, [graph.dequantize(value, f"{name}_{n}") for n, value in enumerate(values)]
    if type(own) in _SIMPLE:
        result = graph.node(_SIMPLE[type(own)], inputs, name)
    elif isinstance(own, Concat):
        result = graph.node("Concat", inputs, name, axis=own.dim)
    elif isinstance(own, nn.AvgPool2d):
        result = _average(graph, name, own, inputs[0])
    elif isinstance(own, MixupNorm):
        result = _mixup_norm(graph, name, own, inputs[0])
    else:
        raise TypeError(f"{name}: {type(own).__name__} has no ONNX form here")
    return graph.quantize(result, f"{name}_q", layer.out)


def _average(graph: Graph, name: str, pool: nn.AvgPool2d, x: str) -> str:
    kernel, stride, padding = _pair(pool.kernel_size), _pair(pool.stride), _pair(pool.padding)
    return graph.node("AveragePool", (x,), name, kernel_shape=kernel, strides=stride, pads=(*padding, *padding),
                      count_include_pad=int(pool.count_include_pad), ceil_mode=int(pool.ceil_mode))


def _mixup_norm(graph: Graph, name: str, norm: MixupNorm, x: str) -> str:
    """Half of the map and half of the map normalised; the statistics of a clip are computed in floating point."""
    width = norm.instance.num_features
    gain = graph.constant(f"{name}_gain", np.full(width, 0.5, np.float32))
    shift = graph.constant(f"{name}_shift", np.zeros(width, np.float32))
    half = graph.constant(f"{name}_half", np.array(0.5, np.float32))
    normal = graph.node("InstanceNormalization", (x, gain, shift), f"{name}_normal", epsilon=norm.instance.eps)
    return graph.node("Add", (graph.node("Mul", (x, half), f"{name}_kept"), normal), name)


class _Sizes(fx.Interpreter):
    """Runs the network once and notes how many axes each tensor has."""

    def __init__(self, network: fx.GraphModule) -> None:
        super().__init__(network)
        self.ranks: dict[fx.Node, int] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        self.ranks[n] = value.dim()
        return value


def _moved(graph: Graph, node: fx.Node, layer: nn.Module | None, x: Value, rank: int) -> Value:
    if isinstance(layer, nn.Dropout | nn.Identity):
        return x
    return Value(_move(graph, node, layer, x.name, rank), x.scale, x.zero)


def _move(graph: Graph, node: fx.Node, layer: nn.Module | None, x: str, rank: int) -> str:
    name = node.name
    if isinstance(layer, nn.Flatten):
        return graph.node("Flatten", (x,), name, axis=layer.start_dim)
    if isinstance(layer, nn.MaxPool2d):
        padding = _pair(layer.padding)
        return graph.node("MaxPool", (x,), name, kernel_shape=_pair(layer.kernel_size), strides=_pair(layer.stride),
                          pads=(*padding, *padding), ceil_mode=int(layer.ceil_mode))
    if isinstance(layer, nn.Upsample):
        scales = graph.constant(f"{name}_scales", np.array([1, 1, *_factors(layer)], np.float32))
        return graph.node("Resize", (x, "", scales), name, mode=layer.mode, nearest_mode="floor",
                          coordinate_transformation_mode="asymmetric")
    if node.target in ("squeeze", "unsqueeze"):
        axes = graph.constant(f"{name}_axes", np.array([node.args[1]], np.int64))
        return graph.node(str(node.target).capitalize(), (x, axes), name)
    if node.target == "transpose":
        order = list(range(rank))
        first, second = node.args[1:3]
        order[first], order[second] = order[second], order[first]  # type: ignore[index]
        return graph.node("Transpose", (x,), name, perm=order)
    return _slice(graph, name, x, node.args[1])


def _slice(graph: Graph, name: str, x: str, index: Any) -> str:
    cuts = [(axis, cut.start or 0, np.iinfo(np.int64).max if cut.stop is None else cut.stop)
            for axis, cut in enumerate(index) if cut != slice(None)]
    axes, starts, ends = (np.array(column, np.int64) for column in zip(*cuts, strict=True))
    return graph.node("Slice", (x, graph.constant(f"{name}_starts", starts), graph.constant(f"{name}_ends", ends),
                                graph.constant(f"{name}_axes", axes)), name)


def _array(tensor: Tensor) -> npt.NDArray[Any]:
    return tensor.detach().cpu().numpy()


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _factors(upsample: nn.Upsample) -> tuple[float, ...]:
    scale = upsample.scale_factor
    assert scale is not None
    return (scale, scale) if isinstance(scale, int | float) else scale
