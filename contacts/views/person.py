"""What is shown of a person: the part that stands beside a thread and on the person's own page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from contacts import addresses, consent, custom_fields, labels, names, notes, orders, queries
from contacts.models import Consent, Contact, ContactAddress, CustomField, Label
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from tenants.workspace.access import Acting, Member, MemberRequest, Permission

NOTES_SHOWN = 20
ORDERS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class OwnValue:
    """One of the brand's own fields with its value for a person. at: the day or instant that it is; typed: as an input
    of the browser takes it."""

    field: CustomField
    value: Any

    @property
    def at(self) -> date | datetime | None:
        reads = {CustomField.Type.DATE: date.fromisoformat, CustomField.Type.MOMENT: datetime.fromisoformat}
        read = reads.get(CustomField.Type(self.field.type))
        return read(self.value) if read and self.value else None

    @property
    def typed(self) -> Any:
        return (
            timezone.localtime(self.at).strftime("%Y-%m-%dT%H:%M")
            if isinstance(self.at, datetime)
            else self.value
        )

    @property
    def chosen(self) -> list[str]:
        """The choices that are taken."""
        return self.value if isinstance(self.value, list) else [self.value]


@dataclass(frozen=True, slots=True)
class Section:
    """A fold of the part that another app prints. told: what its template shows, as `told`; empty where there is
    nothing to show. A number of queries that does not depend on the person."""

    template: str
    told: Callable[[Acting, Contact], Mapping[str, Any]]


_sections: dict[str, Section] = {}


def also_show(section: Section) -> None:
    """Show this fold behind the others."""
    _sections[section.template] = section


def own_values(contact: Contact) -> list[OwnValue]:
    """The brand's own fields with what stands in them. One query."""
    return [OwnValue(field, contact.custom.get(field.key)) for field in custom_fields.in_use()]


def context_of(member: Member, contact: Contact) -> dict[str, Any]:
    """Everything that the part prints. A number of queries that does not depend on the person."""
    found = notes.of_contact(contact.id, limit=NOTES_SHOWN)
    identities = queries.identities([contact.id])
    return {
        "contact": contact,
        "honorific_before": contact.honorific[:1].isascii(),
        "honorifics": names.offered(contact.language),
        "addresses": addresses.of_contact(contact.id),
        "address_kinds": ContactAddress.Kind.choices,
        "identities": identities,
        "labels": labels.of_contact(contact.id),
        "all_labels": list(Label.objects.all()),
        "own_values": own_values(contact),
        "notes": found,
        "own_notes": {note.id for note in found if notes.may_change(note, member)},
        "consents": consent.standings(contact.id),
        "channels": sorted({row["channel"] for row in identities}),
        "purposes": Consent.Purpose.choices,
        "orders": orders.of_contact(contact.id, limit=ORDERS_SHOWN),
        "sections": [(each.template, each.told(member, contact)) for each in _sections.values()],
        "may_change": member.may(Permission.CHANGE_CONTACTS) and contact.erased_at is None,
    }


def answer(request: MemberRequest, contact: Contact, *, refusal: Any = "") -> HttpResponse:
    """The part as it is now. refusal: why nothing was changed."""
    access_log.note(request.member, Act.OPENED, "contact", contact.id)
    context = {**context_of(request.member, contact), "refusal": refusal}
    return render(request, "contacts/_person.html", context)
