"""How doubles and merges are written on the screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import template
from django.utils.translation import gettext_lazy as _

from contacts import profile
from contacts.merging.preview import Preview
from contacts.models import Contact, ContactIdentity
from contacts.suggesting.queries import Evidence
from contacts.templatetags.people import listed

register = template.Library()

REASONS = {
    ("email", "verified"): _("The same e-mail address, proven by both"),
    ("email", "half"): _("The same e-mail address, proven by one of them"),
    ("email", "typed"): _("The same e-mail address, as both say"),
    ("phone", "verified"): _("The same phone number, proven by both"),
    ("phone", "half"): _("The same phone number, proven by one of them"),
    ("phone", "typed"): _("The same phone number, as both say"),
    ("login", "verified"): _("The same log-in on your websites"),
    ("order", "verified"): _("The same order was told of both"),
    ("name", "same_language"): _("The same name and language"),
    ("name", "unknown_language"): _("The same name"),
}
COUNTED = {
    "contacts.contactidentity.contact": _("Channels"),
    "conversations.conversation.contact": _("Conversations"),
    "contacts.contactaddress.contact": _("Addresses"),
    "contacts.contactnote.contact": _("Notes"),
    "contacts.contactlabel.contact": _("Labels"),
    "contacts.order.contact": _("Orders"),
    "surveys.surveyresponse.contact": _("Surveys"),
    "contacts.consent.contact": _("Consents"),
}


@register.filter
def reason_text(evidence: Evidence) -> str:
    """Why two contacts may be one."""
    return str(REASONS.get((evidence.kind, evidence.strength), evidence.kind))


@register.simple_tag
def field_title(name: str, own: Mapping[str, str]) -> str:
    """What a field is called; own: the titles of the brand's own fields."""
    if name not in profile.CHECKS:
        return own.get(name, name.partition(".")[2])
    column: Any = Contact._meta.get_field(name)
    return str(column.verbose_name)


@register.filter
def value_text(value: Any) -> str:
    """A field's value as text."""
    if isinstance(value, list):
        return listed(value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return "" if value is None else str(value)


@register.filter
def of_contact(
    identities: Mapping[UUID, Sequence[ContactIdentity]], contact_id: UUID
) -> Sequence[ContactIdentity]:
    """The addresses of one of several contacts."""
    return identities.get(contact_id, ())


@register.filter
def counted(preview: Preview, contact_id: UUID) -> list[tuple[str, int]]:
    """What hangs on a contact, with how many of it."""
    rows = ((title, preview.counts.get(label, {}).get(contact_id, 0)) for label, title in COUNTED.items())
    return [(str(title), number) for title, number in rows if number]
