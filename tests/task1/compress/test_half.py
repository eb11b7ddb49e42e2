"""float16 weights: rounded as IEEE says, counters kept, overflow refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from task1.compress.half import to_half
from task1.errors import InputError


@given(arrays.arrays(np.float32, st.integers(1, 20), elements=st.floats(-65504, 65504, width=32)))
def test_values_round_as_numpy_rounds_them(values: np.ndarray) -> None:
    halved = to_half({"weight": torch.from_numpy(values)})["weight"]
    np.testing.assert_array_equal(halved.numpy(), values.astype(np.float16))


def test_counters_are_kept() -> None:
    assert to_half({"num_batches_tracked": torch.tensor(70000)})["num_batches_tracked"].item() == 70000


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"norm\.running_var: values up to 1e\+05 do not fit"):
        to_half({"norm.running_var": torch.tensor([1.0, 1e5])})
