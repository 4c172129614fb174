"""Reads of contacts for lists and the REST API: plain rows, keyset pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from contacts.models import Contact, ContactIdentity

Row = dict[str, Any]

CONTACT_FIELDS = (
    "id", "name", "honorific", "language", "timezone", "place", "company", "picture_url", "page_url", "referrer",
    "custom", "created_at", "last_seen_at",
)  # fmt: skip
IDENTITY_FIELDS = (
    "id",
    "contact_id",
    "channel",
    "scope",
    "address",
    "display_name",
    "is_reachable",
    "created_at",
    "last_used_at",
)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends: the next one begins behind it."""

    at: datetime
    id: UUID

    def beyond(self, at: str, id: str = "id") -> Q:
        """The rows behind it in a list that has the newest of the field `at` first, of equals the greatest `id`."""
        older = Q(**{f"{at}__lt": self.at})
        # said once more in a way that an index can begin with
        return (older | Q(**{at: self.at, f"{id}__lt": self.id})) & Q(**{f"{at}__lte": self.at})


def contacts(condition: Q, *, after: Position | None = None, limit: int = 50) -> list[Row]:
    """A page of contacts, newest first. One query."""
    rows = Contact.objects.filter(condition)
    if after is not None:
        rows = rows.filter(after.beyond("created_at"))
    return list(rows.order_by("-created_at", "-id").values(*CONTACT_FIELDS)[:limit])


def with_identities(contact: Contact) -> Row:
    """One contact's row with its identities. One query."""
    row = {field: getattr(contact, field) for field in CONTACT_FIELDS}
    return {**row, "identities": identities([contact.id])}


def identities(contact_ids: Iterable[UUID]) -> list[Row]:
    """The addresses of contacts, oldest first. One query."""
    rows = ContactIdentity.objects.filter(contact_id__in=set(contact_ids)).order_by("created_at", "id")
    return list(rows.values(*IDENTITY_FIELDS))


def heads(contact_ids: Iterable[UUID]) -> dict[UUID, list[ContactIdentity]]:
    """What each of these contacts writes from, oldest first, without those that stand for another. One query."""
    found: dict[UUID, list[ContactIdentity]] = {each: [] for each in contact_ids}
    rows = ContactIdentity.objects.filter(contact_id__in=found, stands_for__isnull=True)
    for identity in rows.order_by("created_at", "id"):
        found[identity.contact_id].append(identity)
    return found
