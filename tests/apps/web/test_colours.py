"""Text and controls can be told from what they stand on, in light and in dark (WCAG 2.1, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

_CSS: Final = (
    Path(__file__).resolve().parents[3] / "src" / "wattledger" / "apps" / "web" / "static" / "wattledger.css"
)
_TEXT, _CONTROL = 4.5, 3.0
_PAIRS: Final = [
    *(
        (text, ground, _TEXT)
        for text in ("text", "quiet", "accent-text")
        for ground in ("page", "surface", "sunken")
    ),
    ("on-accent", "accent", _TEXT),
    ("on-accent", "accent-over", _TEXT),
    ("accent-text", "accent-soft", _TEXT),
    *((meaning, f"{meaning}-soft", _TEXT) for meaning in ("good", "notice", "bad", "info")),
    *((meaning, "surface", _TEXT) for meaning in ("good", "notice", "bad", "info")),
    *(("neutral-8", f"{meaning}-soft", _TEXT) for meaning in ("good", "notice", "bad", "info")),
    ("neutral-7", "sunken", _TEXT),
    ("control", "surface", _CONTROL),
    ("accent", "neutral-3", _CONTROL),
    ("notice", "neutral-3", _CONTROL),
]


def tokens(scheme: str) -> dict[str, str]:
    """Every colour by name, as the stylesheet gives it for light or dark."""
    css = _CSS.read_text()
    light, dark = (
        dict(re.findall(r"--([\w-]+): ([^;]+);", block))
        for block in re.findall(r":root \{(.*?)\n *\}", css, re.DOTALL)
    )
    found = light | (dark if scheme == "dark" else {})
    return {name: found[value[6:-1]] if value.startswith("var(") else value for name, value in found.items()}


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


class TestColours:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize(("front", "ground", "least"), _PAIRS)
    def test_stand_out_from_their_ground(self, scheme: str, front: str, ground: str, least: float) -> None:
        found = tokens(scheme)
        assert contrast(found[front], found[ground]) >= least

    def test_are_measured_as_the_guideline_measures(self) -> None:
        assert round(contrast("#ffffff", "#000000"), 2) == 21
        assert round(contrast("#777777", "#ffffff"), 2) == 4.48
