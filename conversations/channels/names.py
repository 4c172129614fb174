"""Names of people, written as their script wants them."""

from __future__ import annotations

import re

# Han, kana, hangul, and the marks that stand between them in names.
_EAST_ASIAN = re.compile(
    "[々〆・\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)


def full_name(first: str, last: str) -> str:
    """Both names in the order of their script: 陳美玲, but Mei-Ling Chen."""
    first, last = first.strip(), last.strip()
    if _EAST_ASIAN.fullmatch(first) and _EAST_ASIAN.fullmatch(last):
        return last + first
    return f"{first} {last}".strip()
