"""What stands in the search box: words, "phrases" and operators. Pure.

退貨 "in the box" label:vip assignee:me channel:line in:"Main shop" is:open after:2026-01-01 before:2026-02-01
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from contacts import bigrams
from contacts.bigrams import Needle

OPERATORS = ("after", "assignee", "before", "channel", "in", "is", "label")
LONGEST = 500
MOST_WORDS = 20
LIKENESS = 0.75  # from here on a name that is no operator is taken for a slip, not for a word

# Curly quotes and the full-width colon are what input methods and phones put there.
_TOKEN = re.compile(r'(?P<name>[^\s:："“”]+[:：])?(?:["“”](?P<quoted>[^"“”]*)["“”]?|(?P<plain>[^\s"“”]+))?')


class Refused(ValueError):
    """The box holds what cannot be looked for. code: too_long; of an operator: no_value, no_operator (a slip of the
    pen; `value` is the likely one), unknown, bad_date."""

    def __init__(self, code: str, operator: str = "", value: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.operator = operator
        self.value = value


@dataclass(frozen=True, slots=True)
class Box:
    """needles: words and phrases. operators: name and value, in their order."""

    needles: tuple[Needle, ...] = ()
    operators: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.needles and not self.operators

    def values(self, operator: str) -> list[str]:
        """Every value that was given to an operator."""
        return [value for name, value in self.operators if name == operator]


def read(text: str) -> Box:
    """The box as it was filled in. Raises Refused."""
    if len(text) > LONGEST:
        raise Refused("too_long")
    words: list[str] = []
    operators: list[tuple[str, str]] = []
    for token in filter(re.Match.group, _TOKEN.finditer(text)):
        name = (token["name"] or "")[:-1].lower()
        value = (token["quoted"] or token["plain"] or "").strip()
        if name in OPERATORS:
            if not value:
                raise Refused("no_value", name)
            operators.append((name, value))
            continue
        if name.isascii() and name.isalpha() and not value.startswith("/"):
            _refuse_slip(name)
        words.append(f"{token['name'] or ''}{value}")
    found = [bigrams.needle(word) for word in words[:MOST_WORDS]]
    return Box(tuple(dict.fromkeys(needle for needle in found if needle is not None)), tuple(operators))


def _refuse_slip(name: str) -> None:
    if likely := difflib.get_close_matches(name, OPERATORS, n=1, cutoff=LIKENESS):
        raise Refused("no_operator", name, likely[0])
