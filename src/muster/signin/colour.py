"""A tenant's one colour, made into the few that a page needs so that text is always readable on it (WCAG 2.2, AA)."""

import re
from typing import Final

USUAL: Final = "#0b6b5c"

_HEX: Final = re.compile(r"#[0-9a-f]{6}")
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_LIGHT_CARD, _DARK_CARD = (255, 255, 255), (27, 30, 34)
_LIGHT_QUIET, _DARK_QUIET = (241, 240, 236), (36, 40, 45)
"""What things stand on (`--card` and `--quiet` of the style sheet); the second is where coloured text is the hardest to read."""

_TEXT, _SHAPE = 4.5, 3.0
"""The least contrast of text, and of what is not text (success criteria 1.4.3 and 1.4.11)."""

_STEPS: Final = 20

Colour = tuple[int, int, int]


def valid(colour: str) -> str:
    """A colour as `#rrggbb` in lower case; the usual one for anything else."""
    folded = colour.strip().lower()
    return folded if _HEX.fullmatch(folded) else USUAL


def stylesheet(colour: str) -> str:
    """The variables of the style sheet that come of a colour, for light and dark."""
    accent = _parsed(valid(colour))
    light = _variables(accent, _LIGHT_CARD, _LIGHT_QUIET, _BLACK)
    dark = _variables(accent, _DARK_CARD, _DARK_QUIET, _WHITE)
    return f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def contrast(one: Colour, other: Colour) -> float:
    """How far two colours are apart, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _variables(accent: Colour, card: Colour, quiet: Colour, away: Colour) -> str:
    fill = _moved(accent, card, away, _SHAPE)
    on_fill = max((_WHITE, _BLACK), key=lambda ink: contrast(fill, ink))
    ink = _moved(accent, quiet, away, _TEXT)
    return f"--accent:{_shown(fill)};--on-accent:{_shown(on_fill)};--accent-ink:{_shown(ink)}"


def _moved(colour: Colour, ground: Colour, away: Colour, least: float) -> Colour:
    """The nearest colour on the way `away` that has at least that contrast to the ground."""
    for step in range(_STEPS + 1):
        red, green, blue = (round(a + (b - a) * step / _STEPS) for a, b in zip(colour, away, strict=True))
        if contrast((red, green, blue), ground) >= least:
            return red, green, blue
    return away


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parsed(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _shown(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
