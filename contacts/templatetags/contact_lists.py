"""How lists of contacts are written."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.simple_tag
def own_value(given: Mapping[str, str], name: str) -> str:
    """What a wish says of one filter, whatever signs its name has; "" for nothing."""
    return given.get(name, "")
