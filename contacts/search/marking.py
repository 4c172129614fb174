"""The part of a text to show of a hit, and where in it the words stand that were sought. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from contacts.bigrams import NUMBER_MARK, Needle
from contacts.folding import fold, fold_with_places

WIDTH = 180
BEFORE = 40  # characters shown before the first hit
MORE = "…"
STRETCH, OVERLAP = 1_000, 200


@dataclass(frozen=True, slots=True)
class Excerpt:
    """marks: where hits begin and end in `text`, in characters; in order, without overlaps."""

    text: str
    marks: tuple[tuple[int, int], ...]

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text cut at its marks: each piece and whether it is a hit."""
        at = 0
        for start, end in self.marks:
            if start > at:
                yield self.text[at:start], False
            yield self.text[start:end], True
            at = end
        if at < len(self.text):
            yield self.text[at:], False


def excerpt(text: str, needles: Sequence[Needle]) -> Excerpt:
    """The part of `text` around the first hit, its spaces made one each."""
    plain = " ".join(text.split())
    begin = _first_stretch(plain, needles)
    stretch = plain[begin : begin + STRETCH]
    hits = [(begin + first, begin + last) for first, last in _hits(stretch, needles)]
    start = max(0, hits[0][0] - BEFORE) if hits else 0
    if len(plain) - start < WIDTH:
        start = max(0, len(plain) - WIDTH)
    end = min(len(plain), start + WIDTH)
    front, back = MORE if start else "", MORE if end < len(plain) else ""
    shift = len(front) - start
    marks = tuple((first + shift, min(last, end) + shift) for first, last in hits if start <= first < end)
    return Excerpt(f"{front}{plain[start:end]}{back}", marks)


def holds(text: str, needles: Sequence[Needle]) -> bool:
    """Whether any of the words stands in the text."""
    folded = fold(text)
    return any(_pattern(needle).search(folded) for needle in needles)


def _first_stretch(text: str, needles: Sequence[Needle]) -> int:
    """Where the first stretch of a text with a hit begins: only that is looked at character by character."""
    if len(text) > STRETCH:
        for begin in range(0, len(text), STRETCH - OVERLAP):
            if holds(text[begin : begin + STRETCH], needles):
                return begin
    return 0


def _hits(text: str, needles: Iterable[Needle]) -> list[tuple[int, int]]:
    folded, places = fold_with_places(text)
    ends = [*places, len(text)]
    spans = sorted(match.span() for needle in needles for match in _pattern(needle).finditer(folded))
    hits: list[tuple[int, int]] = []
    for first, behind in spans:
        start, end = places[first], _end(ends, behind)
        if hits and start <= hits[-1][1]:
            hits[-1] = (hits[-1][0], max(end, hits[-1][1]))
        else:
            hits.append((start, end))
    return hits


def _end(ends: list[int], behind: int) -> int:
    """Where the character after a hit begins: one may have become several when it was folded."""
    last = ends[behind - 1]
    while behind < len(ends) - 1 and ends[behind] == last:
        behind += 1
    return ends[behind]


@lru_cache(maxsize=256)
def _compiled(folded: str, is_number: bool) -> re.Pattern[str]:
    if is_number:
        digits = [sign for sign in folded if sign.isdecimal()]
        return re.compile(r"[ .\-()/]{0,2}".join(digits))
    return re.compile(re.escape(folded))


def _pattern(needle: Needle) -> re.Pattern[str]:
    return _compiled(needle.folded, needle.terms.startswith(f"'{NUMBER_MARK}"))
