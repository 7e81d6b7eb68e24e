"""Text is readable in light and dark: WCAG 2.2 AA, computed from the style sheet's own colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automation.report.topology import PALETTE, STYLE

PAGE = (Path(__file__).resolve().parents[3] / "automation/report/templates/page.css").read_text(encoding="utf-8")
SCHEMES = ("light", "dark")
TEXT, GRAPHIC = 4.5, 3.0
"""Least contrast of text, and of what is no text but means something (WCAG 2.2, 1.4.3 and 1.4.11)."""


def colours(scheme: str) -> dict[str, str]:
    """Name -> colour of the scheme; the dark ones are in a media query and replace the light ones."""
    found: dict[str, str] = {}
    for style in (PALETTE, PAGE):
        light, *dark = style.split("@media (prefers-color-scheme: dark)")
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", light))
        if scheme == "dark":
            found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", "".join(dark)))
    return found


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2, relative luminance."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_what_wcag_computes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["ground", "panel"])
@pytest.mark.parametrize("text", ["text", "muted", "accent"])
def test_text_is_readable_on_both_grounds(text: str, ground: str, scheme: str) -> None:
    known = colours(scheme)
    assert contrast(known[text], known[ground]) >= TEXT


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("tone", ["ok", "bad", "warn", "accent"])
def test_tags_are_readable(tone: str, scheme: str) -> None:
    known = colours(scheme)
    assert contrast(known[tone], known[f"{tone}-ground"]) >= TEXT
    assert contrast(known["text"], known[f"{tone}-ground"]) >= TEXT


@pytest.mark.parametrize("scheme", SCHEMES)
def test_bars_of_the_timeline_are_readable_and_stand_out_by_their_edge(scheme: str) -> None:
    known = colours(scheme)
    concerns = [colour for name, colour in known.items() if name.startswith("concern-")]
    assert len(set(concerns)) == 10
    assert min(contrast(known["text"], colour) for colour in concerns) >= TEXT
    assert contrast(known["edge"], known["ground"]) >= GRAPHIC


def test_every_colour_in_use_is_defined_and_none_is_in_vain() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", PAGE + STYLE))
    assert used == set(colours("dark"))
