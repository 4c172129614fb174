"""How people are written on the screens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from contacts import names
from contacts.models import Consent, Contact, ContactAddress

register = template.Library()

CONSENT_SOURCES = {
    "agent": _("written down by the staff"),
    "form": _("agreed to in a form"),
    "channel": _("told by the channel"),
    "api": _("by the API"),
    "import": _("imported"),
}
FIELDS = {
    "name": pgettext_lazy("of a person", "name"),
    "honorific": _("form of address"),
    "language": _("language"),
    "timezone": _("time zone"),
    "place": _("place"),
    "company": _("company"),
    "picture_url": _("picture"),
    "page_url": _("last page"),
    "referrer": _("came from"),
    "addresses": _("addresses"),
    "address": _("addresses"),
    "identities": _("channels"),
    "is_reachable": _("reachability"),
}


@register.filter
def listed(items: Iterable[Any]) -> str:
    """Several things in one line."""
    return pgettext("between things of a list", ", ").join(map(str, items))


@register.filter
def is_ascii(text: str | None) -> bool:
    """Whether a form of address stands before the name: Ms, Dr; 様 and 小姐 follow it."""
    return bool(text) and text[:1].isascii()  # type: ignore[index]


@register.filter
def called(contact: Contact) -> str:
    """The name with its form of address; for somebody not known yet, that they are a visitor."""
    return names.addressed(contact.name, contact.honorific) or gettext("Visitor")


@register.filter
def source_label(source: str) -> str:
    """How an address or the value of a field came to us."""
    return str(ContactAddress.Source(source).label) if source in ContactAddress.Source.values else source


@register.filter
def purpose_label(purpose: str) -> str:
    """What a consent is for."""
    return str(Consent.Purpose(purpose).label) if purpose in Consent.Purpose.values else purpose


@register.filter
def consent_label(state: str) -> str:
    """Whether it was given or withdrawn."""
    return str(Consent.State(state).label) if state in Consent.State.values else state


@register.filter
def consent_source(source: str) -> str:
    """How we know of a consent; what an integrator calls it stays as it is."""
    return str(CONSENT_SOURCES.get(source, source))


@register.filter
def field_names(fields: list[str] | None, own: Mapping[str, str]) -> str:
    """The names of changed fields, for people. own: titles of the brand's own fields; one that is gone has its key."""
    shown: list[Any] = [
        FIELDS.get(field) or own.get(field.partition(".")[2]) or field.partition(".")[2] or field
        for field in fields or ()
    ]
    return listed(dict.fromkeys(str(name) for name in shown))
