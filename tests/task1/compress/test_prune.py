"""Pruning: what goes is the smallest, what is gone stays gone, and a narrower network is the wide one with silence."""

import copy
import json
from math import floor
from pathlib import Path

import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from task1.complexity import count
from task1.compress.channels import follow
from task1.compress.prune import apply_masks, magnitude_masks, prune_channels, shrink
from task1.compress.quantize import export_int8, prepare_qat
from task1.errors import InputError
from task1.models import build
from task1.models.layers import Add, Concat

SHAPE = (2, 32, 12)
SMALL = {"class": "dsmn", "in_channels": 2, "stem": 16, "channels": [16, 24], "cut": [True, False],
         "pooled_blocks": [1, 2], "hidden": 16, "dropout": 0.1, "outputs": [4]}
SEGNET = {"class": "segnet", "in_channels": 2, "encoder": [[8], [8, 12]], "decoder": [[12, 8], [8, 8, 8, 6]],
          "kernel": [2, 3], "pool": [2, 1], "upsample": [2, 1], "norm_alpha": 0.3, "hidden": 16, "dropout": 0.1,
          "outputs": [4]}
RESNET = {"class": "resnet34", "in_channels": 2, "stem": 8, "widths": [8, 16], "depths": [1, 2], "outputs": [4]}
MOBILE = {"class": "cp_mobile", "in_channels": 2, "base_channels": 16, "channels_multiplier": 2.0,
          "expansion_rate": 2.0, "strides": [[[1, 1], [2, 2]], [[2, 1]]], "outputs": [4]}
WEIGHTED = (nn.Conv1d, nn.Conv2d, nn.Linear)


def example(count: int = 4) -> Tensor:
    return torch.randn(count, *SHAPE)


def fresh(spec: dict) -> nn.Module:
    """A network whose biases and normalisation have values of their own."""
    torch.manual_seed(3)
    network = build(spec)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.affine:
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
        elif isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            nn.init.uniform_(layer.bias, -0.1, 0.1)
    network.train()(example(8))
    return network.eval()


@given(st.integers(1, 200), st.floats(0.01, 0.99), st.integers(0, 9))
def test_the_smallest_share_of_each_layer_goes(width: int, share: float, seed: int) -> None:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))
    masks = magnitude_masks(network, share)
    apply_masks(network, masks)
    for place in (0, 2):
        keep, weight = masks[f"{place}.weight"], network[place].weight.detach()
        assert (weight == 0).sum() == (~keep).sum() == floor(share * keep.numel())
        torch.manual_seed(seed)
        before = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))[place].weight.detach().abs()
        assert not (~keep).any() or before[~keep].max() <= before[keep].min()
        assert network[place].bias.count_nonzero() == network[place].bias.numel()


@pytest.mark.parametrize("integers", [False, True])
def test_zeros_stay_through_momentum_and_decay(integers: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = prepare_qat(build(SMALL), example()) if integers else build(SMALL)
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, weight_decay=0.01)
    for step in range(6):
        if step == 3:
            masks = magnitude_masks(network, 0.4)
            assert set(masks) == {f"{name}.weight" for name, layer in network.named_modules()
                                  if isinstance(layer, WEIGHTED)}
            apply_masks(network, masks)
            before = {name: value.detach().clone() for name, value in network.named_parameters()}
        optimizer.zero_grad()
        F.cross_entropy(network(example(8)), torch.arange(8) % 4).backward()
        optimizer.step()
        if step >= 3:
            apply_masks(network, masks)
    after = dict(network.named_parameters())
    assert all(not after[name][~keep].any() for name, keep in masks.items())
    assert all(not torch.equal(after[name], before[name]) for name, keep in masks.items() if keep.sum() > 8)
    if integers:
        export_int8(network, SHAPE, tmp_path / "int8.onnx", {})
        weights = {one.name: numpy_helper.to_array(one) for one in onnx.load(tmp_path / "int8.onnx").graph.initializer}
        (stem,) = [name for name in masks if name.startswith("stem")]
        assert not weights["stem_weight"][(~masks[stem]).numpy()].any()


@pytest.mark.parametrize("spec", [SEGNET, RESNET, MOBILE], ids=lambda spec: spec["class"])
def test_a_narrower_network_is_the_wide_one_with_those_channels_silent(spec: dict) -> None:
    wide, x = fresh(spec), example()
    narrow = copy.deepcopy(wide)
    channels = follow(copy.deepcopy(wide), x)
    widths = prune_channels(narrow, x, 0.4)
    kept = _kept_rows(wide, narrow, channels.rows)
    with torch.no_grad():
        for name, rows in kept.items():
            layer = wide.get_submodule(name)
            for tensor in layer.parameters(recurse=False):
                tensor[~rows] = 0
        torch.testing.assert_close(narrow(x), wide(x), atol=1e-5, rtol=1e-4)
    before, after = count(build(spec), SHAPE), count(narrow, SHAPE)
    assert after.macs["torchinfo"] < 0.75 * before.macs["torchinfo"]
    assert after.macs["thop"] < 0.75 * before.macs["thop"]
    assert after.executed < 0.75 * before.executed
    assert after.parameters < 0.6 * before.parameters
    assert widths


def _kept_rows(wide: nn.Module, narrow: nn.Module, rows: dict) -> dict[str, Tensor]:
    """Which rows of the wide network's layers are those of the narrow one, found by their normalisation's means."""
    kept = {}
    for name in rows:
        theirs, ours = wide.get_submodule(name), narrow.get_submodule(name)
        unique = "bias" if isinstance(theirs, WEIGHTED) else "running_mean"
        values, mine = getattr(theirs, unique, None), getattr(ours, unique, None)
        if values is not None:
            kept[name] = torch.isin(values, mine)
            assert int(kept[name].sum()) == len(mine)
    return kept


def test_the_weakest_filters_go_with_what_reads_them() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, groups=4),
                            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()
    with torch.no_grad():
        network[0].weight.mul_(torch.tensor([1.0, 0.01, 1.0, 0.02]).view(4, 1, 1, 1))
        network[3].weight.fill_(0.1)
    before = copy.deepcopy(network.state_dict())
    assert prune_channels(network, example(), 0.5) == {"0": (2, 2), "1": (2, 2), "3": (2, 2), "6": (2, 3)}
    stay = [0, 2]
    for name in ("0.weight", "0.bias", "1.running_var", "3.weight"):
        assert torch.equal(network.state_dict()[name], before[name][stay])
    assert torch.equal(network[6].weight, before["6.weight"][:, stay])
    assert network[3].groups == 2


class Branches(nn.Module):
    """A sum ties two convolutions, a concatenation does not; the last map goes through an unknown operation."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = (nn.Conv2d(2, 4, 1) for _ in range(3))
        self.add, self.concat = Add(), Concat()
        self.free, self.fixed = nn.Conv2d(8, 6, 1), nn.Conv2d(6, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        joined = self.concat(self.add(self.one(x), self.two(x)), self.three(x))
        return self.fixed(self.free(joined)).cumsum(1).mean((2, 3))


def test_sums_tie_and_the_unknown_stays() -> None:
    network = Branches().eval()
    channels = follow(network, example())
    roots = {name: channels.joined.roots(numbers).tolist() for name, numbers in channels.rows.items()}
    assert roots["one"] == roots["two"]
    assert not set(roots["one"]) & set(roots["three"])
    assert roots["fixed"] == [0] * 5
    assert 0 not in roots["free"]
    assert prune_channels(network, example(), 0.5) == {
        "one": (2, 2), "two": (2, 2), "three": (2, 2), "free": (4, 3), "fixed": (3, 5)}
    assert network(example()).shape == (4, 5)


def test_widths_make_a_fresh_network_the_same() -> None:
    """Through JSON, as they are stored; it trains on, and as integers, too."""
    network, x = fresh(SMALL), example()
    widths = {name: tuple(pair) for name, pair in json.loads(json.dumps(prune_channels(network, x, 0.3))).items()}
    assert not network.training
    again = build(SMALL)
    shrink(again, widths)
    again.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(again.eval()(x), network(x))
    again.train()(x).square().sum().backward()
    assert all(parameter.grad is not None for parameter in again.parameters())
    assert count(again, SHAPE).parameters == sum(parameter.numel() for parameter in network.parameters())
    prepared = prepare_qat(again, x).eval()
    with torch.no_grad():
        torch.testing.assert_close(prepared(x), again.eval()(x), atol=0.1, rtol=0.1)


@pytest.mark.parametrize("spec", [SMALL, SEGNET, RESNET, MOBILE], ids=lambda spec: spec["class"])
def test_the_same_goes_each_time(spec: dict) -> None:
    first, second = fresh(spec), fresh(spec)
    assert prune_channels(first, example(), 0.3) == prune_channels(second, example(1), 0.3)
    ours, theirs = first.state_dict(), second.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


class Aside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.way, self.aside = nn.Conv2d(2, 8, 1), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.way(x).mean((2, 3))


class Branching(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


@pytest.mark.parametrize(("network", "said"), [
    (Aside(), "aside are not on the way"), (Branching(), "channels cannot be followed"),
    (nn.Sequential(nn.Conv2d(2, 8, 1)), "no channels of which a share of 0.3")])
def test_what_cannot_be_narrowed_is_refused(network: nn.Module, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        prune_channels(network, example(), 0.3)
    assert "set compression.pruning.kind to magnitude" in str(caught.value)


def test_widths_of_another_network_are_refused() -> None:
    with pytest.raises(InputError, match="no layer nowhere"):
        shrink(build(SMALL), {"nowhere": (2, 2)})
