"""Float export: ONNX Runtime gives the logits of the network, and a file is its weights and nothing else."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from task1.compress.export import IR_VERSION, OPSET, export_float
from task1.compress.half import to_half
from task1.compress.runtime import session
from task1.errors import InputError

SLOW = pytest.mark.slow
NETWORKS = [
    ("wang2023", "model1", None), *[pytest.param("wang2023", f"model{n}", None, marks=SLOW) for n in (2, 3, 4)],
    *[pytest.param("ye2024", name, cut, marks=SLOW) for name in ("large", "middle", "small") for cut in (None, "cut")],
    pytest.param("zhao2021", "student1", None, marks=SLOW),
    *[pytest.param("shao2022", f"student{n}", None, marks=SLOW) for n in (1, 2, 3)],
    ("cp_mobile", "base", None),
    *[pytest.param("zhao2021", name, None, marks=SLOW) for name in ("teacher1", "teacher2_254")],
    *[pytest.param("ye2024", name, None, marks=SLOW) for name in ("resnet", "mobilenet_v2", "mobilenet_v3",
                                                                  "inception_v1")],
]


def small() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Dropout(0.5), nn.Linear(4, 3))


@pytest.mark.parametrize(("entry", "model", "variant"), NETWORKS)
def test_logits_are_those_of_the_network(entry: str, model: str, variant: str | None, shipped: Callable[..., Any],
                                         tmp_path: Path) -> None:
    network, shape = shipped(entry, model, variant)
    path = tmp_path / "model.onnx"
    export_float(network, shape, path, {"classes": json.dumps(["airport"])})
    written = onnx.load(path)
    onnx.checker.check_model(written, full_check=True)
    assert path.stat().st_size < 4 * sum(t.numel() for t in network.state_dict().values()) + 100_000
    assert "site-packages" not in str(written)
    runner = session(path)
    x = torch.randn(3, shape[0], shape[1], 1) + 0.5 * torch.randn(3, *shape)
    with torch.no_grad():
        expected = network(x).numpy()
    for batch in (1, 3):
        (logits,) = runner.run(["logits"], {"input": x[:batch].numpy()})
        np.testing.assert_allclose(logits, expected[:batch], atol=1e-4)
    # not logits of the weights alone: what is left of errors is small beside what sets clips apart
    assert np.abs(logits - expected).max() < 0.01 * np.ptp(expected, axis=0).max()


@pytest.mark.parametrize("half", [False, True])
def test_weights_are_those_of_the_network_under_their_own_names(half: bool, tmp_path: Path) -> None:
    """Nothing is folded, so that what is counted is what ships; float16 is computed with as the loaded network does."""
    network, path = small().eval(), tmp_path / "model.onnx"
    network.get_submodule("1").load_state_dict({
        "running_mean": torch.randn(4), "running_var": torch.rand(4) + 0.1, "weight": torch.randn(4),
        "bias": torch.randn(4), "num_batches_tracked": torch.tensor(3)})
    export_float(network, (2, 8, 8), path, {}, half)
    held = {one.name: numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
    stored = {name.removesuffix(".float16"): held[name] for name in held if name.removesuffix(".float16") in
              network.state_dict()}
    shipped = to_half(dict(network.state_dict())) if half else dict(network.state_dict())
    del shipped["1.num_batches_tracked"]
    assert stored.keys() == shipped.keys()
    assert all(np.array_equal(stored[name], tensor.numpy()) for name, tensor in shipped.items())
    assert {values.dtype for values in stored.values()} == {np.dtype(np.float16 if half else np.float32)}
    network.load_state_dict(shipped, strict=False)
    x = torch.randn(3, 2, 8, 8)
    (logits,) = session(path).run(["logits"], {"input": x.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(logits, network(x).numpy(), atol=1e-6)


def test_half_takes_two_bytes_a_weight(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(128, 500), nn.ReLU(), nn.Linear(500, 3))
    for half, size in ((False, 4), (True, 2)):
        export_float(network, (2, 8, 8), tmp_path / "model.onnx", {}, half)
        weights = sum(parameter.numel() for parameter in network.parameters())
        assert 0 < (tmp_path / "model.onnx").stat().st_size - size * weights < 2000


def test_float16_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(128, 3))
    nn.init.constant_(network.get_submodule("1").get_parameter("bias"), 1e6)
    with pytest.raises(InputError, match=r"1\.bias: values up to 1e\+06 do not fit into float16"):
        export_float(network, (2, 8, 8), tmp_path / "model.onnx", {}, half=True)
    assert not list(tmp_path.iterdir())


def test_the_same_weights_make_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    code = ("import sys, torch; from pathlib import Path; from torch import nn;"
            "from task1.compress.export import export_float; torch.manual_seed(1);"
            "network = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1),"
            "nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3));"
            "export_float(network, (2, 8, 8), Path(sys.argv[1]), {'b': '1', 'a': '2'})")
    other, first, second = tmp_path / "other.onnx", tmp_path / "first.onnx", tmp_path / "second.onnx"
    done = subprocess.run([sys.executable, "-c", code, str(other)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    export_float(small(), (2, 8, 8), first, {"a": "2", "b": "1"})
    trained_on_gpu_like = small().to(memory_format=torch.channels_last).train()
    export_float(trained_on_gpu_like, (2, 8, 8), second, {"a": "2", "b": "1"})
    assert first.read_bytes() == second.read_bytes() == other.read_bytes()
    assert trained_on_gpu_like.training


def test_metadata_and_format(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    given = {"classes": json.dumps(["a", "b"]), "corpus": json.dumps({"embedded": True})}
    export_float(small(), (2, 8, 8), path, given)
    model = onnx.load(path)
    assert {prop.key: prop.value for prop in model.metadata_props} == given
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", OPSET)]
    assert (model.ir_version, model.producer_version) == (IR_VERSION, "")
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in shape] == ["batch", 2, 8, 8]
    assert session(path).get_modelmeta().custom_metadata_map == given


def test_logging_is_as_before(tmp_path: Path) -> None:
    before = logging.getLogger("torch.onnx").level
    export_float(small(), (2, 8, 8), tmp_path / "model.onnx", {})
    assert logging.getLogger("torch.onnx").level == before


def test_metadata_that_is_no_json_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="metadata classes: found 'airport', expected JSON text"):
        export_float(small(), (2, 8, 8), tmp_path / "model.onnx", {"classes": "airport"})
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_model_gets_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"model\.onnx: no ONNX model that can be run"):
        session(path)


def test_telemetry_is_off_before_the_library_is_loaded() -> None:
    code = ("import os, sys; from pathlib import Path; from task1.compress import runtime;"
            "assert 'onnxruntime' not in sys.modules; os.environ.pop('ORT_DISABLE_TELEMETRY', None);\n"
            "class Spy:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name == 'onnxruntime': print(os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
            "sys.meta_path.insert(0, Spy())\n"
            "try: runtime.session(Path('absent'))\n"
            "except Exception as error: print(type(error).__name__)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "InputError"]
