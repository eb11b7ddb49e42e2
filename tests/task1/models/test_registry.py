"""From a recipe's network block to a network, and what a mistake in it is told."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from task1.errors import InputError
from task1.models import build, module_of
from task1.models.registry import CLASSES

Spec = Callable[..., dict[str, Any]]


def refusal(content: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        build(content, "models.model1.network")
    return str(caught.value)


def test_importing_the_package_imports_neither_torch_nor_a_network() -> None:
    code = "import sys, task1.models; print('torch' in sys.modules, 'task1.models.dsmn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_building_one_network_imports_no_other(spec: Spec) -> None:
    code = f"import sys\nfrom task1.models import build\nbuild({spec('mobnet')!r})\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name for name in CLASSES if f"task1.models.{name}" in done.stdout.split()} == {"mobnet"}


def test_module_of_a_network(spec: Spec) -> None:
    assert module_of(spec("mobnet")) == "task1.models.mobnet"
    assert module_of({"class": "not_imported.networks:Mine"}) == "not_imported.networks"
    with pytest.raises(InputError, match="found 'dsnm', expected one of"):
        module_of({"class": "dsnm"})


@pytest.mark.parametrize("name", [None, 3, [], "dsnm", "", ":", "a:", ":A", ".a:B", "a b:C", "/tmp/x.py:C"])
def test_unknown_class_names_the_known_ones(name: Any) -> None:
    message = refusal({"class": name})
    assert message.startswith("models.model1.network: key class: found")
    assert all(known in message for known in CLASSES)
    assert "package.module:ClassName" in message


def test_missing_class() -> None:
    assert "key class: found None, expected one of" in refusal({"stem": 16})


def test_unknown_argument_names_the_known_ones(spec: Spec) -> None:
    message = refusal(spec("dsmn_model1", chanels=[1]))
    assert "models.model1.network (dsmn): unknown key chanels" in message
    assert "in_channels, stem, channels, cut, pooled_blocks, hidden, dropout, outputs" in message


def test_missing_argument(spec: Spec) -> None:
    content = spec("dsmn_model1")
    del content["hidden"]
    assert "key hidden is missing" in refusal(content)


@pytest.mark.parametrize(("change", "told"), [
    ({"hidden": "64"}, "hidden: found '64', expected a valid integer"),
    ({"hidden": 64.5}, "hidden: found 64.5, expected a valid integer"),
    ({"hidden": True}, "hidden: found True, expected a valid integer"),
    ({"hidden": 0}, "hidden: found 0, expected greater than 0"),
    ({"hidden": None}, "hidden: found None, expected a valid integer"),
    ({"dropout": 1}, "dropout: found 1, expected less than 1"),
    ({"dropout": float("nan")}, "dropout: found nan, expected a finite number"),
    ({"channels": 24}, "channels: found 24, expected a valid array"),
    ({"channels": [24, -32, 64, 64, 64]}, "channels.1: found -32, expected greater than 0"),
    ({"channels": [24, 33, 64, 64, 64]}, "channels: found 33, expected an even width"),
    ({"stem": 15}, "stem: found 15, expected an even width"),
    ({"cut": [True]}, "cut: found 1 values, expected 5, one for each of channels"),
    ({"pooled_blocks": [2, 6]}, "pooled_blocks: found [2, 6], expected rising numbers from 1 to 5"),
    ({"pooled_blocks": [2, 2]}, "pooled_blocks: found [2, 2], expected rising"),
    ({"outputs": [10, 3, 1]}, "outputs: found [10, 3, 1], expected"),
    ({"hidden": {1, 2}}, "not plain YAML"),
])
def test_wrong_values(spec: Spec, change: dict[str, Any], told: str) -> None:
    assert told in refusal(spec("dsmn_model1", **change))


def test_every_mistake_is_told_at_once(spec: Spec) -> None:
    assert len(refusal(spec("dsmn_model1", hidden="x", dropout=2.0, extra=1)).splitlines()) == 3


@pytest.mark.parametrize(("name", "change", "told"), [
    ("dssdn_large", {"operator": None}, "operator: found null"),
    ("dssdn_large", {"share": 0.25}, "share: found 0.25, expected null"),
    ("dssdn_small", {"share": None}, "share: found None, expected a share"),
    ("dssdn_large_without_dssdb", {"operator": "sc"}, "expected null, null, none for body: plain"),
    ("dssdn_large", {"cut": "half"}, "cut: found 'half', expected 'none', 'splice' or 'concentrate'"),
    ("preact_resnet", {"attention": "se"}, "expected blocks or merged and a number"),
    ("preact_resnet_se", {"attention": "none"}, "expected null, null for attention: none"),
    ("preact_resnet", {"stacks": [48, 24]}, "expected widths that never shrink"),
    ("mobilenet_v3_small", {"blocks": [[4, 16, 16, True, "relu", 2]]}, "found kernel 4, expected an odd one"),
    ("resnet34", {"depths": [3, 4]}, "depths: found 2 values, expected 4"),
])
def test_arguments_that_do_not_go_together(spec: Spec, name: str, change: dict[str, Any], told: str) -> None:
    assert told in refusal(spec(name, **change))


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user's file with a network, one without arguments, and something that is no network."""
    (tmp_path / "our_networks.py").write_text(
        "from torch import nn\n"
        "class Linear(nn.Module):\n"
        "    def __init__(self, width: int, bias: bool = True) -> None:\n"
        "        super().__init__()\n"
        "        if width == 13:\n"
        "            raise ValueError('width: found 13, expected luck')\n"
        "        self.layer = nn.Linear(width, 10, bias)\n"
        "class Bare(nn.Module):\n"
        "    pass\n"
        "def function(): pass\n", encoding="utf-8")
    (tmp_path / "our_broken.py").write_text("def (", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return "our_networks"


def test_own_network(own_module: str) -> None:
    network = build({"class": f"{own_module}:Linear", "width": 4})
    assert isinstance(network, nn.Module)
    assert sum(parameter.numel() for parameter in network.parameters()) == 50
    assert isinstance(build({"class": f"{own_module}:Bare"}), nn.Module)


@pytest.mark.parametrize(("content", "told"), [
    ({"class": "our_networks:Lineal"}, "which has Linear, Bare"),
    ({"class": "our_networks:function"}, "expected a torch.nn.Module"),
    ({"class": "our_network:Linear"}, "cannot import our_network"),
    ({"class": "our_broken:Linear"}, "cannot import our_broken"),
    ({"class": "our_networks:Linear"}, "key width is missing; expected the keys width, bias"),
    ({"class": "our_networks:Linear", "width": "4"}, "width: found '4', expected a valid integer"),
    ({"class": "our_networks:Linear", "width": 13}, "(our_networks:Linear): width: found 13, expected luck"),
    ({"class": "our_networks:Bare", "width": 4}, "unknown key width"),
])
@pytest.mark.usefixtures("own_module")
def test_mistakes_with_own_network(content: dict[str, Any], told: str) -> None:
    assert told in refusal(content)
