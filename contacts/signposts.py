"""A contact that was merged into another stays as a sign-post: its id leads to the one who is left."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from contacts.models import Contact

STANDING = Q(merged_into__isnull=True)
"""Contacts that are nobody's sign-post."""

LIVING = STANDING & Q(erased_at__isnull=True)
"""Of these, who was not erased: what lists, counts, searches, pickers and work on many are about."""


def leads_to(contact_id: UUID) -> UUID:
    """Whom an id means today: itself, or the contact that it was merged into. An unknown id means itself. One query."""
    found = Contact.objects.filter(id=contact_id).values_list("merged_into_id", flat=True).first()
    return found or contact_id


def family(contact_id: UUID) -> list[UUID]:
    """The contact's id and those of its sign-posts, under which older rows may still stand. One query."""
    merged = Contact.objects.filter(merged_into_id=contact_id).values_list("id", flat=True)
    return [contact_id, *merged]


def families(contact_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Each of these ids, and each of their sign-posts, with the contact that it means. One query."""
    wanted = set(contact_ids)
    rows = Contact.objects.filter(Q(id__in=wanted) | Q(merged_into_id__in=wanted))
    return {row_id: into or row_id for row_id, into in rows.values_list("id", "merged_into_id")}
