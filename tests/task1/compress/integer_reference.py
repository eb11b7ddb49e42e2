"""An exported int8 network in NumPy integers: what each fused operation of the runtime has to give, by definition.

Every map is an int64 array of uint8 values (batch, channel, mel, frame) with the scale and zero point of its grid. Sums
are exact integers; one product in float32 brings them to the next grid, rounded to the nearest, halves to even.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

Array = np.ndarray[Any, Any]


@dataclass
class Grid:
    values: Array
    scale: np.float32
    zero: int

    @property
    def steps(self) -> Array:
        return self.values - self.zero


def run(path: Path, x: Array, executed: dict[str, Array] | None = None) -> tuple[Array, dict[str, Array]]:
    """Logits, and the integers of every map by the name of the node that makes it.

    With the maps that a runtime has `executed`, each operation is given those, so that one step does not go on its way.
    """
    graph = onnx.load(path).graph
    held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    maps: dict[str, Any] = {"input": x}
    integers: dict[str, Array] = {}
    for node in graph.node:
        options = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        given = [maps.get(name, held.get(name)) for name in node.input]
        name = node.output[0]
        maps[name] = made = _node(node.op_type, given, options)
        if node.op_type == "QuantizeLinear":
            integers[name] = made.values
            if executed:
                maps[name] = Grid(executed[name].astype(np.int64), made.scale, made.zero)
    return maps["logits"], integers


def _node(kind: str, given: list[Any], options: dict[str, Any]) -> Any:
    """Between the grids there are: floats (the input and the logits), and exact sums with the size of their step."""
    first = given[0]
    if kind == "QuantizeLinear":
        return _onto(first, given[1].astype(np.float32)[()], int(given[2]))
    if kind == "DequantizeLinear":
        return first if isinstance(first, Grid) else (first.astype(np.int64), given[1].astype(np.float32))
    if kind == "Conv":
        return _convolve(first, given[1], given[2], options)
    if kind == "Gemm":
        weight, scale = given[1]
        return first.steps @ weight.T + given[2][0], first.scale * scale
    if kind == "MaxPool":
        return Grid(_windows(first.values, options["kernel_shape"], options["strides"]).max(axis=(4, 5)), first.scale,
                    first.zero)
    if kind == "GlobalAveragePool":
        sums = first.steps.sum(axis=(2, 3), keepdims=True)
        return sums, np.float32(first.scale / np.float32(first.steps[0, 0].size))
    if kind == "Add":
        return first.steps * first.scale + given[1].steps * given[1].scale
    if kind == "Flatten":
        return Grid(first.values.reshape(len(first.values), -1), first.scale, first.zero)
    if kind == "Identity":
        sums, step = first
        return sums.astype(np.float32) * step
    raise NotImplementedError(kind)


def _onto(value: Any, scale: np.float32, zero: int) -> Grid:
    """Floats, or sums with their step, to the nearest place of a grid."""
    if isinstance(value, tuple):
        sums, step = value
        factor = np.asarray(step, np.float32) / scale
        if factor.ndim:  # one an output channel
            factor = factor.reshape(-1, *[1] * (sums.ndim - 2))
        scaled = sums.astype(np.float32) * factor
    else:
        scaled = value.astype(np.float32) / scale
    return Grid(np.clip(np.rint(scaled) + zero, 0, 255).astype(np.int64), scale, zero)


def _convolve(x: Grid, weights: Any, bias: Any, options: dict[str, Any]) -> Any:
    (weight, scale), (top, left, bottom, right) = weights, options["pads"]
    steps = np.pad(x.steps, ((0, 0), (0, 0), (top, bottom), (left, right)))  # zero is exact on every grid
    dilation = options["dilations"]
    spread = np.zeros((*weight.shape[:2], *((size - 1) * step + 1 for size, step in
                                            zip(weight.shape[2:], dilation, strict=True))), np.int64)
    spread[:, :, ::dilation[0], ::dilation[1]] = weight
    windows = _windows(steps, spread.shape[2:], options["strides"])
    groups = options["group"]
    parts = [np.einsum("bcmfij,ocij->bomf", part, own, optimize=True) for part, own in
             zip(np.split(windows, groups, axis=1), np.split(spread, groups), strict=True)]
    return np.concatenate(parts, axis=1) + bias[0].reshape(-1, 1, 1), x.scale * scale


def _windows(x: Array, size: Any, strides: Any) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, tuple(size), axis=(2, 3))[:, :, ::strides[0], ::strides[1]]
