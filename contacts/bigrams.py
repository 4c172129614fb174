"""Terms of a text for PostgreSQL's tsvector, and what to ask for to find it again. Pure.

Scripts that set no spaces (Chinese, kana, Hangul, Thai …; emoji too) are cut into overlapping pairs of characters, and
the last character of a run stands alone as well: so a word of two is one exact term, and a single character is the
beginning of a term. Words of other scripts are found by their beginning. Of long numbers every end is a term, so that
any four digits of a phone or order number find it, whatever stands between the digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import phonenumbers

from contacts.folding import fold

LONGEST_TEXT = 20_000
MOST_TERMS = 4_000
LONGEST_WORD = 40
LONGEST_NUMBER = 20
SHORTEST_FRAGMENT = 4  # digits
PHONE_LIKE = (
    7  # digits: from here on a zero in front may be the trunk prefix, which an international number lacks
)
NUMBER_MARK = "#"

_UNSPACED = (
    r"\u3005-\u3007\u3041-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3"
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
_PIECE = re.compile(rf"(?P<run>[{_UNSPACED}]+)|(?P<word>(?:(?![{_UNSPACED}])[^\W_])+)")
_NUMBER = re.compile(r"\d(?:\d|[ .\-()/]{1,2}(?=\d))*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Needle:
    """One word or phrase that is sought. terms: as a tsquery; is_exact: what has the terms has the needle, else the
    folded text must be looked at."""

    folded: str
    terms: str
    is_exact: bool

    @property
    def is_beginning(self) -> bool:
        """Whether it asks for what some words or numbers begin with."""
        return ":*" in self.terms


def terms(folded: str) -> list[str]:
    """The distinct terms of a folded text, at most MOST_TERMS of its first LONGEST_TEXT characters."""
    found: dict[str, None] = {}
    folded = folded[:LONGEST_TEXT]
    for term in _terms(folded):
        found[term] = None
        if len(found) == MOST_TERMS:
            break
    return list(found)


def needle(wanted: str) -> Needle | None:
    """What to ask for; None for a text of which nothing can be found (signs alone)."""
    folded = fold(wanted)
    if (fragment := _fragment(folded)) is not None:
        return Needle(folded, fragment, is_exact=len(_digits(folded)) <= LONGEST_NUMBER)
    pieces = list(_PIECE.finditer(folded))
    if not pieces:
        return None
    asked = [part for piece in pieces for part in _asked(piece)]
    alone = len(pieces) == 1 and pieces[0].group() == folded
    run = pieces[0]["run"]
    is_exact = alone and (len(run) <= 2 if run else len(folded) <= LONGEST_WORD)
    return Needle(folded, " & ".join(dict.fromkeys(asked)), is_exact)


def needles(typed: str) -> tuple[Needle, ...]:
    """What to ask for when all of a text's words are meant: a number is one, whatever stands between its digits."""
    words = [typed] if _fragment(fold(typed)) is not None else typed.split()
    found = [needle(word) for word in words]
    return tuple(dict.fromkeys(one for one in found if one is not None))


def tsquery(needles: Iterable[Needle]) -> str:
    """All of the needles, as text of a tsquery."""
    return " & ".join(f"({one.terms})" for one in needles)


def lexeme(term: str) -> str:
    """A term as it is spelt in a tsquery."""
    doubled = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _terms(folded: str) -> Iterator[str]:
    for number in _NUMBER.finditer(folded):
        digits = _digits(number.group())[:LONGEST_NUMBER]
        for start in range(len(digits) - SHORTEST_FRAGMENT + 1):
            yield NUMBER_MARK + digits[start:]
    for piece in _PIECE.finditer(folded):
        run = piece["run"]
        if run is None:
            yield piece.group()[:LONGEST_WORD]
            continue
        for start in range(len(run) - 1):
            yield run[start : start + 2]
        yield run[-1]


def _asked(piece: re.Match[str]) -> Iterator[str]:
    run = piece["run"]
    if run is None:
        yield lexeme(piece.group()[:LONGEST_WORD]) + ":*"
    elif len(run) == 1:
        yield lexeme(run) + ":*"
    else:
        for start in range(len(run) - 1):
            yield lexeme(run[start : start + 2])


def _fragment(folded: str) -> str | None:
    """The question for a part of a number; None for what is none."""
    number = _NUMBER.fullmatch(folded.strip("+()").strip())
    if number is None or len(digits := _digits(folded)) < SHORTEST_FRAGMENT:
        return None
    ways = [digits[:LONGEST_NUMBER]]
    if len(digits) >= PHONE_LIKE and digits[0] == "0":
        ways.append(digits.lstrip("0")[:LONGEST_NUMBER])
    if folded.startswith("+"):
        with suppress(phonenumbers.NumberParseException):  # it is a fragment all the same
            ways.append(str(phonenumbers.parse(folded).national_number))
    asked = [lexeme(NUMBER_MARK + way) + ":*" for way in ways if len(way) >= SHORTEST_FRAGMENT]
    return " | ".join(dict.fromkeys(asked))


def _digits(text: str) -> str:
    return "".join(sign for sign in text if "0" <= sign <= "9")
