"""A person whom nobody else changes meanwhile."""

from __future__ import annotations

from uuid import UUID

from contacts.models import Contact


def hold(contact_id: UUID) -> Contact:
    """The contact's row, locked until the unit of work ends; of a merged-away one, the one it leads to.

    Every verb on a contact begins with it, so that a merge that comes at the same moment moves all or nothing.
    Raises Contact.DoesNotExist.
    """
    rows = Contact.objects.select_for_update(no_key=True)
    row = rows.get(pk=contact_id)
    while row.merged_into_id is not None:  # once, as a rule: chains are kept flat
        row = rows.get(pk=row.merged_into_id)
    return row
