"""Merges as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from contacts.models import Contact, MergeRecord
from contacts.queries import Position


def merges(
    visible: Q,
    *,
    contact_id: UUID | None = None,
    after: Position | None = None,
    limit: int = 50,
) -> list[MergeRecord]:
    """Merges, newest first, into contacts that are visible. contact_id: only those that this one took part in. Two
    queries."""
    rows = _visible(visible)
    if contact_id is not None:
        rows = rows.filter(Q(survivor_id=contact_id) | Q(merged__contact_id=contact_id)).distinct()
    if after is not None:
        rows = rows.filter(after.beyond("merged_at"))
    return list(rows.order_by("-merged_at", "-id")[:limit])


def access(visible: Q, merge_id: UUID) -> MergeRecord:
    """One merge whose survivor is visible. Two queries. Raises Http404."""
    row = _visible(visible).filter(id=merge_id).first()
    if row is None:
        raise Http404
    return row


def can_be_undone(row: MergeRecord) -> bool:
    """Whether an undo would not come too late; a later merge may still stand in its way."""
    return row.undone_at is None and row.undo_until > timezone.now()


def changes(row: MergeRecord) -> Sequence[dict[str, Any]]:
    """The survivor's fields that got another value: name, before, after."""
    return [
        {"name": name, "before": change["before"]["value"], "after": change["after"]["value"]}
        for name, change in row.fields.items()
        if "from" in change and change["before"]["value"] != change["after"]["value"]
    ]


def _visible(visible: Q) -> QuerySet[MergeRecord]:
    """A survivor that was merged on is seen by whoever sees the one it leads to."""
    seen = Contact.objects.filter(visible).values("id")
    return (
        MergeRecord.objects.filter(Q(survivor_id__in=seen) | Q(survivor__merged_into_id__in=seen))
        .select_related("survivor")
        .prefetch_related("merged__contact")
    )
