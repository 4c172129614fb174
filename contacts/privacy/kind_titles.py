"""Rows of data in people's words."""

from __future__ import annotations

from collections.abc import Mapping

from django.apps import apps


def counted(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    """Numbers of rows by the titles of their models, the largest first. numbers: by names of holders."""
    found: dict[str, int] = {}
    for name, number in numbers.items():
        title = _title(name.partition(":")[0])
        found[title] = found.get(title, 0) + number
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def _title(label: str) -> str:
    try:
        return str(apps.get_model(label)._meta.verbose_name_plural)
    except LookupError:  # of a feature that is gone
        return label
