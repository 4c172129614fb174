"""How many parts a text message is cut into, and therefore what it costs: 3GPP TS 23.038 and 23.040.

A text of the GSM alphabet holds 160 signs, in several parts 153 each; any sign outside of it makes the whole text
UCS-2, which holds 70 and 67. A sign that takes two units is never cut in half.
"""

from __future__ import annotations

from dataclasses import dataclass

_PLAIN = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")  # two units each

GSM, UCS2 = "GSM-7", "UCS-2"
_ONE = {GSM: 160, UCS2: 70}
_SEVERAL = {GSM: 153, UCS2: 67}


@dataclass(frozen=True, slots=True)
class Segments:
    """The encoding of a text, its length in units of it, and the number of parts."""

    encoding: str
    units: int
    count: int


def count(text: str) -> Segments:
    """The parts that `text` is sent in; an empty text has none."""
    encoding = GSM if _PLAIN.union(_ESCAPED).issuperset(text) else UCS2
    widths = [_width(sign, encoding) for sign in text]
    units = sum(widths)
    if units <= _ONE[encoding]:
        return Segments(encoding, units, 1 if text else 0)
    parts, filled = 1, 0
    for width in widths:
        if filled + width > _SEVERAL[encoding]:
            parts, filled = parts + 1, 0
        filled += width
    return Segments(encoding, units, parts)


def _width(sign: str, encoding: str) -> int:
    if encoding == GSM:
        return 2 if sign in _ESCAPED else 1
    return 2 if ord(sign) > 0xFFFF else 1
