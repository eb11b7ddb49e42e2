"""Rounding of weights and activations: grids, ranges, gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from task1.compress.fake_quantize import HIGHEST, Quantizer, round_activation, round_weight, weight_scales
from task1.compress.quantize import freeze


@given(arrays.arrays(np.float32, st.integers(1, 50), elements=st.floats(-300, 300, width=32)),
       st.floats(0.0001220703125, 2, width=32), st.integers(0, HIGHEST))
def test_numbers_and_gradients_are_those_of_the_core_operation(values: np.ndarray, scale: float, zero: int) -> None:
    own, core = (torch.from_numpy(values).clone().requires_grad_() for _ in range(2))
    step, offset = torch.tensor(scale), torch.tensor(zero, dtype=torch.int32)
    rounded = round_activation(own, step, offset)
    expected = torch.fake_quantize_per_tensor_affine(core, step, offset, 0, HIGHEST)
    assert torch.equal(rounded, expected)
    rounded.sum().backward()
    expected.sum().backward()
    assert own.grad is not None
    assert core.grad is not None
    # but for values in the middle between the last step and the first that is cut
    edge = torch.minimum((own / step + zero + 0.5).abs(), (own / step + zero - HIGHEST - 0.5).abs()) < 1e-4
    assert torch.equal(own.grad[~edge], core.grad[~edge])


def test_ranges_follow_training_and_stay_when_frozen_or_evaluated() -> None:
    quantizer = Quantizer().train()
    quantizer(torch.tensor([-1.0, 3.0]))
    assert (float(quantizer.low), float(quantizer.high)) == (-1, 3)
    quantizer(torch.tensor([-2.0, 3.0]))
    assert -1.1 < float(quantizer.low) < -1
    held = float(quantizer.low)
    quantizer.eval()(torch.tensor([-50.0]))
    freeze(quantizer.train())
    quantizer(torch.tensor([-50.0]))
    assert float(quantizer.low) == held


@pytest.mark.parametrize(("low", "high"), [(0.0, 2.0), (0.5, 2.0), (-3.0, -1.0), (-1.0, 1.0), (0.0, 0.0)])
def test_zero_is_on_every_grid(low: float, high: float) -> None:
    quantizer = Quantizer().train()
    values = quantizer(torch.tensor([low, high, 0.0]))
    scale, zero = quantizer.scale_and_zero()
    assert float(values[2]) == 0
    assert 0 <= int(zero) <= HIGHEST
    assert abs(float(values[0]) - low) <= float(scale)
    assert abs(float(values[1]) - high) <= float(scale)


def test_a_factor_of_a_channel_changes_no_integer() -> None:
    """What lets training round the weights before normalisation is folded into them."""
    torch.manual_seed(5)
    weight, factor = torch.randn(5, 3, 3, 3), torch.tensor([1.0, -1.0, 4.0, 0.25, -8.0]).view(-1, 1, 1, 1)
    rounded, folded = (round_weight(w, weight_scales(w)) for w in (weight, weight * factor))
    torch.testing.assert_close(folded, rounded * factor)


def test_gradients_stop_where_values_are_cut_off() -> None:
    quantizer = Quantizer(relu=True).train()
    quantizer(torch.tensor([1.0]))
    freeze(quantizer)
    x = torch.tensor([-0.5, 0.5, 5.0], requires_grad=True)
    quantizer(x).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0, 1, 0]
