"""int8: what is simulated is what is executed, on integers alone, and it can be trained."""

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
from torch.nn import functional as F

from task1.compress.export import export_float
from task1.compress.fake_quantize import HIGHEST, Quantizer, round_weight, weight_scales
from task1.compress.integer_layers import ConvKernel, IntegerConv, PlusKernel
from task1.compress.quantize import export_int8, freeze, prepare_qat, simulate
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


def test_without_rounding_it_is_the_network_itself() -> None:
    torch.manual_seed(3)
    network = build(SMALL)
    x = clips(8)
    prepared = prepare_qat(network, x)
    simulate(prepared, False)
    for layer in (*network.modules(), *prepared.modules()):
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    # in training, with statistics of the batch, too: values and gradients
    for mode in (True, False):
        torch.testing.assert_close(prepared.train(mode)(x), network.train(mode)(x), atol=1e-5, rtol=1e-4)
    network.train()(x).square().sum().backward()
    prepared.train()(x).square().sum().backward()
    theirs = sorted(float(p.grad.norm()) for p in network.parameters())
    ours = sorted(float(p.grad.norm()) for p in prepared.parameters())
    np.testing.assert_allclose(ours, theirs, atol=1e-5, rtol=1e-3)


def test_the_network_given_stays_as_it_is() -> None:
    network = build(SMALL).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    prepared = prepare_qat(network, clips(2))
    prepared(clips(4)).sum().backward()
    assert network.training
    assert prepared.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
    assert sum(p.numel() for p in prepared.parameters()) == sum(p.numel() for p in network.parameters())


def test_state_goes_to_a_file_and_back(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    torch.manual_seed(4)
    x = clips(8)
    prepared = prepare_qat(build(SMALL), x)
    prepared(x)  # moves statistics and ranges
    save_file({name: value.contiguous() for name, value in prepared.state_dict().items()}, tmp_path / "state")
    other = prepare_qat(build(SMALL), 3 * clips(2))
    other.load_state_dict(load_file(tmp_path / "state"))
    with torch.no_grad():
        assert torch.equal(other.eval()(x), prepared.eval()(x))


def test_ranges_follow_training_and_stay_when_frozen_or_evaluated() -> None:
    quantizer = Quantizer().train()
    quantizer(torch.tensor([-1.0, 3.0]))
    assert (float(quantizer.low), float(quantizer.high)) == (-1, 3)
    quantizer(torch.tensor([-2.0, 3.0]))
    assert -1.1 < float(quantizer.low) < -1
    held = float(quantizer.low)
    quantizer.eval()(torch.tensor([-50.0]))
    freeze(quantizer.train())
    quantizer(torch.tensor([-50.0]))
    assert float(quantizer.low) == held


@pytest.mark.parametrize(("low", "high"), [(0.0, 2.0), (0.5, 2.0), (-3.0, -1.0), (-1.0, 1.0), (0.0, 0.0)])
def test_zero_is_on_every_grid(low: float, high: float) -> None:
    quantizer = Quantizer().train()
    values = quantizer(torch.tensor([low, high, 0.0]))
    scale, zero = quantizer.scale_and_zero()
    assert float(values[2]) == 0
    assert 0 <= int(zero) <= HIGHEST
    assert abs(float(values[0]) - low) <= float(scale)
    assert abs(float(values[1]) - high) <= float(scale)


def test_a_factor_of_a_channel_changes_no_integer() -> None:
    """What lets training round the weights before normalisation is folded into them."""
    torch.manual_seed(5)
    weight, factor = torch.randn(5, 3, 3, 3), torch.tensor([1.0, -1.0, 4.0, 0.25, -8.0]).view(-1, 1, 1, 1)
    rounded, folded = (round_weight(w, weight_scales(w)) for w in (weight, weight * factor))
    torch.testing.assert_close(folded, rounded * factor)


def test_gradients_stop_where_values_are_cut_off() -> None:
    quantizer = Quantizer(relu=True).train()
    quantizer(torch.tensor([1.0]))
    freeze(quantizer)
    x = torch.tensor([-0.5, 0.5, 5.0], requires_grad=True)
    quantizer(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 0]


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


def toy(count: int, seed: int, strength: float = 0.5) -> tuple[Tensor, Tensor]:
    """Four classes of noise with stripes along mel or frames, in either channel."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 4, (count,), generator=generator)
    mel, frame = (torch.arange(size) // 2 % 2 * 2.0 - 1 for size in SHAPE[1:])
    stripes = torch.zeros(4, *SHAPE)
    stripes[0, 0] = stripes[1, 1] = mel[:, None]
    stripes[2, 0] = stripes[3, 1] = frame
    return strength * stripes[labels] + torch.randn(count, *SHAPE, generator=generator), labels


def fit(network: nn.Module, steps: int, lr: float) -> None:
    optimizer = torch.optim.SGD(network.parameters(), lr, momentum=0.9)
    network.train()
    for step in range(steps):
        x, labels = toy(32, step)
        optimizer.zero_grad()
        F.cross_entropy(network(x), labels).backward()
        optimizer.step()


def accuracy(network: nn.Module, x: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((network.eval()(x).argmax(1) == labels).float().mean())


@pytest.fixture(scope="module")
def trained() -> tuple[nn.Module, fx.GraphModule]:
    """A network trained on the toy problem in floating point, and the same one then tuned as integers."""
    torch.set_num_threads(1)
    torch.manual_seed(8)
    network = build(SMALL)
    fit(network, 180, 0.1)
    prepared = prepare_qat(network, toy(64, 999)[0])
    fit(prepared, 30, 0.01)
    return network, prepared


def test_integers_keep_the_accuracy(trained: tuple[nn.Module, fx.GraphModule], tmp_path: Path) -> None:
    network, prepared = trained
    x, labels = toy(512, 1000, strength=0.3)  # harder than what it learned, so that there is something to lose
    before, path = accuracy(network, x, labels), tmp_path / "int8.onnx"
    assert 0.8 < before < 1
    assert accuracy(prepared, x, labels) > before - 0.02
    export_int8(prepared, SHAPE, path, {})
    decided = run(path, x).argmax(1)
    assert (decided == labels.numpy()).mean() > before - 0.02
    with torch.no_grad():
        assert (decided == prepared(x).argmax(1).numpy()).mean() >= 0.99


def test_training_from_the_first_step_learns() -> None:
    torch.manual_seed(1)
    prepared = prepare_qat(build(SMALL), toy(16, 999)[0])
    fit(prepared, 180, 0.1)
    assert accuracy(prepared, *toy(512, 1000)) > 0.9
