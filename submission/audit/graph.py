"""Parameters and multiply-accumulates of an ONNX file, from its graph alone.

Parameters are the constants behind weights and biases of convolutions and matrix products, scales and biases of
normalisations, slopes of PReLU; running statistics, scales and zero points of quantisation are none, nor are a
normalisation's constant ones and zeros. A constant that several operations use is counted once. MACs follow the
convention `torchinfo` (task1/complexity.py): weights and biases of a convolution at every output position, those of any
other operation once; multiplications leave biases and normalisations out. Input: one clip.

Exporters may fold batch normalisation into the layer before it. Then its scale and bias have become one bias, and the
network before that had up to two parameters more for each such bias and up to that bias at every position fewer MACs.
An integer file is folded, and may have layers merged or added, so that it bounds the published network from above only.
`Graph.more`, `fewer` and `fewer_macs` say how far the true figures can be off.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference

from task1.errors import InputError

WEIGHTED = {"Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (1, 2), "MatMul": (1, None), "QLinearConv": (3, 8),
            "ConvInteger": (1, None), "QLinearMatMul": (3, None), "MatMulInteger": (1, None), "QGemm": (3, 6)}
"""Operations that multiply: the places of their weight and bias among their inputs."""
SCALED = {"BatchNormalization": (1, 2), "InstanceNormalization": (1, 2), "LayerNormalization": (1, 2),
          "GroupNormalization": (1, 2), "PRelu": (1, None)}
PASSING = ("DequantizeLinear", "QuantizeLinear", "Cast", "Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze",
           "Flatten")
"""What may stand between a constant and the operation that uses it."""
BATCH_PARAMETERS = 2
"""Of each channel of a batch normalisation."""


@dataclass
class Graph:
    """What was counted."""

    parameters: int = 0
    non_zero: int = 0
    macs: int = 0
    multiplications: int = 0
    whole: bool = True
    """False where shapes do not tell all positions; then `macs` is not to be used."""
    folded: bool = False
    """Whether normalisations may have been folded into the layers before them."""
    more: int = 0
    fewer: int = 0
    fewer_macs: int = 0
    types: set[str] = field(default_factory=set)
    """Types of the weights of convolutions and matrix products."""
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the widest weight."""
        return max((np.dtype(name).itemsize for name in self.types), default=0)


def count_graph(path: Path) -> Graph:
    """The figures of a file, or InputError if it is none."""
    try:
        model = onnx.load(str(path))
        for given in model.graph.input:
            first = given.type.tensor_type.shape.dim
            if first and not first[0].dim_value:
                first[0].dim_value = 1
        model = shape_inference.infer_shapes(model)
        graph = _Counter(model.graph).graph
        graph.metadata = {one.key: one.value for one in model.metadata_props}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected an ONNX file") from None
    except Exception as error:  # protobuf and onnx raise what they like at files that are no models
        told = (str(error) or repr(error)).splitlines()[0]
        raise InputError(f"{path}: cannot be read as an ONNX model ({told})") from None
    if not graph.parameters:
        raise InputError(f"{path}: found no weights of convolutions or matrix products, expected a trained network")
    return graph


class _Counter:
    """One walk over the operations."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = Graph()
        self.constants = {one.name: one for one in graph.initializer}
        self.constants |= {node.output[0]: attribute.t for node in graph.node if node.op_type == "Constant"
                           for attribute in node.attribute if attribute.name == "value"}
        self.makers = {output: node for node in graph.node for output in node.output}
        self.shapes = {value.name: _shape(value) for value in (*graph.value_info, *graph.output)}
        self.counted: set[str] = set()
        normalised = {node.input[0] for node in graph.node if node.op_type == "BatchNormalization"}
        biased: list[tuple[int, int]] = []
        for node in graph.node:
            if node.op_type in WEIGHTED:
                bias = self._weighted(node, graph)
                biased += [bias] if bias else []
            elif node.op_type in SCALED:
                self._scaled(node)
        self.graph.folded = bool(biased) and not any(node.output[0] in normalised for node in graph.node
                                                     if node.op_type in WEIGHTED)
        if self.graph.folded:
            self.graph.more = BATCH_PARAMETERS * sum(channels for channels, _ in biased)
            self.graph.fewer_macs = sum(macs for _, macs in biased)
        if self.graph.weight_bytes == 1:
            self.graph.fewer, self.graph.fewer_macs = self.graph.parameters, self.graph.macs

    def _weighted(self, node: onnx.NodeProto, graph: onnx.GraphProto) -> tuple[int, int] | None:
        """Count a multiplying operation; of its bias, elements and MACs."""
        place, bias_place = WEIGHTED[node.op_type]
        weight = self._constant(node, place) or (self._constant(node, 0) if node.op_type == "MatMul" else None)
        if weight is None:
            return None
        bias = None if bias_place is None else self._constant(node, bias_place)
        if bias is None and node.op_type in ("MatMul", "QLinearMatMul", "MatMulInteger", "ConvInteger"):
            bias = next((found for user in graph.node if user.op_type == "Add" and node.output[0] in user.input
                         for place in (0, 1) if (found := self._constant(user, place)) is not None), None)
        self.graph.types.add(str(onnx.helper.tensor_dtype_to_np_dtype(weight.data_type)))
        size, extra = prod(weight.dims), 0 if bias is None else prod(bias.dims)
        is_conv = "Conv" in node.op_type
        shape = self.shapes.get(node.output[0])
        if is_conv and (shape is None or any(length is None for length in shape[2:])):
            self.graph.whole = False
            shape = None
        positions = prod(length or 1 for length in shape[2:]) if is_conv and shape else 1
        self.graph.macs += (size + extra) * positions
        self.graph.multiplications += size * (positions if is_conv else self._rows(node))
        self._add(weight)
        if bias is not None:
            self._add(bias)
        return (extra, extra * positions) if bias is not None else None

    def _rows(self, node: onnx.NodeProto) -> int:
        """Rows that a matrix product multiplies for one clip."""
        shape = self.shapes.get(node.output[0])
        if shape is None or any(length is None for length in shape):
            self.graph.whole = False
            return 1
        return prod(length or 1 for length in shape[:-1])

    def _scaled(self, node: onnx.NodeProto) -> None:
        tensors = [found for place in SCALED[node.op_type] if place is not None
                   and (found := self._constant(node, place)) is not None]
        values = [numpy_helper.to_array(tensor) for tensor in tensors]
        if len(values) == 2 and (values[0] == 1).all() and (values[1] == 0).all():
            return  # a normalisation without weights of its own
        for tensor in tensors:
            self._add(tensor)
            self.graph.macs += prod(tensor.dims)

    def _constant(self, node: onnx.NodeProto, place: int) -> onnx.TensorProto | None:
        """The constant behind an input, through what only converts or moves it."""
        name = node.input[place] if place < len(node.input) else ""
        for maker in self._chain(name):
            name = maker.input[0]
        return self.constants.get(name)

    def _chain(self, name: str) -> Iterator[onnx.NodeProto]:
        while name in self.makers and self.makers[name].op_type in PASSING and name not in self.constants:
            yield self.makers[name]
            name = self.makers[name].input[0]

    def _add(self, tensor: onnx.TensorProto) -> None:
        if tensor.name in self.counted:
            return
        self.counted.add(tensor.name)
        values = numpy_helper.to_array(tensor)
        self.graph.parameters += values.size
        self.graph.non_zero += int(np.count_nonzero(values))


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    return [dim.dim_value or None for dim in value.type.tensor_type.shape.dim]
