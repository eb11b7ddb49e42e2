"""Counting ONNX graphs: against the counter of PyTorch networks, and against graphs made by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from submission.audit.graph import count_graph
from submission.audit.networks import count_networks
from task1.complexity import count
from task1.complexity_tables import input_shape
from task1.compress.export import export_float
from task1.config import resolve
from task1.errors import InputError
from task1.models import build

CHANNELS, CLASSES, HEIGHT, WIDTH = 4, 3, 6, 5


class Shared(nn.Module):
    """Every kind of layer that counts, one of them used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(2, CHANNELS, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(CHANNELS),
                                  nn.PReLU(CHANNELS))
        self.depthwise = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS)
        self.plain = nn.BatchNorm2d(CHANNELS, affine=False)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, 5), nn.ReLU(),
                                  nn.Linear(5, CLASSES, bias=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        result: torch.Tensor = self.head(self.plain(self.depthwise(self.depthwise(x))))
        return result


@pytest.mark.parametrize("half", [False, True])
def test_an_export_counts_as_the_network_does(tmp_path: Path, half: bool) -> None:
    torch.manual_seed(0)
    network = Shared().eval()
    for parameter in network.parameters():
        nn.init.uniform_(parameter, 0.1, 0.2)
    with torch.no_grad():
        network.depthwise.weight[0] = 0
    export_float(network, (2, HEIGHT, WIDTH), tmp_path / "net.onnx", {}, half=half)
    expected, graph = count(network, (2, HEIGHT, WIDTH)), count_graph(tmp_path / "net.onnx")
    assert (graph.parameters, graph.non_zero) == (expected.parameters, expected.non_zero)
    assert expected.non_zero == expected.parameters - 9
    assert (graph.macs, graph.multiplications) == (expected.macs["torchinfo"], expected.executed)
    assert (graph.whole, graph.folded, graph.more, graph.weight_bytes) == (True, False, 0, 2 if half else 4)


@pytest.mark.slow
@pytest.mark.parametrize(("entry", "model"), [
    ("wang2023", "model1"), ("zhao2021", "student1"), ("shao2022", "student1"), ("ye2024", "small"),
    ("cp_mobile", "base")])
def test_published_networks_count_alike(tmp_path: Path, entry: str, model: str) -> None:
    run = resolve(entry, "full")
    network, shape = build(run.models[model].network).eval(), input_shape(run, model)
    for parameter in network.parameters():
        nn.init.uniform_(parameter, 0.1, 0.2)
    export_float(network, shape, tmp_path / "net.onnx", {})
    expected, graph = count(network, shape), count_graph(tmp_path / "net.onnx")
    assert (graph.parameters, graph.macs) == (expected.parameters, expected.macs["torchinfo"])


def test_folded_files_bound_the_published_network(tmp_path: Path) -> None:
    """A convolution with bias: 4 x 2 weights and 4 biases at 30 positions."""
    path = save(tmp_path / "folded.onnx", [helper.make_node("Conv", ["x", "w", "b"], ["y"])],
                {"w": ones(4, 2, 1, 1), "b": ones(4)})
    graph = count_graph(path)
    assert (graph.parameters, graph.macs, graph.folded) == (12, 12 * 30, True)
    assert (graph.more, graph.fewer, graph.fewer_macs) == (2 * 4, 0, 4 * 30)
    published = count(nn.Sequential(nn.Conv2d(2, 4, 1, bias=False), nn.BatchNorm2d(4)), (2, HEIGHT, WIDTH))
    assert graph.parameters <= published.parameters <= graph.parameters + graph.more
    assert graph.macs - graph.fewer_macs <= published.macs["torchinfo"] <= graph.macs + graph.more


def test_integer_weights_are_found_behind_their_conversion(tmp_path: Path) -> None:
    nodes = [helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wf"]),
             helper.make_node("DequantizeLinear", ["b", "s"], ["bf"]),
             helper.make_node("Conv", ["x", "wf", "bf"], ["y"])]
    path = save(tmp_path / "int8.onnx", nodes, {
        "w": np.ones((4, 2, 1, 1), np.int8), "b": np.zeros(4, np.int32), "s": np.float32(0.1), "z": np.int8(0)})
    graph = count_graph(path)
    assert (graph.parameters, graph.non_zero, graph.weight_bytes) == (12, 8, 1)
    assert (graph.fewer, graph.fewer_macs) == (graph.parameters, graph.macs)  # bounded from above only
    counted = count_networks([path], {})
    assert (counted.bytes, counted.more_bytes) == (12, 8)


def test_shared_weights_and_biases_behind_matrix_products(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["a"]), helper.make_node("Add", ["a", "b"], ["c"]),
             helper.make_node("MatMul", ["c", "w"], ["y"])]
    path = save(tmp_path / "product.onnx", nodes, {"w": ones(WIDTH, WIDTH), "b": ones(WIDTH)})
    graph = count_graph(path)
    assert graph.parameters == WIDTH * WIDTH + WIDTH
    assert graph.macs == 2 * WIDTH * WIDTH + WIDTH
    assert graph.multiplications == 2 * WIDTH * WIDTH * 2 * HEIGHT


def test_float_form_and_what_ships_are_one_network(tmp_path: Path) -> None:
    weights = {"w": ones(4, 2, 1, 1)}
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
    whole, half = tmp_path / "net.float.onnx", tmp_path / "net.onnx"
    save(whole, nodes, weights)
    save(half, [helper.make_node("Cast", ["w"], ["wf"], to=TensorProto.FLOAT),
                helper.make_node("Conv", ["x", "wf"], ["y"])], {"w": ones(4, 2, 1, 1).astype(np.float16)})
    both, alone = count_networks([half, whole], {}), count_networks([whole], {})
    assert (both.members, both.parameters, both.bytes) == (1, 8, 16)
    assert (alone.parameters, alone.bytes) == (8, None)
    assert count_networks([half, half], {}).members == 2


def test_positions_that_the_file_does_not_tell(tmp_path: Path) -> None:
    path = save(tmp_path / "open.onnx", [helper.make_node("Conv", ["x", "w"], ["y"])], {"w": ones(4, 2, 1, 1)},
                shape=("batch", 2, "height", "width"))
    assert not count_graph(path).whole
    assert count_networks([path], {}).macs is None


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"<html>", bytes(range(256)) * 9])
def test_files_that_are_no_models_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.onnx: "):
        count_graph(tmp_path / "bad.onnx")


def ones(*shape: int) -> Any:
    return np.ones(shape, np.float32)


def save(path: Path, nodes: Sequence[Any], constants: dict[str, Any],
         shape: Sequence[int | str] = ("batch", 2, HEIGHT, WIDTH)) -> Path:
    graph = helper.make_graph(
        list(nodes), "made", [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), str(path))
    return path
