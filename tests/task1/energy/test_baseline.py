"""The organisers' network is theirs, and is executed beside predictions that are measured."""

from pathlib import Path

import pytest
import torch
from torch import nn

from task1.complexity import count
from task1.config import edition, names
from task1.energy import measure_baseline, measured, read_record
from task1.energy.baseline import execute
from task1.errors import InputError
from task1.models import build
from tests.task1.energy.fake_codecarbon import Fake

CPU = torch.device("cpu")
RULES = edition("2023")


def test_the_network_has_the_published_bytes_and_macs() -> None:
    assert RULES.baseline
    network = build(RULES.baseline.network)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    weights, biases = (sum(getattr(layer, what).numel() for layer in layers) for what in ("weight", "bias"))
    # of integers, normalisation folded: weights of one byte, biases of four
    assert weights + 4 * biases == 46_512
    # the published count adds two poolings and takes the first dense layer's 64 x 100 for 32 x 100
    published, pools, half_a_layer = 29_234_920, 8 * 10 * 16 * 25 + 2 * 1 * 32 * 40, 32 * 100
    here = network.eval()(torch.zeros(2, *RULES.baseline.shape))
    assert here.shape == (2, 10)
    maps = (40 * 51, 40 * 51, 8 * 10, 1, 1)
    macs, added = (sum(getattr(layer, what).numel() * positions for layer, positions in zip(layers, maps, strict=True))
                   for what in ("weight", "bias"))
    assert macs == published - pools + half_a_layer
    # torchinfo counts biases and the parameters of normalisations as well
    normalisations = sum(2 * layer.num_features for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))
    assert count(network, (1, *RULES.baseline.shape)).macs["torchinfo"] == macs + added + normalisations


def test_only_editions_that_ask_for_the_energy_have_it() -> None:
    asked = {name for name in names("editions")
             if any(key.path.endswith("baseline_inference") for key in edition(name).meta_keys)}
    assert {name for name in names("editions") if edition(name).baseline} == asked == {"2023"}


def test_pools_that_leave_nothing_are_refused() -> None:
    assert RULES.baseline
    with pytest.raises(InputError, match=r"input_size: found \[19, 51\]"):
        build(RULES.baseline.network | {"input_size": [19, 51]})


@pytest.mark.parametrize("clips", [0, 1, 32, 33, 100])
def test_as_many_clips_as_asked_are_classified(clips: int) -> None:
    seen: list[int] = []
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 10))
    network.register_forward_hook(lambda module, given, made: seen.append(len(made)))
    assert execute(network, (1, 3, 4), clips, CPU) == clips == sum(seen)


def test_it_is_measured_once_for_the_same_work_and_machine(tmp_path: Path, codecarbon: Fake) -> None:
    own, like = tmp_path / "baseline_inference.json", tmp_path / "model.evaluation.json"

    def measurements(of: str, clips: int) -> int:
        with measured(like, of):
            pass
        made = len(codecarbon.made)
        measure_baseline(own, like, RULES, clips, CPU)
        record = read_record(own)
        assert record
        assert record.of == of
        return len(codecarbon.made) - made

    assert [measurements(f"{clips} clips, cpu", clips) for clips in (2, 2, 3)] == [1, 0, 1]


def test_nothing_is_executed_where_nothing_is_measured_or_asked(tmp_path: Path, codecarbon: Fake) -> None:
    own, like = tmp_path / "baseline_inference.json", tmp_path / "model.evaluation.json"
    measure_baseline(own, like, RULES, 3, CPU)
    with measured(like):
        pass
    measure_baseline(own, like, edition("2022"), 3, CPU)
    assert not own.exists()
