"""Training as integers: the network it starts from, a state that can be kept, and a toy problem learned."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from task1.compress.quantize import export_int8, prepare_qat, simulate
from task1.compress.runtime import session
from task1.models import build

SHAPE = (2, 32, 12)
SMALL = {"class": "dsmn", "in_channels": 2, "stem": 16, "channels": [16, 24], "cut": [True, False],
         "pooled_blocks": [1, 2], "hidden": 16, "dropout": 0.1, "outputs": [4]}
"""A network with every operation of DSMN, in miniature."""


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


def test_without_rounding_it_is_the_network_itself() -> None:
    torch.manual_seed(3)
    network = build(SMALL)
    x = toy(8, 0)[0]
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
    prepared = prepare_qat(network, toy(2, 0)[0])
    prepared(toy(4, 0)[0]).sum().backward()
    assert network.training
    assert prepared.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())
    assert sum(p.numel() for p in prepared.parameters()) == sum(p.numel() for p in network.parameters())


def test_state_goes_to_a_file_and_back(tmp_path: Path) -> None:
    torch.manual_seed(4)
    x = toy(8, 0)[0]
    prepared = prepare_qat(build(SMALL), x)
    prepared(x)  # moves statistics and ranges
    save_file({name: value.contiguous() for name, value in prepared.state_dict().items()}, tmp_path / "state")
    other = prepare_qat(build(SMALL), 3 * toy(2, 1)[0])
    other.load_state_dict(load_file(tmp_path / "state"))
    with torch.no_grad():
        assert torch.equal(other.eval()(x), prepared.eval()(x))


def test_integers_keep_the_accuracy(tmp_path: Path) -> None:
    """Trained in floating point, then tuned as integers, beside a twin that is tuned as it is."""
    torch.manual_seed(8)
    network = build(SMALL)
    fit(network, 180, 0.1)
    x, labels = toy(512, 1000, strength=0.3)  # harder than what it learned, so that there is something to lose
    prepared, path = prepare_qat(network, toy(64, 999)[0]), tmp_path / "int8.onnx"
    for each in (prepared, network):
        torch.manual_seed(9)  # the same dropout
        fit(each, 30, 0.01)
    floating = accuracy(network, x, labels)
    assert 0.8 < floating < 1
    assert accuracy(prepared, x, labels) > floating - 0.02
    export_int8(prepared, SHAPE, path, {})
    (logits,) = session(path).run(["logits"], {"input": x.numpy()})
    decided = logits.argmax(1)
    assert (decided == labels.numpy()).mean() > floating - 0.02
    with torch.no_grad():
        assert (decided == prepared(x).argmax(1).numpy()).mean() >= 0.99


def test_training_from_the_first_step_learns() -> None:
    torch.manual_seed(1)
    prepared = prepare_qat(build(SMALL), toy(16, 999)[0])
    fit(prepared, 180, 0.1)
    assert accuracy(prepared, *toy(512, 1000)) > 0.9
