"""Figures, colours, pictures and sounds of the report, against what they are made from."""

import base64
import io
import re
from collections.abc import Iterator
from itertools import combinations
from math import isclose

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import image

from submission.report.bars import Use, limit_bars
from submission.report.colours import THEMES, Theme, contrast, contrast_of, dark_text, luminance, mixed
from submission.report.curves import MARKS, learning_curve, reliability
from submission.report.dots import Group, dot_plot, guessing
from submission.report.matrices import Share, grid
from submission.report.media import RATE, palette, picture, sound
from submission.report.moments import DEVICES, _choose
from submission.report.svg import SHAPES, Drawing, Scale, number, rounded, tick_step
from task1.corpus.index import COLUMNS

THEME_NAMES: tuple[Theme, ...] = ("light", "dark")
TEXTS = ("ink", "soft", "link", "good", "warn", "bad")
SERIES = tuple(f"c{index}" for index in range(8))
# how the three kinds of dichromats see linear RGB (Viénot, Brettel and Mollon 1999; tritan after Brettel 1997)
BLIND = {
    "protan": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deutan": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    "tritan": [[1.01277, 0.13548, -0.14826], [-0.01243, 0.86812, 0.14431], [0.07589, 0.805, 0.11911]],
}


def node(accuracy: float, low: float | None = None, high: float | None = None) -> dict[str, object]:
    interval = {} if low is None else {"accuracy_interval": [low, high]}
    return {"clips": 50, "accuracy": accuracy, "log_loss": 1.0, **interval}


def tells(svg: str) -> list[str]:
    return re.findall(r'<g class="mark[^"]*"><title>([^<]*)</title>', svg)


@pytest.mark.parametrize("theme", THEME_NAMES)
def test_texts_and_marks_can_be_read(theme: Theme) -> None:
    colours = THEMES[theme]
    for name in TEXTS:
        assert min(contrast(colours[name], colours[back]) for back in ("paper", "raised")) >= 4.5, name
    for name in (*SERIES, "focus", "heat"):
        assert contrast(colours[name], colours["paper"]) >= 3, name
    assert contrast(colours["alarm"], colours["alarm-ink"]) >= 7


def test_contrast_is_that_of_wcag() -> None:
    assert isclose(contrast("#000000", "#ffffff"), 21)
    assert isclose(contrast("#777777", "#ffffff"), 4.478, abs_tol=0.001)  # as every checker on the web gives it


@pytest.mark.parametrize("theme", THEME_NAMES)
@given(share=st.floats(0, 1))
def test_every_cell_of_a_matrix_can_be_read(theme: Theme, share: float) -> None:
    back = luminance(mixed(THEMES[theme]["heat"], THEMES[theme]["paper"], share))
    assert contrast_of(back, 0.0 if dark_text(share, theme) else 1.0) >= 4.5


@pytest.mark.parametrize("theme", THEME_NAMES)
@pytest.mark.parametrize("kind", BLIND)
def test_series_differ_for_the_colour_blind(theme: Theme, kind: str) -> None:
    """The first four series (as many as an edition allows systems) stay apart; each has a shape of its own as well."""
    seen = [_lab(np.clip(np.array(BLIND[kind]) @ _linear(THEMES[theme][name]), 0, 1)) for name in SERIES[:4]]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 10
    assert len(set(SHAPES)) == len(SHAPES) >= 4


def _linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[start:start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    white = np.array([0.95047, 1.0, 1.08883])
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear / white
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_axes_have_round_ticks_inside(low: float, extent: float) -> None:
    bottom, top = rounded(low, low + extent)
    assert bottom <= low + 1e-6 * extent
    assert top >= low + extent - 1e-6 * extent
    ticks = Scale(bottom, top, 0, 100).ticks
    assert 2 <= len(ticks) <= 12
    step = tick_step(top - bottom)
    assert all(isclose(value / step, round(value / step), abs_tol=1e-6) for value in ticks)


@given(st.floats(1e3, 1e9), st.floats(2, 1e4))
def test_logarithmic_axes_keep_order(low: float, factor: float) -> None:
    scale = Scale(low, low * factor, 0, 100, logarithmic=True)
    assert isclose(scale(low), 0, abs_tol=1e-6)
    assert isclose(scale(low * factor), 100, rel_tol=1e-6)
    placed = [scale(value) for value in scale.ticks]
    assert placed == sorted(placed)


@given(st.floats(-1e4, 1e4))
def test_coordinates_are_short_and_right(value: float) -> None:
    assert abs(float(number(value)) - value) <= 0.005 + 1e-9
    assert "e" not in number(value)


@given(st.text())
def test_texts_in_drawings_are_escaped(text: str) -> None:
    drawing = Drawing(10, text)
    drawing.open_mark(text)
    drawing.text(0, 0, text)
    drawing.close_mark()
    bare = re.sub(r"<(/?)(svg|g|title|text)\b[^<>]*>", "", drawing.svg())
    assert "<" not in bare
    assert ">" not in bare


def test_points_stand_where_their_values_are() -> None:
    groups = [Group("a", [node(0.2, 0.1, 0.3), node(0.4)]), Group("b", [node(0.6), None], apart=True)]
    svg = dot_plot("By device", "accuracy", groups, ["System 1", "System 2"])
    assert tells(svg) == ["a, System 1: 20.0 % (95 %: 10.0 to 30.0), 50 clips", "a, System 2: 40.0 %, 50 clips",
                          "b, System 1: 60.0 %, 50 clips"]
    marks = svg.split('<g class="mark')[1:]
    circles = [float(x) for mark in marks for x in re.findall(r'<circle[^>]*cx="([^"]+)"', mark)]
    assert len(circles) == 2  # the other system's points are squares
    assert isclose(circles[1] - circles[0], 0.4 * (360 - 112 - 12), abs_tol=0.02)
    whisker = re.findall(r'class="whisker" d="M([\d.]+) [\d.]+L([\d.]+)', svg)
    assert [(round(float(x) - circles[0], 1)) for x in whisker[0]] == [-23.6, 23.6]


def test_guessing_is_one_scene_of_ten() -> None:
    assert guessing("accuracy") == 0.1
    assert isclose(guessing("log_loss"), 2.302585, abs_tol=1e-6)


def test_wide_intervals_do_not_flatten_a_plot_of_losses() -> None:
    wide = {"clips": 5, "log_loss": 1.2, "log_loss_interval": [0.1, 30.0]}
    ticks = re.findall(r'class="tick"[^>]*>([\d.]+)</text>', dot_plot("x", "log_loss", [Group("a", [wide])], ["s"]))
    assert max(map(float, ticks)) <= 4


def test_cells_are_as_dark_as_their_share() -> None:
    shares = [[Share(0.25, "a"), Share(None, "b")], [Share(0.0, "c"), Share(1.0, "d")]]
    svg = grid("t", ["x", "y"], ["p", "q"], shares, "decided")
    assert tells(svg) == ["a", "b", "c", "d"]
    assert re.findall(r'class="cell" [^>]*fill-opacity="([^"]+)"', svg) == ["0.25", "0", "1"]
    assert svg.count('class="void"') == 1
    assert re.findall(r'<text class="n [^"]*"[^>]*>(\d+)</text>', svg) == ["25", "100"]
    assert ">0</text>" in grid("t", ["x", "y"], ["p", "q"], shares, "device", zeros=True)
    assert 'data-columns="2"' in svg


def test_long_trainings_have_few_marks_and_whole_curves() -> None:
    history = [{"loss": 2 / epoch, "accuracy": 0.5, "validation_loss": None, "lr": 0.1} for epoch in range(1, 511)]
    svg = learning_curve("m", history)
    assert len(tells(svg)) <= MARKS
    assert tells(svg)[0] == "Epoch 1: loss 2.000, accuracy 50.0 %, learning rate 0.1"
    curve = re.search(r'class="curve c0" d="([^"]+)"', svg)
    assert curve
    assert curve.group(1).count("L") == 509
    assert "validation" not in svg


def test_reliability_tells_every_bin() -> None:
    edges = [index / 15 for index in range(16)]
    empty: list[float | None] = [None] * 14
    svg = reliability("s", {"edges": edges, "clips": [0] * 14 + [7], "confidence": [*empty, 0.98],
                            "accuracy": [*empty, 0.5]})
    assert len(tells(svg)) == 15
    assert tells(svg)[-1] == "Confidence over 93.3 to 100.0 %: 7 clips, on average 98.0 % sure, 50.0 % right"


def test_bars_over_the_limit_are_told_apart() -> None:
    svg = limit_bars("Size", [Use("System 1", 60, 120, "half"), Use("System 2", 500, 120, "far over")])
    assert tells(svg) == ["half", "far over"]
    assert svg.count('class="mark over"') == 1
    widths = [float(width) for width in re.findall(r'<rect class="dot"[^>]*width="([^"]+)"', svg)]
    assert isclose(widths[0] / widths[1], 50 / 125, rel_tol=0.01)  # the longer one is cut at 125 %


def test_pictures_show_the_levels() -> None:
    levels = np.array([[-40.0, -20.0], [0.0, -60.0], [-10.0, 5.0]])
    uri = picture(levels, low=-40, high=0)
    shown = image.imread(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,"))), format="png")
    colours = np.frombuffer(palette(), np.uint8).reshape(256, 3)
    expected = colours[np.array([[191, 255], [255, 0], [0, 128]])]  # low frequencies at the bottom, clipped
    assert np.array_equal(np.round(255 * shown[..., :3]).astype(int), expected)
    assert len(np.unique(colours, axis=0)) == 256  # so a colour says its level


def test_sounds_are_the_samples() -> None:
    time = np.arange(44_100) / 44_100
    wave = 0.25 * np.sin(2 * np.pi * 440 * time)
    uri = sound(wave, 44_100, gain=2.0)
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(uri.removeprefix("data:audio/wav;base64,"))))
    assert rate == RATE
    assert len(samples) == RATE
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert np.abs(samples - expected)[200:-200].max() < 1e-3


def test_moments_are_those_that_most_devices_recorded_in_the_test_fold() -> None:
    chosen = _choose(_index(("airport", "lyon-1-2", ("a", "b"), "test"),
                            ("airport", "lyon-2-3", ("s5", "a", "s1", "b", "s4", "c", "s2", "s3"), "test"),
                            ("metro_station", "oslo-1-1", ("a", "b", "c", "s1", "s2", "s3", "s4", "s5", "s6"), "train"),
                            ("bus", "lyon-5-5", ("a", "c"), "train"), ("park", "lyon-9-9", ("a",), "test")))
    assert [list(clips["scene"].unique()) for clips in chosen] == [["airport"], ["bus"]]  # nothing parallel outdoors
    assert list(chosen[0]["device"]) == ["a", "b", "c", "s1", "s4", "s5"]
    assert len(chosen[0]) == DEVICES
    assert list(chosen[1]["device"]) == ["a", "c"]


def _index(*moments: tuple[str, str, tuple[str, ...], str]) -> pd.DataFrame:
    def rows() -> Iterator[dict[str, str]]:
        for scene, place, devices, split in moments:
            for device in devices:
                yield {"filename": f"audio/{scene}-{place}-{device}.wav", "scene": scene, "device": device,
                       "split": split}

    return pd.DataFrame(rows()).reindex(columns=list(COLUMNS), fill_value="")
