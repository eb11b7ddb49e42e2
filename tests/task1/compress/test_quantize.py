"""int8: what is simulated is what is executed, on integers alone."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, fx, nn

from task1.compress.export import export_float
from task1.compress.fake_quantize import HIGHEST, Quantizer
from task1.compress.integer_layers import ConvKernel, IntegerConv, PlusKernel
from task1.compress.quantize import export_int8, prepare_qat
from task1.compress.runtime import session
from task1.errors import InputError
from task1.models import build

SHAPE = (2, 32, 12)
SMALL = {"class": "dsmn", "in_channels": 2, "stem": 16, "channels": [16, 24], "cut": [True, False],
         "pooled_blocks": [1, 2], "hidden": 16, "dropout": 0.1, "outputs": [4]}
"""A network with every operation of DSMN, in miniature."""
INTEGER_NETWORKS = [("wang2023", f"model{n}", 0) for n in (1, 2, 3, 4)] + [
    ("shao2022", f"student{n}", 5) for n in (1, 2, 3)]
FLOATING = {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "ConvTranspose"}


def clips(count: int, shape: tuple[int, int, int] = SHAPE) -> Tensor:
    channel, mel, frame = shape
    return torch.randn(count, channel, mel, 1) + 0.5 * torch.randn(count, channel, mel, frame)


def run(path: Path, x: Tensor, optimized: Path | None = None) -> np.ndarray:
    return session(path, optimized).run(["logits"], {"input": x.numpy()})[0]


def constants(path: Path) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


@pytest.mark.parametrize(("entry", "model", "instance_norms"), INTEGER_NETWORKS)
def test_what_runs_is_integers_and_what_was_simulated(entry: str, model: str, instance_norms: int,
                                                      shipped: Callable[..., Any], tmp_path: Path) -> None:
    network, shape = shipped(entry, model, None)
    prepared = prepare_qat(network, clips(4, shape)).eval()
    path, executed = tmp_path / "int8.onnx", tmp_path / "executed.onnx"
    export_int8(prepared, shape, path, {})
    x = clips(4, shape)
    logits = run(path, x, executed)
    kinds = Counter(node.op_type for node in onnx.load(executed).graph.node)
    convolutions = sum(isinstance(layer, nn.Conv1d | nn.Conv2d) for layer in network.modules())
    assert not kinds.keys() & FLOATING
    assert 0 < kinds["QLinearConv"] <= convolutions
    assert kinds["QGemm"] == 2
    if not instance_norms:  # nothing is computed in floating point behind the input, not even a sum
        assert (kinds["QuantizeLinear"], kinds["DequantizeLinear"]) == (1, 0)
    assert kinds["InstanceNormalization"] == instance_norms
    beside = SideBySide(prepared, path)
    with torch.no_grad():
        simulated = beside.run(x).numpy()
    np.testing.assert_allclose(logits, simulated, atol=1e-4)
    assert len(beside.unequal) == sum(isinstance(layer, Quantizer) for layer in prepared.modules())
    assert max(beside.unequal.values()) < 0.005


def test_a_float_convolution_would_be_seen(tmp_path: Path) -> None:
    export_float(build(SMALL), SHAPE, tmp_path / "float.onnx", {})
    session(tmp_path / "float.onnx", tmp_path / "executed.onnx")
    kinds = Counter(node.op_type for node in onnx.load(tmp_path / "executed.onnx").graph.node)
    assert kinds.keys() & FLOATING


class SideBySide(fx.Interpreter):
    """Runs every simulated layer on what the executed layers in front of it gave, and compares.

    Layers are never more than one step apart; `unequal` is the share of values that are: floating-point sums may fall
    on the other side of the edge between two steps. (From end to end such a step goes its way through all layers.)
    """

    def __init__(self, prepared: fx.GraphModule, path: Path) -> None:
        super().__init__(prepared)
        self.path, self.unequal = path, dict[str, float]()

    def run(self, x: Tensor) -> Any:
        model = onnx.load(self.path)
        names = [node.output[0] for node in model.graph.node if node.op_type == "QuantizeLinear"]
        for name in names:
            model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None))
        onnx.save(model, self.path)
        values = session(self.path).run(names, {"input": x.numpy()})
        self.executed = dict(zip(names, values, strict=True))
        return super().run(x)

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        layer = self.submodules.get(n.target)
        quantizer = layer if isinstance(layer, Quantizer) else getattr(layer, "out", None)
        if quantizer is None:
            return value
        scale, zero = quantizer.scale_and_zero()
        executed = torch.from_numpy(self.executed[f"{n.name}_q"]).int()
        apart = (executed - zero - torch.round(value / scale).int()).abs()
        assert apart.max() <= 1, n.name
        self.unequal[n.name] = float((apart > 0).float().mean())
        return (executed - zero) * scale


def test_weights_are_a_byte_each_and_no_more_than_published(shipped: Callable[..., Any], tmp_path: Path) -> None:
    network, shape = shipped("wang2023", "model1", None)
    path = tmp_path / "int8.onnx"
    export_int8(prepare_qat(network, clips(2, shape)), shape, path, {})
    shipped_weights = [values for name, values in constants(path).items() if name.endswith(("_weight", "_bias"))]
    assert {values.dtype for values in shipped_weights} == {np.dtype(np.int8), np.dtype(np.int32)}
    # the four corners of a plus-shaped kernel are zeros of no weight; folding leaves fewer than are counted
    assert sum(np.count_nonzero(values) for values in shipped_weights) <= sum(p.numel() for p in network.parameters())


def requantise(sums: np.ndarray, factor: np.ndarray, zero: int) -> np.ndarray:
    """int32 sums (out, ...) to uint8: one product in float32, rounded to nearest even, cut off."""
    scaled = sums.astype(np.float32) * factor.astype(np.float32).reshape(-1, 1, 1)
    return np.clip(np.rint(scaled) + zero, 0, HIGHEST).astype(np.uint8)


@pytest.mark.parametrize("relu", [True, False])
def test_convolution_by_hand_in_integers(relu: bool, tmp_path: Path) -> None:
    torch.manual_seed(2)
    norm = nn.BatchNorm2d(6)
    network = nn.Sequential(nn.Conv2d(2, 6, 3, stride=2, bias=False), norm, nn.ReLU() if relu else nn.Identity(),
                            nn.AvgPool2d(1), nn.Flatten())
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.5, 2)
    norm.weight.data = torch.tensor([1.0, -1.0, 0.5, 2.0, 0.0, 1e-9])  # a sign that flips, a channel that is dead
    norm.bias.data.uniform_(-1, 1)
    x = clips(3)
    prepared = prepare_qat(network, x).eval()
    path = tmp_path / "int8.onnx"
    export_int8(prepared, SHAPE, path, {})
    model = onnx.load(path)
    (name,) = [node.name for node in model.graph.node if node.op_type == "Conv"]
    clip = next(node.output[0] for node in model.graph.node if node.op_type == "QuantizeLinear")
    for inner in (clip, f"{name}_q"):
        model.graph.output.append(onnx.helper.make_tensor_value_info(inner, onnx.TensorProto.UINT8, None))
    onnx.save(model, path)
    pixels, executed = session(path).run([clip, f"{name}_q"], {"input": x.numpy()})
    held = constants(path)
    inputs = pixels.astype(np.int64) - int(held[f"{clip}_zero"])
    weights, stride = held[f"{name}_weight"].astype(np.int64), 2
    windows = np.lib.stride_tricks.sliding_window_view(inputs, (3, 3), axis=(2, 3))[:, :, ::stride, ::stride]
    sums = np.einsum("bcmfij,ocij->bomf", windows, weights) + held[f"{name}_bias"].reshape(-1, 1, 1)
    factor = held[f"{clip}_scale"] * held[f"{name}_weight_scale"] / held[f"{name}_q_scale"]
    expected = np.stack([requantise(clip, factor, int(held[f"{name}_q_zero"])) for clip in sums])
    np.testing.assert_array_equal(executed, expected)
    assert (int(held[f"{name}_q_zero"]) == 0) == relu
    assert len(np.unique(executed)) > 50
    # and both are what the float network computes, to half a step of the result and what rounding its inputs brings
    with torch.no_grad():
        exact = network[:3].eval()(x).numpy()
    read = (executed.astype(np.float32) - float(held[f"{name}_q_zero"])) * held[f"{name}_q_scale"]
    assert np.abs(read - exact).mean() < held[f"{name}_q_scale"]


def test_a_pair_and_its_scaling_become_one_kernel() -> None:
    prepared = prepare_qat(build(SMALL), clips(2))
    kernels = [layer.kernel for layer in prepared.modules() if isinstance(layer, IntegerConv)]
    pairs = [kernel for kernel in kernels if isinstance(kernel, PlusKernel)]
    assert len(pairs) == 6  # three operators a block
    assert sum(pair.scale is not None for pair in pairs) == 4  # the third joins channels, which is a layer of its own
    assert all(kernel()[0].shape[2:] == (3, 3) for kernel in pairs)


@pytest.mark.parametrize("zeros", [(0, 1, 0, 0), (0, 0, 0, 1), (2, 1, 0, 3)])
def test_uneven_padding(zeros: tuple[int, int, int, int], tmp_path: Path) -> None:
    torch.manual_seed(6)
    network = nn.Sequential(nn.ZeroPad2d(zeros), nn.Conv2d(2, 3, (2, 3), padding=(0, 1)), nn.Flatten())
    x = clips(2)
    prepared = prepare_qat(network, x).eval()
    kernel = next(layer for layer in prepared.modules() if isinstance(layer, ConvKernel))
    assert kernel.geometry.pads == (zeros[2], zeros[0] + 1, zeros[3], zeros[1] + 1)
    path = tmp_path / "int8.onnx"
    export_int8(prepared, SHAPE, path, {})
    with torch.no_grad():
        simulated, exact = prepared(x).numpy(), network(x).numpy()
    np.testing.assert_allclose(run(path, x), simulated, atol=0.03)
    np.testing.assert_allclose(simulated, exact, atol=0.1)


def test_the_same_weights_make_the_same_bytes(tmp_path: Path) -> None:
    torch.manual_seed(7)
    network, x = build(SMALL), clips(4)
    for name in ("first", "second"):
        prepared = prepare_qat(network, x).to(memory_format=torch.channels_last if name == "second" else
                                              torch.contiguous_format)
        export_int8(prepared, SHAPE, tmp_path / name, {"a": "1"})
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_what_has_no_integer_form_is_refused() -> None:
    with pytest.raises(InputError, match=r"Hardswish cannot be computed in integers.*float16"):
        prepare_qat(nn.Sequential(nn.Conv2d(2, 3, 1), nn.Hardswish()), clips(2))


class Indexing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0]


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


@pytest.mark.parametrize(("layer", "said"), [
    (Indexing(), r"index .* cannot be"), (Branching(), "depends on the values")])
def test_what_cannot_be_written_is_refused_before_it_is_trained(layer: nn.Module, said: str) -> None:
    with pytest.raises(InputError, match=said):
        prepare_qat(layer, clips(2))
