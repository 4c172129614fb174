"""What the head of every page tells an administrator of the staff's accesses."""

from __future__ import annotations

from django import template

from contacts.privacy import watching

register = template.Library()


@register.simple_tag
def unseen_alerts() -> int:
    """How many alerts nobody has looked into, as it was at most a minute ago."""
    return watching.unseen_lately()
