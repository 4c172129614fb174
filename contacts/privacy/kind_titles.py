"""Rows of data in people's words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.text import capfirst

from contacts.privacy import holders


def counted(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    """Numbers of rows in people's words, the largest first. numbers: by names of holders."""
    words = {holder.name: holder.words for holder in holders.registered()}
    found: dict[str, int] = {}
    for name, number in numbers.items():
        title = str(capfirst(words.get(name, name)))  # of a feature that is gone, its name
        found[title] = found.get(title, 0) + number
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
