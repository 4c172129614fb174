"""Folding: what people would call the same text becomes the same text. For search and for comparing names; never shown.

Full-width and half-width, capitals, accents, katakana and hiragana, Traditional, Simplified and Japanese forms of a
character, curly quotes, invisible characters and runs of spaces make no difference. Characters are folded one by one,
so a part of a text folds to a part of the folded text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import opencc

_HAN = range(0x3400, 0xA000), range(0x20000, 0x30000)
_KATAKANA, _TO_HIRAGANA = range(0x30A1, 0x30F7), 0x60
_ACCENTS = range(0x0300, 0x0370)
# soft hyphen, zero-width and direction marks, word joiner, variation selectors, byte order mark
_INVISIBLE = (0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0xFE00, 0xFE10), 0xFEFF)
_SIGNS = {"‘": "'", "’": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "—": "-"}
_HALF_WIDTH_VOICED = "\uff9e\uff9f"  # they belong to the character before them without being combining ones


def fold(text: str) -> str:
    """The folded text; runs of spaces and line breaks become one space."""
    return " ".join(_folded(text).split())


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the index in `text` of the character it came from."""
    folded: list[str] = []
    places: list[int] = []
    for start, piece in _characters(text):
        for sign in _folded_sign(piece):
            if sign.isspace():
                if not folded or folded[-1] == " ":
                    continue
                sign = " "
            folded.append(sign)
            places.append(start)
    if folded and folded[-1] == " ":
        folded.pop()
        places.pop()
    return "".join(folded), places


def _folded(text: str) -> str:
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_table())
    return unicodedata.normalize("NFC", plain)


_folded_sign = lru_cache(maxsize=8192)(_folded)


def _characters(text: str) -> list[tuple[int, str]]:
    """The characters of a text with what combines with them, and where each begins."""
    found: list[tuple[int, str]] = []
    for index, sign in enumerate(text):
        if found and (unicodedata.combining(sign) or sign in _HALF_WIDTH_VOICED):
            start, piece = found[-1]
            found[-1] = (start, piece + sign)
        else:
            found.append((index, sign))
    return found


@cache
def _table() -> dict[int, int | str | None]:
    table: dict[int, int | str | None] = dict.fromkeys((*_ACCENTS, *_INVISIBLE))
    table |= {kana: kana - _TO_HIRAGANA for kana in _KATAKANA}
    table |= {ord(sign): plain for sign, plain in _SIGNS.items()}
    return table | _variants()


def _variants() -> dict[int, str]:
    """Each Chinese character that has other forms, to the one that stands for all of them."""
    head: dict[str, str] = {}

    def of(sign: str) -> str:
        while (other := head.get(sign, sign)) != sign:
            sign = other
        return sign

    for config in ("t2s", "jp2t"):
        for sign, other in _converted(opencc.OpenCC(config)):
            head[of(sign)] = of(other)
    return {ord(sign): of(sign) for sign in head if of(sign) != sign}


def _converted(converter: opencc.OpenCC) -> Iterator[tuple[str, str]]:
    """The characters that a converter replaces by another one. A thousand at a time: all 92,000 at once would leave
    every process 15 MB that it does not give back."""
    for some in (each[start : start + 1000] for each in _HAN for start in range(0, len(each), 1000)):
        signs = [chr(code) for code in some]
        for sign, other in zip(signs, converter.convert("\n".join(signs)).split("\n"), strict=True):
            if other != sign and len(other) == 1 and any(ord(other) in each for each in _HAN):
                yield sign, other
