"""What becomes of a contact's own rows, of the workspace's, and of the house's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts import models, profile
from contacts.erased_addresses import ERASED
from contacts.privacy import archives, holders
from contacts.privacy.holders import Holder, Person, of_contact
from contacts.queries import CONTACT_FIELDS
from tenants.workspace.models import AuditEntry, DeadEvent, Event

IDENTITY_FIELDS = ("id", "channel", "scope", "address", "display_name", "created_at", "last_used_at")

_EXEMPT = {
    "contacts.label": "the brand's own words",
    "contacts.customfield": "the brand's own words; the values stand in the contact",
    "contacts.erasure": "names nobody: numbers, times and who did it",
    "contacts.erasureentry": "keyed digests, kept so that nobody is brought back",
    "contacts.legalhold": "holds block the erasure; lifted ones are proof, with a reason and no person's name",
    "contacts.retentionrule": "the brand's settings",
    "contacts.accessalert": "counts and who of the staff, no customer",
    "contacts.accesslimit": "a number",
    "contacts.accessentry": "who of the staff looked: ids alone, kept as proof for its time",
    "workspace": "staff and settings; events carry ids and names of fields",
    "tenants": "staff, brands and routes",
    "contenttypes": "names of tables",
    "auth": "staff",
    "sessions": "staff who are signed in",
    "admin": "not in use",
    "account": "staff",
    "axes": "attempts of the staff to sign in",
}


def register() -> None:
    """Tell the register. Contacts themselves, and their addresses, are closed first by `erasing`."""
    for label, reason in _EXEMPT.items():
        holders.exempt(label, reason)
    for holder in (*_of_contacts(), *_of_workspace()):
        holders.register(holder)


def _of_contacts() -> Iterator[Holder]:
    yield Holder(
        model=models.Contact,
        holding=_speaking_contacts,
        clear=holders.blank(models.Contact, **profile.BLANK),
        rows=holders.shown(of_contact(models.Contact, "id"), *CONTACT_FIELDS),
    )
    yield Holder(
        model=models.ContactIdentity,
        holding=lambda person: of_contact(models.ContactIdentity)(person).exclude(address__startswith=ERASED),
        clear=lambda person, keys: forget_identities(models.ContactIdentity.objects.filter(pk__in=keys)),
        rows=holders.shown(of_contact(models.ContactIdentity), *IDENTITY_FIELDS),
    )
    for model, order, fields in (
        (models.ContactAddress, "created_at", ("kind", "value", "is_verified", "source", "created_at")),
        (models.ContactNote, "created_at", ("text", "is_pinned", "created_at", "edited_at")),
        (
            models.Order,
            "placed_at",
            ("shop", "number", "status", "currency", "total", "lines", "url", "placed_at"),
        ),
    ):
        found = of_contact(model)
        yield Holder(
            model=model,
            holding=found,
            clear=holders.delete(model),
            rows=holders.shown(found, *fields, order=order),
        )
    labelled = of_contact(models.ContactLabel)
    yield Holder(
        model=models.ContactLabel,
        title=_("Labels"),
        holding=labelled,
        clear=holders.delete(models.ContactLabel),
        rows=lambda person: labelled(person).values("created_at", label_name=F("label__name")).iterator(),
    )
    yield Holder(  # what was allowed and taken back stays as proof, without what came along
        model=models.Consent,
        holding=lambda person: of_contact(models.Consent)(person).exclude(proof={}),
        clear=holders.blank(models.Consent, proof={}),
        rows=holders.shown(
            of_contact(models.Consent),
            "channel",
            "purpose",
            "state",
            "text_version",
            "source",
            "proof",
            "stated_at",
            order="stated_at",
        ),
    )
    yield Holder(
        model=models.PersonExport,
        holding=of_contact(models.PersonExport),
        clear=_remove_archives,
        outside=True,
    )


def _of_workspace() -> Iterator[Holder]:
    yield Holder(
        model=Event,
        title=_("Events"),
        holding=holders.nothing(Event),
        clear=holders.delete(Event),
        rows=_events,
    )
    yield Holder(model=AuditEntry, holding=_audited, clear=_pseudonymise)
    yield Holder(
        model=DeadEvent,
        holding=lambda person: DeadEvent.objects.exclude(error="").filter(
            sequence__in=Event.objects.filter(contact_id__in=person.contact_ids).values("sequence")
        ),
        clear=holders.blank(DeadEvent, error=""),
    )


def forget_identities(rows: QuerySet[models.ContactIdentity]) -> None:
    """Put something random in the place of addresses; threads stay with their rows, mere aliases go."""
    rows.filter(stands_for__isnull=False).delete()
    for identity in rows.exclude(address__startswith=ERASED):
        identity.address, identity.display_name = f"{ERASED}{uuid4()}", ""
        identity.is_reachable, identity.profile_asked_at = False, None
        identity.save(update_fields=["address", "display_name", "is_reachable", "profile_asked_at"])


def _speaking_contacts(person: Person) -> QuerySet[models.Contact]:
    """Contacts with anything in a field; the name of an erased one says that alone."""
    fields = Q()
    for name, value in profile.BLANK.items():
        if name != "name":
            fields |= ~Q(**{name: value})
    named = ~Q(name="") & Q(erased_at__isnull=True)
    return models.Contact.objects.filter(fields | named, id__in=person.contact_ids)


def _remove_archives(person: Person, keys: Sequence[Any]) -> None:
    for export in models.PersonExport.objects.filter(id__in=keys):
        archives.remove(export)


def _events(person: Person) -> Iterator[Any]:
    rows = Event.objects.filter(contact_id__in=person.contact_ids).order_by("sequence")
    return rows.values("name", "happened_at", "actor_kind").iterator(chunk_size=500)


def _audited(person: Person) -> QuerySet[AuditEntry]:
    ids = [str(each) for each in person.contact_ids]
    return AuditEntry.objects.filter(target_id__in=ids)


def _pseudonymise(person: Person, keys: Sequence[Any]) -> None:
    AuditEntry.objects.filter(pk__in=keys).update(target_id=person.pseudonym, target_name="", changes={})
