"""How much speaks for two contacts being one person, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from contacts.models import MatchKey

Kind = MatchKey.Kind

LEAST = 25
"""Less than this is no suggestion."""

SAME, UNKNOWN = "same_language", "unknown_language"

# by kind: what it says when both sides are proven, one of them, none
_WEIGHTS: dict[str, tuple[int, int, int]] = {
    Kind.EMAIL: (60, 80, 95),
    Kind.PHONE: (55, 75, 90),
    Kind.LOGIN: (97, 97, 97),
    Kind.ORDER: (85, 85, 85),
}
_STRENGTHS = ("typed", "half", "verified")
_NAME_WEIGHTS = {SAME: 35, UNKNOWN: 25}


@dataclass(frozen=True, slots=True)
class Reason:
    """kind: of the trait. strength: typed, half (one side is proven) or verified; of a name, whether the languages
    are known to be the same."""

    kind: str
    strength: str

    @property
    def weight(self) -> int:
        if self.kind == Kind.NAME:
            return _NAME_WEIGHTS[self.strength]
        return _WEIGHTS[self.kind][_STRENGTHS.index(self.strength)]


def of_trait(kind: str, proofs: int) -> Reason:
    """A shared trait; proofs: how many of the two sides are proven."""
    return Reason(str(kind), _STRENGTHS[proofs])


def of_name(language: str, other: str) -> Reason | None:
    """A shared name; with different languages it says nothing."""
    if not language or not other:
        return Reason(Kind.NAME.value, UNKNOWN)
    same = language.partition("-")[0].lower() == other.partition("-")[0].lower()
    return Reason(Kind.NAME.value, SAME) if same else None


def strongest(reasons: Iterable[Reason]) -> list[Reason]:
    """One reason of each kind, the strongest, heaviest first."""
    best: dict[str, Reason] = {}
    for each in reasons:
        if each.kind not in best or best[each.kind].weight < each.weight:
            best[each.kind] = each
    return sorted(best.values(), key=lambda each: (-each.weight, each.kind))


def score(reasons: Iterable[Reason]) -> int:
    """1 to 99: independent reasons add up."""
    doubt = math.prod(1 - each.weight / 100 for each in reasons)
    return max(1, min(99, round(100 * (1 - doubt))))
