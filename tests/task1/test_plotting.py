"""How figures look and are written: orders stay orders in black and white, nobody's settings matter."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest

from task1.errors import InputError
from task1.plotting import COLOURS, PAPER_SCALE, SCALE, drawing, save


def draw(path: Path) -> bytes:
    with drawing(3, 2) as figure:
        figure.add_subplot().plot([1, 2], label="a")
        save(figure, path)
    return path.read_bytes()


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance of sRGB, as a black-and-white print has it."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(("name", "sign"), [(SCALE, 1), (PAPER_SCALE, -1)])
def test_more_is_lighter_or_darker_throughout(name: str, sign: int) -> None:
    shades = luminance(matplotlib.colormaps[name](np.linspace(0, 1, 64))[:, :3])
    assert (sign * np.diff(shades) > 0).all()


def test_colours_differ_in_black_and_white_where_two_are_used() -> None:
    first, second = (luminance(np.array(matplotlib.colors.to_rgb(colour))) for colour in COLOURS[:2])
    assert abs(first - second) > 0.03


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_whatever_somebody_has_set(tmp_path: Path, suffix: str) -> None:
    first = draw(tmp_path / f"first{suffix}")
    with matplotlib.rc_context({"font.size": 30, "svg.hashsalt": "mine", "axes.grid": True}):
        assert draw(tmp_path / f"second{suffix}") == first
        assert matplotlib.rcParams["font.size"] == 30  # and theirs are theirs again


def test_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found the ending \.gif"):
        draw(tmp_path / "x.gif")
    assert list(tmp_path.iterdir()) == []
