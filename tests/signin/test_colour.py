"""A tenant's colour: whatever it is, text can be read on it and it can be seen on the page (WCAG 2.2, AA)."""

from __future__ import annotations

import itertools
import re

import pytest

from muster.signin import assets, colour

LIGHT, DARK = ((255, 255, 255), (241, 240, 236)), ((27, 30, 34), (36, 40, 45))


def parsed(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def test_every_colour_can_be_read() -> None:
    for red, green, blue in itertools.product(range(0, 256, 51), repeat=3):
        sheet = colour.stylesheet(f"#{red:02x}{green:02x}{blue:02x}")
        found = [parsed(text) for text in re.findall(r"#[0-9a-f]{6}", sheet)]
        assert len(found) == 6, sheet
        for (card, quiet), (fill, on_fill, ink) in zip((LIGHT, DARK), (found[:3], found[3:]), strict=True):
            assert colour.contrast(fill, on_fill) >= 4.5
            assert colour.contrast(fill, card) >= 3
            assert colour.contrast(ink, card) >= 4.5
            assert colour.contrast(ink, quiet) >= 4.5


def test_a_colour_that_is_good_already_stays_as_it_is() -> None:
    assert colour.stylesheet("#0B6B5C").startswith(":root{--accent:#0b6b5c;--on-accent:#ffffff;--accent-ink:#0b6b5c}")


@pytest.mark.parametrize("given", ["", "red", "#12345", "#1234567", "#gggggg", "#0b6b5c;}body{", "url(x)", "#١٢٣٤٥٦"])
def test_anything_else_is_the_usual_colour(given: str) -> None:
    assert colour.valid(given) == colour.USUAL
    assert assets.brand_address(given) == "/sign-in/static/brand.0b6b5c.css"


def test_the_colours_of_the_style_sheet_can_be_read_too() -> None:
    css = (assets._FOLDER / "style.css").read_text("utf-8")
    for scheme, (card, quiet) in zip(re.findall(r":root \{(.*?)\}", css, re.DOTALL), (LIGHT, DARK), strict=False):
        known = {name: parsed(value) for name, value in re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", scheme)}
        assert (known["card"], known["quiet"]) == (card, quiet)
        for ground in ("ground", "card", "quiet"):
            for ink in ("ink", "soft", "accent-ink"):
                assert colour.contrast(known[ink], known[ground]) >= 4.5, (ink, ground)
        assert colour.contrast(known["danger"], known["danger-ground"]) >= 4.5
        assert colour.contrast(known["danger"], known["card"]) >= 4.5
        assert colour.contrast(known["good"], known["good-ground"]) >= 4.5
        assert colour.contrast(known["edge"], known["card"]) >= 3
        assert colour.contrast(known["on-accent"], known["accent"]) >= 4.5
