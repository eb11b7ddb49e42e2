"""Types of the constructors' arguments, as a recipe may write them, and checks that types cannot express.

The constructors raise ValueError as "key: found ..., expected ..."; `build` adds which network of which recipe.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

Width = Annotated[int, Field(gt=0)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Size = tuple[Width, Width]
"""(mel, frame)"""
Outputs = Annotated[tuple[Width, ...], Field(min_length=1, max_length=2)]
"""Logits a head: the scenes, then the super-classes if there are two."""


def need_even(key: str, widths: Sequence[int]) -> None:
    """Widths that a block halves."""
    odd = [width for width in widths if width % 2]
    if odd:
        raise ValueError(f"{key}: found {odd[0]}, expected an even width, since the block that receives it halves it")


def need_same_length(key: str, values: Sequence[Any], other_key: str, others: Sequence[Any]) -> None:
    """One value of `key` for each of `other_key`."""
    if len(values) != len(others):
        raise ValueError(f"{key}: found {len(values)} values, expected {len(others)}, one for each of {other_key}")


def need_positions(key: str, positions: Sequence[int], last: int) -> None:
    """Positions counted from 1, rising, none beyond the last."""
    if list(positions) != sorted(set(positions)) or positions[-1] > last:
        raise ValueError(f"{key}: found {list(positions)}, expected rising numbers from 1 to {last}")
