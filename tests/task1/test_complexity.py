"""Counts against torchinfo and thop as oracles, closed forms, and the limits of made-up editions."""

import copy

import pytest
import thop
import torch
import torchinfo
from torch import Tensor, nn
from torch.nn import functional

from task1.complexity import against_limits, count, memory_bytes
from task1.config import Edition
from task1.config.facts import MacLimit, SizeLimit
from task1.limits import judge

SHAPE = (2, 16, 12)


class Net(nn.Module):
    """A layer of every kind that a convention treats in its own way; one is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(2, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, (3, 1), groups=8, bias=False),
            nn.BatchNorm2d(8, affine=False), nn.PReLU(), nn.InstanceNorm2d(8, affine=True), nn.AvgPool2d(2))
        self.again = nn.Conv2d(8, 8, 1)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(nn.Flatten(), nn.LayerNorm(8), nn.Linear(8, 10), nn.Softmax(-1))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(self.up(self.again(self.again(self.features(x))))))


class Functional(nn.Module):
    """Multiplications that no layer makes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 2, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight, padding=1)


def edition(counted: str = "all", as_: str = "bytes", limit: int | None = 100, warn: int | None = None,
            macs: int | None = 1000) -> Edition:
    size = SizeLimit.model_validate({"counted": counted, "as": as_, "limit": limit, "warn_above": warn,
                                     "unit_name": "kB", "unit_bytes": 1000})
    return Edition.model_construct(name="made-up", size=size, macs=MacLimit(limit=macs, convention="torchinfo"))


def test_torchinfo_convention_is_what_torchinfo_counts() -> None:
    model = Net().eval()
    ours = count(model, SHAPE)
    oracle = torchinfo.summary(model, input_size=(1, *SHAPE), verbose=0)
    assert (ours.parameters, ours.macs["torchinfo"]) == (oracle.total_params, oracle.total_mult_adds)


def test_thop_convention_is_what_thop_counts() -> None:
    model = Net()
    macs, _ = thop.profile(copy.deepcopy(model), (torch.zeros(1, *SHAPE),), verbose=False)
    assert count(model, SHAPE).macs["thop"] == macs


def test_recurrent_layers_as_torchinfo_counts_them() -> None:
    model = nn.Sequential(nn.Flatten(0, 1), nn.GRU(12, 5, batch_first=True)).eval()
    assert count(model, SHAPE).macs["torchinfo"] == torchinfo.summary(model, (1, *SHAPE), verbose=0).total_mult_adds


def test_batch_size_plays_no_part() -> None:
    model = Net()
    assert count(model, (7, *SHAPE)) == count(model, SHAPE)


def test_counting_leaves_the_model_as_it_was() -> None:
    model = Net()
    model.features[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    count(model, SHAPE)
    assert model.training
    assert not model.features[1].training
    assert all(not module._forward_hooks for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_hooks_are_removed_when_the_input_does_not_fit() -> None:
    model = Net()
    with pytest.raises(RuntimeError):
        count(model, (3, 16, 12))
    assert all(not module._forward_hooks for module in model.modules())


def test_functional_operations_are_shown_not_lost() -> None:
    result = count(Functional(), SHAPE)
    assert result.macs == {"torchinfo": 72, "thop": 0}  # each weight once, since its class is no convolution
    assert "+" not in result.layers[0].note
    assert "executed" in result.layers[0].note
    nested = count(nn.Sequential(nn.Conv2d(2, 2, 1, bias=False), _Product()), SHAPE)
    row = next(layer for layer in nested.layers if layer.executed and not layer.macs["thop"])
    assert row.executed == 2 * 16 * 16 * 12
    assert "neither convention counts it" in row.note
    assert nested.executed == nested.macs["thop"] + row.executed


def test_operations_are_those_of_the_module_that_makes_them() -> None:
    """Lists that are never called, and a layer shared by two parents, do not look like functional operations."""
    shared = nn.Conv2d(2, 2, 1, bias=False)
    model = _Listed(nn.ModuleList([nn.Sequential(shared), nn.Sequential(shared, nn.Conv2d(2, 2, 1, bias=False))]))
    assert {layer.name: layer.executed for layer in count(model, SHAPE).layers} == {
        "parts.0.0": 2 * 4 * 16 * 12, "parts.1.1": 4 * 16 * 12}


class _Listed(nn.Module):
    def __init__(self, parts: nn.ModuleList) -> None:
        super().__init__()
        self.parts = parts

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x


class _Product(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x @ x.transpose(2, 3)


def test_notes_explain_every_difference_to_the_executed_operations() -> None:
    for layer in count(Net(), SHAPE).layers:
        assert (layer.note == "") == (layer.macs["torchinfo"] == layer.executed), layer
    notes = {layer.name: layer.note for layer in count(Net(), SHAPE).layers}
    assert notes["features.0"] == notes["again"] == notes["head.2"] == "biases counted"
    assert notes["features.3"] == ""
    assert notes["features.1"] == "weights counted once each"


def _half_zero(channels: int) -> nn.Conv2d:
    """Weights that are not zero, biases that are."""
    layer = nn.Conv2d(2, channels, 1)
    with torch.no_grad():
        layer.weight.fill_(1)
        nn.init.zeros_(dict(layer.named_parameters())["bias"])
    return layer


def test_kinds_of_parameters() -> None:
    convolution, norm = _half_zero(4), nn.BatchNorm2d(4)
    norm.weight.requires_grad = False
    result = count(nn.Sequential(convolution, norm), SHAPE)
    assert (result.parameters, result.trainable) == (20, 16)
    assert result.non_zero == 8 + 4  # biases of both layers are zero
    assert result.keras_total == 20 + 4 + 4  # running mean and variance
    assert result.state_entries == 20 + 4 + 4 + 1  # and the count of batches


def test_shared_layers_hold_their_parameters_once() -> None:
    layer = nn.Conv2d(2, 2, 1)
    result = count(nn.Sequential(layer, layer), SHAPE)
    assert result.parameters == 6
    assert result.macs["torchinfo"] == 2 * 6 * 16 * 12


def test_peak_activations_closed_form() -> None:
    """Input and output of the widest layer are alive together; what has been consumed is not."""
    clip, wide, narrow = (channels * 16 * 12 * 4 for channels in (2, 8, 1))
    chain = nn.Sequential(nn.Conv2d(2, 8, 1), nn.Conv2d(8, 8, 1), nn.Conv2d(8, 1, 1))
    assert count(chain, SHAPE).peak_activation_bytes == clip + 2 * wide
    assert count(nn.Conv2d(2, 1, 1), SHAPE).peak_activation_bytes == clip + narrow


def test_memory_is_parameters_times_bytes() -> None:
    assert memory_bytes(61_148, 2) == 122_296


@pytest.mark.parametrize(("value", "warn", "state"), [(100, None, "within"), (101, None, "over"), (96, 95, "warning"),
                                                      (95, 95, "within")])
def test_limit_itself_is_allowed(value: int, warn: int | None, state: str) -> None:
    size, macs = judge(value, 1000, edition(warn=warn))
    assert (size.state, macs.state) == (state, "within")
    assert f"{value:,}" in size.sentence


def test_an_edition_without_limits_is_never_exceeded() -> None:
    assert {verdict.state for verdict in judge(10**12, 10**12, edition(limit=None, macs=None))} == {"unlimited"}


def test_editions_count_all_or_non_zero_bytes_or_numbers() -> None:
    result = count(_half_zero(8), SHAPE)
    values = {(counted, as_): against_limits(result, edition(counted, as_), 2)[0].value
              for counted in ("all", "non_zero") for as_ in ("bytes", "count")}
    assert values == {("all", "bytes"): 48, ("all", "count"): 24, ("non_zero", "bytes"): 32, ("non_zero", "count"): 16}
