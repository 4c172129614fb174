"""Sizes as people read them, in steps of a thousand, as plans count them."""

from __future__ import annotations

from django.utils.formats import number_format


def shown(size: int) -> str:
    """Bytes in the language's own way of writing numbers: 12 KB, 1.4 MB, 20 GB."""
    for unit, step in (("GB", 1_000_000_000), ("MB", 1_000_000)):
        if size >= step - step // 2000:  # what would be rounded to 1,000 of the smaller unit
            tenths = round(size * 10 / step)
            return f"{number_format(tenths / 10, 0 if tenths % 10 == 0 else 1)} {unit}"
    return f"{max(1, round(size / 1000))} KB" if size else "0 KB"
