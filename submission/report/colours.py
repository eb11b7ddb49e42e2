"""The page's colours in both themes, as the CSS variables of the style sheet, and which text can be read on which cell.

Every text has a contrast of at least 4.5 to what it stands on (WCAG 2 AA), every mark of 3. The first four colours of
series differ in lightness as well as in hue, so that they can be told apart with any kind of colour vision.
"""

from collections.abc import Mapping
from typing import Literal

Theme = Literal["light", "dark"]

THEMES: Mapping[Theme, Mapping[str, str]] = {
    "light": {
        "paper": "#ffffff", "raised": "#f3f5f7", "ink": "#16191d", "soft": "#525a63", "rule": "#c9ced4",
        "link": "#0b57a4", "focus": "#0b57a4", "heat": "#08427f", "good": "#0a6640", "warn": "#7a4a00",
        "bad": "#a61b1b", "alarm": "#ffd23f", "alarm-ink": "#16191d",
        "c0": "#004f94", "c1": "#b35000", "c2": "#12946e", "c3": "#7a1f5c", "c4": "#16191d", "c5": "#6f5cb8",
        "c6": "#7a6a00", "c7": "#5f6b76",
    },
    "dark": {
        "paper": "#14171b", "raised": "#1e2329", "ink": "#e9ecef", "soft": "#a9b2bc", "rule": "#434b54",
        "link": "#7db8f5", "focus": "#ffd23f", "heat": "#8cc7ff", "good": "#62d39d", "warn": "#f2b84b",
        "bad": "#ff8f87", "alarm": "#ffd23f", "alarm-ink": "#16191d",
        "c0": "#4a9ff0", "c1": "#f2b134", "c2": "#6cf0cc", "c3": "#d24f9b", "c4": "#e9ecef", "c5": "#b3a4f5",
        "c6": "#d8ca4a", "c7": "#a9b2bc",
    },
}


def style(theme: Theme) -> str:
    """The CSS declarations of a theme."""
    return " ".join(f"--{name}: {colour};" for name, colour in THEMES[theme].items())


def dark_text(share: float, theme: Theme) -> bool:
    """Is black (rather than white) the text that reads better on a cell with this share of `heat`?"""
    back = mixed(THEMES[theme]["heat"], THEMES[theme]["paper"], share)
    return contrast_of(luminance(back), 0.0) >= contrast_of(luminance(back), 1.0)


def mixed(front: str, back: str, share: float) -> tuple[float, float, float]:
    """`front` laid over `back` with an opacity; sRGB from 0 to 1."""
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(_channels(front), _channels(back), strict=True))
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, 1 to 21."""
    return contrast_of(luminance(_channels(one)), luminance(_channels(other)))


def contrast_of(one: float, other: float) -> float:
    """The same of two luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def luminance(colour: tuple[float, float, float]) -> float:
    linear = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour)
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start:start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue
