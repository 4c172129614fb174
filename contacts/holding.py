"""A person whom nobody else changes meanwhile."""

from __future__ import annotations

from uuid import UUID

from contacts.gates import one_person
from contacts.models import Contact


def hold(contact_id: UUID) -> Contact:
    """The contact's row, locked until the unit of work ends; of a merged-away one, the one it leads to.

    Every verb on a contact begins with it, so that a merge that comes at the same moment moves all or nothing.
    Raises Contact.DoesNotExist.
    """
    # a sign-post is not locked on the way: a merge of whom it leads to locks them in an order of its own
    rows = Contact.objects.select_for_update(no_key=True).filter(one_person(contact_id))
    return rows.first() or rows.get()  # once more, for who was merged while we waited
