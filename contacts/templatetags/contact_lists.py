"""How lists of contacts and imports are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from contacts.lists.filters import CUSTOM
from contacts.lists.importing.columns import EMAIL, LABELS, PHONE, TARGETS
from contacts.lists.importing.planning import Planned
from contacts.lists.importing.texts import REASONS
from contacts.models import ImportRow
from contacts.templatetags.people import listed

register = template.Library()


@register.simple_tag
def own_value(given: Mapping[str, str], name: str) -> str:
    """What a wish says of one filter, whatever signs its name has; "" for nothing."""
    return given.get(name, "")


@register.simple_tag
def reason_text(code: str) -> Any:
    """Why a table or row was not taken."""
    return REASONS.get(code, code)


@register.simple_tag
def outcome_label(outcome: str) -> Any:
    """What becomes of a row."""
    return (
        _("known, gets changed") if outcome == ImportRow.Outcome.UPDATED else ImportRow.Outcome(outcome).label
    )


@register.simple_tag
def column_title(target: str, titles: Mapping[str, str]) -> Any:
    """What a column means. titles: of every target, the brand's own fields among them; one that is gone has its key."""
    return titles.get(target, target.removeprefix(CUSTOM))


@register.simple_tag
def changed_titles(row: Planned, titles: Mapping[str, str]) -> str:
    """What a planned row changes, in words. titles: as above."""
    names = [
        *row.fields,
        *dict.fromkeys(kind for kind, _value in row.addresses),
        *([LABELS] if row.labels else []),
    ]
    known = [name for name in names if name in TARGETS or name.startswith(CUSTOM) or name in (EMAIL, PHONE)]
    return listed(column_title(name, titles) for name in known)
