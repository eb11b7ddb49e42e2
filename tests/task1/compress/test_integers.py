"""A whole network in NumPy integers beside ONNX Runtime: the same integers in every map, the same logits."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from task1.compress.quantize import export_int8, prepare_qat
from task1.compress.runtime import session
from task1.models.layers import Add
from task1.models.operators import TimeFrequency

sys.path.insert(0, str(Path(__file__).parent))
import integer_reference as reference

SHAPE = (2, 16, 12)


class Small(nn.Module):
    """Convolutions whole and depthwise, dilated and strided, a plus-shaped pair, a sum, pools, dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(2, 8, 3, stride=(2, 1), padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8, bias=False),
                                       nn.BatchNorm2d(8), nn.ReLU())
        self.pair = nn.Sequential(TimeFrequency(8, cut=False), nn.BatchNorm2d(8), nn.ReLU())
        self.add, self.pool = Add(), nn.MaxPool2d(2)
        self.joined = nn.Sequential(nn.Conv2d(8, 12, 1), nn.BatchNorm2d(12), nn.ReLU())
        self.average = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(12, 10), nn.ReLU(), nn.Linear(10, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = self.pool(self.add(self.depthwise(x), self.pair(x)))
        return self.head(self.average(self.joined(x)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_whole_network_in_integers(seed: int, tmp_path: Path) -> None:
    torch.manual_seed(seed)
    prepared = prepare_qat(Small(), torch.randn(16, *SHAPE))
    with torch.no_grad():
        for _ in range(30):  # ranges and statistics of normalisation
            prepared(torch.randn(16, *SHAPE))
    path, x = tmp_path / "int8.onnx", torch.randn(8, *SHAPE).numpy()
    export_int8(prepared, SHAPE, path, {})
    (logits,) = session(path).run(["logits"], {"input": x})
    model = onnx.load(path)
    made = [node.output[0] for node in model.graph.node if node.op_type == "QuantizeLinear"]
    for name in made:
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None))
    onnx.save(model, tmp_path / "open.onnx")
    executed = dict(zip(made, session(tmp_path / "open.onnx").run(made, {"input": x}), strict=True))
    expected, maps = reference.run(path, x, executed)
    for name in made:
        apart = np.abs(executed[name].astype(np.int64) - maps[name])
        # ONNX Runtime adds two maps and averages in floats of another order; convolutions and dense layers are exact
        assert apart.max() <= (0 if not any(word in name for word in ("add", "average")) else 1), name
        assert (apart > 0).mean() < 0.01
        assert len(np.unique(executed[name])) > 20
    np.testing.assert_allclose(logits, expected, atol=1e-6)
    # and from end to end, where such steps add up
    np.testing.assert_allclose(reference.run(path, x)[0], expected, atol=0.02)
    assert np.ptp(logits, axis=0).min() > 0.01
