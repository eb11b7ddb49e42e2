"""What every network must do: logits of the right shape, gradients everywhere, clips independent, exportable."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from task1.models import build


def may_rest(name: str) -> bool:
    """Parameters that need not have a gradient: those of auxiliary heads (`forward` leaves them alone) and of
    attention bottlenecks, where one to twelve rectified units may all be silent for a batch."""
    return name.startswith("auxiliary.") or ".excite." in name


def small(case: dict[str, Any]) -> Tensor:
    return torch.randn(2, case["input"][0], 64, 44)


def settled(case: dict[str, Any]) -> nn.Module:
    """The network in evaluation with the statistics of one batch; with fresh ones the signal fades layer by layer."""
    network = build(case["network"]).train()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network(torch.cat([small(case) for _ in range(4)]))
    return network.eval()


def test_a_training_step_on_a_small_map(
    case: dict[str, Any], missing_gradients: Callable[[nn.Module, Tensor], list[str]]
) -> None:
    network = build(case["network"]).train()
    logits = network(small(case))
    assert logits.shape == (2, sum(case["network"]["outputs"]))
    assert [name for name in missing_gradients(network, logits) if not may_rest(name)] == []


@pytest.mark.slow
def test_a_training_step_at_full_size(
    case: dict[str, Any], missing_gradients: Callable[[nn.Module, Tensor], list[str]]
) -> None:
    network = build(case["network"]).train()
    logits = network(torch.randn(2, *case["input"]))
    assert logits.shape == (2, sum(case["network"]["outputs"]))
    assert [name for name in missing_gradients(network, logits) if not may_rest(name)] == []


def test_clips_are_independent_in_evaluation(case: dict[str, Any]) -> None:
    network = settled(case)
    clips = small(case) * torch.tensor([0.5, 2.0])[:, None, None, None]  # two clips of unlike level
    with torch.no_grad():
        together, apart = network(clips), torch.cat([network(clip[None]) for clip in clips])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-5)
    assert (together[0] - together[1]).abs().max() > 1e-3, "blind to its input"


def test_evaluation_is_repeatable_and_leaves_the_state_alone(case: dict[str, Any]) -> None:
    network, clips = build(case["network"]).eval(), small(case)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        assert torch.equal(network(clips), network(clips))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_the_same_seed_builds_the_same_network(case: dict[str, Any]) -> None:
    def weights() -> dict[str, Tensor]:
        torch.manual_seed(3)
        return build(case["network"]).state_dict()

    first, second = weights(), weights()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_traceable_for_quantisation(case: dict[str, Any]) -> None:
    """No control flow that depends on values, so that quantisation and export see one static graph."""
    network, clips = build(case["network"]).eval(), small(case)
    traced = torch.fx.symbolic_trace(network)
    with torch.no_grad():
        torch.testing.assert_close(traced(clips), network(clips))


@pytest.mark.slow
def test_exportable_without_torchscript(case: dict[str, Any]) -> None:
    network, clips = build(case["network"]).eval(), small(case)
    exported = torch.export.export(network, (clips,))
    with torch.no_grad():
        torch.testing.assert_close(exported.module()(clips), network(clips), rtol=1e-4, atol=1e-5)


def test_auxiliary_heads_learn_when_asked(
    spec: Callable[..., dict[str, Any]], missing_gradients: Callable[[nn.Module, Tensor], list[str]]
) -> None:
    network = build(spec("inception_v1"))
    logits, auxiliary = network.with_auxiliary(torch.randn(2, 1, 64, 44))
    assert [head.shape for head in auxiliary] == [(2, 10), (2, 10)]
    total = logits + network.auxiliary_weight * sum(auxiliary)
    assert missing_gradients(network, total) == []
