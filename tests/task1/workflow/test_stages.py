"""Stages by name, by number, and between."""

import pytest

from task1.errors import InputError
from task1.workflow.stages import STAGES, between, position


def test_names_and_numbers_mean_the_same() -> None:
    for number, stage in enumerate(STAGES, 1):
        assert position(stage.name) == position(str(number)) == number - 1


def test_open_ends_mean_all() -> None:
    assert between(None, None) == STAGES
    assert [stage.name for stage in between("4", "train")] == ["features", "train"]


@pytest.mark.parametrize("text", ["0", "10", "-1", "trains", "", "1.0"])
def test_unknown_stages_are_answered_with_the_known_ones(text: str) -> None:
    with pytest.raises(InputError, match="there are: 1 corpus"):
        position(text)


def test_a_stop_before_the_start_is_refused() -> None:
    with pytest.raises(InputError, match="stage train comes after features"):
        between("train", "features")
