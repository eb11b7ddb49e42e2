"""Parameters and multiply-accumulates to the digit; torchinfo and thop are the oracles."""

from collections.abc import Callable
from typing import Any

import pytest
import thop
import torch
import torchinfo
from torch import nn

from task1.models import build


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def macs(network: nn.Module, shape: list[int], convention: str) -> int:
    clip = torch.zeros(1, *shape)
    if convention == "torchinfo":
        return torchinfo.summary(network.eval(), input_data=clip, verbose=0).total_mult_adds
    return int(thop.profile(network.eval(), (clip,), verbose=False)[0])


def test_parameters_and_multiply_accumulates(case: dict[str, Any]) -> None:
    network = build(case["network"])
    assert parameters(network) == case["parameters"]
    assert macs(network, case["input"], case["convention"]) == case["macs"]


@pytest.mark.having("state")
def test_numbers_of_the_state_dict(case: dict[str, Any]) -> None:
    assert sum(value.numel() for value in build(case["network"]).state_dict().values()) == case["state"]


@pytest.mark.having("keras")
def test_total_as_keras_counts_it(case: dict[str, Any]) -> None:
    network = build(case["network"])
    statistics = sum(2 * layer.num_features for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))
    assert parameters(network) + statistics == case["keras"]


@pytest.mark.having("printed")
def test_the_printed_digits(case: dict[str, Any]) -> None:
    """Millions of parameters (baselines: of the whole state) and billions of multiply-accumulates."""
    count = case.get("state", case["parameters"])
    assert [round(count / 1e6, 2), round(case["macs"] / 1e9, 2)] == case["printed"]


def test_limits_of_the_editions(spec: Callable[..., dict[str, Any]]) -> None:
    student = build(spec("mobnet"))
    assert round(2 * parameters(student) / 1024, 2) == 115.77  # float16, KB
    assert macs(student, [3, 128, 423], "torchinfo") == 94_081_360
    for name in ("segnet_student1", "segnet_student2", "segnet_student3"):
        network = build(spec(name))
        assert macs(network, [3, 256, 36], "torchinfo") < 30_000_000
        assert parameters(network) < 128_000


@pytest.mark.parametrize(("name", "count", "cut_macs"), [
    ("dssdn_large", 134_705, 530_407_360),
    ("dssdn_middle", 131_345, 502_237_120),
    ("dssdn_small", 100_305, 478_004_544),
    ("dssdn_large_without_dsso", 401_865, 1_421_430_720),
])
def test_frequency_cuts_of_dssdn(
    spec: Callable[..., dict[str, Any]], name: str, count: int, cut_macs: int
) -> None:
    """Splicing costs what whole blocks cost; giving the high half a 1x1 convolution alone is another network."""
    whole, spliced = build(spec(name)), build(spec(name, cut="splice"))
    assert parameters(spliced) == parameters(whole)
    assert macs(spliced, [1, 256, 431], "thop") == macs(whole, [1, 256, 431], "thop")
    concentrating = build(spec(name, cut="concentrate"))
    assert parameters(concentrating) == count
    assert macs(concentrating, [1, 256, 431], "thop") == cut_macs


def test_ten_outputs_make_the_head_smaller(spec: Callable[..., dict[str, Any]]) -> None:
    assert parameters(build(spec("dsmn_model1", outputs=[10]))) == 44_861


@pytest.mark.parametrize(("name", "change"), [
    ("dsmn_model1", {"channels": [24, 32, 64, 64, 66]}),
    ("dssdn_large", {"stem": 18}),
    ("mobnet", {"groups": [24, 40, 48]}),
    ("preact_resnet", {"stacks": [16, 32, 64, 128]}),
    ("segnet_student1", {"encoder": [[40], [48, 48]]}),
    ("resnet34", {"depths": [3, 4, 5, 3]}),
    ("mobilenet_v1", {"stem": 24}),
    ("mobilenet_v2", {"last": 640}),
    ("mobilenet_v3_small", {"hidden": 512}),
    ("inception_v1", {"stem": [64, 64, 128]}),
    ("cp_mobile", {"expansion_rate": 3.0}),
])
def test_an_edited_recipe_is_another_network(
    spec: Callable[..., dict[str, Any]], name: str, change: dict[str, Any]
) -> None:
    assert parameters(build(spec(name, **change))) != parameters(build(spec(name)))
