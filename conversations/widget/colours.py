"""Which ink can be read on a brand's colour: relative luminance and contrast as WCAG 2.2 defines them. Pure."""

from __future__ import annotations

import re

DEFAULT = "#1f5f5b"
BLACK, WHITE = "#000000", "#ffffff"
ENOUGH_FOR_TEXT = 4.5  # WCAG 2.2, 1.4.3 (AA)

_FORM = re.compile(r"#[0-9a-f]{6}\Z")


def is_colour(value: object) -> bool:
    """Whether `value` is written as `#rrggbb`, in small letters."""
    return isinstance(value, str) and _FORM.match(value) is not None


def ink_on(colour: str) -> str:
    """Black or white, whichever stands out more. One of them always has more than ENOUGH_FOR_TEXT."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, colour))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1.0 to 21.0."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
