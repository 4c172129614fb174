"""Contacts that nobody else merges meanwhile, and whose customers nobody writes down meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from contacts import identify
from contacts.identify import Address
from contacts.merging.refusals import MergeRefused, UnknownContacts
from contacts.models import Contact, ContactIdentity


def hold(contact_ids: Sequence[UUID]) -> dict[UUID, Contact]:
    """Lock these contacts and their sign-posts until the transaction ends, in the order of their ids, each identity's
    customer before that. Returns the contacts by id. Three statements.

    What a platform tells of one of them at that moment is written down before us or after us, not in between. Raises
    UnknownContacts.
    """
    wanted = sorted(set(contact_ids))
    addresses = ContactIdentity.objects.filter(contact_id__in=wanted)
    identify.hold(Address(*row) for row in addresses.values_list("channel", "scope", "address"))
    rows = Contact.objects.select_for_update(no_key=True).order_by("id")
    family = rows.filter(Q(id__in=wanted) | Q(merged_into_id__in=wanted))
    found = {row.id: row for row in family if row.id in wanted}
    if missing := [each for each in wanted if each not in found]:
        raise UnknownContacts(missing)
    return found


def standing(contacts: dict[UUID, Contact]) -> None:
    """Raises MergeRefused when one of them is a sign-post by now."""
    for contact in contacts.values():
        if contact.merged_into_id is not None:
            raise MergeRefused(
                "already_merged", contact=str(contact.id), merged_into=str(contact.merged_into_id)
            )
