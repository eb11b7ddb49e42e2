"""Specs of every network with what they must have (specs.yaml), and how networks are tried."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn

SPECS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "specs.yaml").read_text(encoding="utf-8"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with the argument `case` runs for every network of specs.yaml, or for those with the key it marks."""
    if "case" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("having")
        keys = marker.args if marker else ()
        chosen = {name: spec for name, spec in SPECS.items() if all(key in spec for key in keys)}
        metafunc.parametrize("case", chosen.values(), ids=chosen.keys())


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "having(*keys): only cases of specs.yaml with these keys")


@pytest.fixture(autouse=True)
def _one_seed_one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.manual_seed(1)
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def spec() -> Callable[..., dict[str, Any]]:
    """The network block of a case, with changes."""
    return lambda name, **changes: {**SPECS[name]["network"], **changes}


@pytest.fixture
def missing_gradients() -> Callable[[nn.Module, Tensor], list[str]]:
    """Names of parameters without a finite gradient after one step of both heads' losses, or with one of zeros.

    Biases may have zeros: a normalisation behind them takes them out again.
    """

    def step(network: nn.Module, logits: Tensor) -> list[str]:
        labels = torch.arange(len(logits)) % 3
        loss = nn.functional.cross_entropy(logits[:, :10], labels)
        if logits.shape[1] > 10:
            loss = loss + nn.functional.cross_entropy(logits[:, 10:], labels)
        loss.backward()
        return [name for name, parameter in network.named_parameters()
                if parameter.grad is None or not parameter.grad.isfinite().all()
                or (parameter.ndim > 1 and not parameter.grad.any())]

    return step
