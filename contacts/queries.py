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

CONTACT_FIELDS = ("id", "name", "language", "timezone", "picture_url", "created_at", "last_seen_at")
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


def contacts(condition: Q, *, after: Position | None = None, limit: int = 50) -> list[Row]:
    """A page of contacts, newest first. One query."""
    rows = Contact.objects.filter(condition)
    if after is not None:
        rows = rows.filter(
            Q(created_at__lt=after.at) | Q(created_at=after.at, id__lt=after.id), created_at__lte=after.at
        )
    return list(rows.order_by("-created_at", "-id").values(*CONTACT_FIELDS)[:limit])


def with_identities(contact: Contact) -> Row:
    """One contact's row with its identities. One query."""
    row = {field: getattr(contact, field) for field in CONTACT_FIELDS}
    return {**row, "identities": identities([contact.id])}


def identities(contact_ids: Iterable[UUID]) -> list[Row]:
    """The addresses of contacts, oldest first. One query."""
    rows = ContactIdentity.objects.filter(contact_id__in=set(contact_ids)).order_by("created_at", "id")
    return list(rows.values(*IDENTITY_FIELDS))
