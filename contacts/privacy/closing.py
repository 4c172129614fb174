"""The first step of every erasing: from here on the person is unknown to us, whoever writes under their address.

Everything that comes later only empties rows that nobody is led to any more. What the work still has to look for
(names, addresses) is kept sealed in the erasure's own row until it is done.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext

from contacts import identify, profile
from contacts.erased_addresses import digest_of
from contacts.identify import Address
from contacts.models import Contact, ContactAddress, ContactIdentity, Erasure, ErasureEntry
from contacts.privacy import holders, journal
from contacts.privacy.contact_rows import forget_identities
from contacts.privacy.holders import Person
from contacts.privacy.journal import JournalLine
from tenants import directory, sealing
from tenants.scope import scoped_tenant
from tenants.workspace.events import unit_of_work
from tenants.workspace.models import Event


def close(erasure: Erasure) -> None:
    """Write the journal, then make the person unknown and remember, sealed, whom the work is about."""
    person = subject(erasure)
    erased_at = erasure.erased_at or timezone.now()  # told by the journal where a backup was restored
    digests = tuple(sorted({digest_of(address) for address in person.addresses}))
    line = JournalLine(
        erasure_id=erasure.id,
        number=erasure.number,
        mode=erasure.mode,
        contact_ids=person.contact_ids if erasure.identity_id is None else (erasure.contact_id,),
        identity_ids=() if erasure.identity_id is None else (erasure.identity_id,),
        digests=digests,
        erased_at=erased_at,
    )
    journal.write(line)
    with unit_of_work():
        identify.hold(
            person.addresses
        )  # whoever is being received has been received, or waits for our commit
        locked = list(Contact.objects.select_for_update().filter(id__in=person.contact_ids).order_by("id"))
        enter(digests, erasure_id=erasure.id, erased_at=erased_at)
        if erasure.identity_id is not None:
            moved = _move_out(erasure.identity_id, [row.id for row in locked])
            person = dataclasses.replace(person, contact_ids=(moved.id,))
        _forget_contacts(person.contact_ids, erasure.number, erased_at)
        forget_identities(ContactIdentity.objects.filter(contact_id__in=person.contact_ids))
        erasure.erased_contact_id = person.contact_ids[0]
        erasure.sealed_memory = sealing.seal(_written(person), bound_to=_place(erasure))
        erasure.erased_at, erasure.state = erased_at, Erasure.State.RUNNING
        erasure.digests = [digest.hex() for digest in digests]
        erasure.save(update_fields=["erased_contact_id", "sealed_memory", "erased_at", "state", "digests"])


def subject(erasure: Erasure) -> Person:
    """Whom an erasing is about, before it has begun: the whole person, or one address with what stands for it."""
    contact = Contact.objects.get(id=erasure.contact_id)
    person = dataclasses.replace(
        holders.person_of(contact), keeps_texts=erasure.mode == Erasure.Mode.ANONYMISE
    )
    if erasure.identity_id is None:
        return person
    rows = _family(erasure.identity_id).values_list("channel", "scope", "address", "display_name")
    found = list(rows)
    return dataclasses.replace(
        person,
        addresses=tuple(Address(*row[:3]) for row in found),
        names=tuple(sorted({row[3] for row in found} - {""})),
    )


def remembered(erasure: Erasure) -> Person:
    """Whom an erasing is about, once it has begun."""
    told = json.loads(sealing.unseal(erasure.sealed_memory, bound_to=_place(erasure)))
    return Person(
        contact_ids=tuple(map(UUID, told["contacts"])),
        addresses=tuple(Address(*each) for each in told["addresses"]),
        names=tuple(told["names"]),
        keeps_texts=erasure.mode == Erasure.Mode.ANONYMISE,
        pseudonym=told["pseudonym"],
    )


def counted(erasure: Erasure) -> dict[str, int]:
    """How many rows an erasing would touch, by holder: as if one address had moved out already."""
    person = subject(erasure)
    if erasure.identity_id is None:
        return holders.count(person)
    with transaction.atomic():
        moved = _move_out(erasure.identity_id, person.contact_ids)
        found = holders.count(dataclasses.replace(person, contact_ids=(moved.id,)))
        transaction.set_rollback(True)
    return found


def enter(digests: Iterable[bytes], *, erasure_id: UUID, erased_at: datetime) -> None:
    """Note that these addresses' persons were erased; the latest time counts. One statement."""
    ErasureEntry.objects.bulk_create(
        [ErasureEntry(digest=digest, erasure_id=erasure_id, erased_at=erased_at) for digest in digests],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["erasure_id", "erased_at"],
    )


def _family(identity_id: UUID) -> QuerySet[ContactIdentity]:
    return ContactIdentity.objects.filter(id=identity_id) | ContactIdentity.objects.filter(
        stands_for=identity_id
    )


def _move_out(identity_id: UUID, before: Sequence[UUID]) -> Contact:
    """One address becomes a person of its own, with the threads that it carries, so that it can be erased alone.
    before: the contact, and the sign-posts that lead to it."""
    moved = Contact.objects.create()
    family = list(_family(identity_id))
    spellings = {identity.address for identity in family}
    ContactAddress.objects.filter(
        contact_id__in=before, value__in=spellings | {f"+{each}" for each in spellings}
    ).delete()
    ContactIdentity.objects.filter(id__in=[identity.id for identity in family]).update(contact=moved)
    for relation in ContactIdentity._meta.related_objects:
        model = relation.related_model
        if isinstance(model, str) or model is ContactIdentity or not _names_contact(model):
            continue
        rows = model._default_manager.filter(**{f"{relation.field.name}_id": identity_id})
        ids = list(rows.values_list("pk", flat=True))
        rows.update(contact=moved)
        Event.objects.filter(contact_id__in=before, conversation_id__in=ids).update(contact_id=moved.id)
    return moved


def _names_contact(model: type[Model]) -> bool:
    return any(field.name == "contact" and field.related_model is Contact for field in model._meta.fields)


def _forget_contacts(ids: Sequence[UUID], number: int, erased_at: datetime) -> None:
    tenant = directory.tenant_by_id(scoped_tenant().id)
    with translation.override("en" if tenant is None else tenant.language):
        name = gettext("erased #%(number)d") % {"number": number}
    Contact.objects.filter(id__in=ids).update(**{**profile.BLANK, "name": name}, erased_at=erased_at)


def _written(person: Person) -> str:
    return json.dumps(
        {
            "contacts": [str(each) for each in person.contact_ids],
            "addresses": [list(address) for address in person.addresses],
            "names": list(person.names),
            "pseudonym": person.pseudonym,
        }
    )


def _place(erasure: Erasure) -> str:
    return f"{scoped_tenant().id}:contacts.erasure:{erasure.id}"
