"""What every page needs to know of the house it stands in."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.conf import settings
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import get_language_info

from tenants.workspace.access import Member, Permission

register = template.Library()


@register.simple_tag
def platform_url() -> str:
    """Scheme, host and port of the platform's own pages."""
    return str(settings.PUBLIC_URL)


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """The languages of the interface: code and own name."""
    return [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]


@register.filter
def may(member: Member | None, permission: str) -> bool:
    """Whether a member (None: a stranger) has the permission of this name."""
    return member is not None and member.may(Permission(permission))


@register.filter
def span_since(at: datetime) -> str:
    """How long ago, in the largest unit that fits: 3 hours."""
    return timesince(at, depth=1)


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """An instant with its time of day, in the reader's zone and way of writing; "" for none."""
    return _time(at, "full", "DATETIME_FORMAT")


@register.filter
def day(at: datetime | None) -> SafeString | str:
    """The day of an instant, in the reader's zone and way of writing; "" for none."""
    return _time(at, "date", "DATE_FORMAT")


def _time(at: datetime | None, style: str, without_script: str) -> SafeString | str:
    """A `<time>` that the page's script (desk/times.js) writes; what stands in it until then is ours."""
    if at is None:
        return ""
    words = date_format(localtime(at), without_script)
    instant = at.astimezone(UTC).isoformat()
    return format_html('<time datetime="{}" data-format="{}">{}</time>', instant, style, words)
