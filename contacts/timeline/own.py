"""What contacts themselves have to tell: notes, consents, orders, and what was done to the person's record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contacts import labels
from contacts.events import (
    ContactCreated,
    ContactLabelled,
    ContactMerged,
    ContactSplit,
    ContactUnlabelled,
    ContactUnmerged,
    ContactUpdated,
)
from contacts.models import Consent, ContactNote, Order
from contacts.timeline.sources import Entry, Part
from tenants.workspace.access import Acting
from tenants.workspace.models import OF_PERSON, Agent, Event

_CHANGES = (
    ContactCreated.name,
    ContactUpdated.name,
    ContactLabelled.name,
    ContactUnlabelled.name,
    ContactMerged.name,
    ContactUnmerged.name,
    ContactSplit.name,
)
_HISTORY = (
    "sequence",
    "name",
    "payload",
    "actor_kind",
    "actor_id",
    "contact_id",
    "conversation_id",
    "happened_at",
)


class Notes:
    """What the staff wrote down."""

    kind = "note"
    ids = UUID
    label = _("notes")
    template = "contacts/timeline/_note.html"

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        rows = ContactNote.objects.filter(
            part.condition(self.kind, "created_at", "id"), contact_id=contact_ids[0]
        )
        fields = ("id", "text", "is_pinned", "author_id", "created_at", "edited_at")
        told = rows.order_by(*part.order("created_at", "id")).values(*fields, author_name=F("author__name"))
        return [Entry(self.kind, str(row["id"]), row["created_at"], dict(row)) for row in told[: part.limit]]


class Consents:
    """What was allowed and taken back."""

    kind = "consent"
    ids = UUID
    label = _("consents")
    template = "contacts/timeline/_consent.html"

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        rows = Consent.objects.filter(part.condition(self.kind, "stated_at", "id"), contact_id=contact_ids[0])
        fields = ("id", "channel", "purpose", "state", "source", "text_version", "stated_at")
        told = rows.order_by(*part.order("stated_at", "id")).values(*fields)[: part.limit]
        return [Entry(self.kind, str(row["id"]), row["stated_at"], dict(row)) for row in told]


class Orders:
    """What was bought."""

    kind = "order"
    ids = UUID
    label = _("orders")
    template = "contacts/timeline/_order.html"

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        rows = Order.objects.filter(part.condition(self.kind, "placed_at", "id"), contact_id=contact_ids[0])
        fields = ("id", "shop", "number", "status", "currency", "total", "lines", "url", "placed_at")
        told = rows.order_by(*part.order("placed_at", "id")).values(*fields)[: part.limit]
        return [Entry(self.kind, str(row["id"]), row["placed_at"], dict(row)) for row in told]


class Changes:
    """What was done to the record of the person: fields, labels, merges."""

    kind = "change"
    ids = int
    label = _("changes")
    template = "contacts/timeline/_change.html"

    def entries(self, contact_ids: Sequence[UUID], *, reader: Acting, part: Part) -> list[Entry]:
        rows = logged(contact_ids, _CHANGES, kind=self.kind, part=part)
        told = {row["sequence"]: row["payload"].get("label_id") for row in rows}
        named = {str(key): label for key, label in labels.by_ids(filter(None, told.values())).items()}
        for row in rows:
            label = named.get(told[row["sequence"]] or "")
            row["label"] = None if label is None else {"name": label.name, "colour": label.colour}
        return [as_entry(self.kind, row) for row in rows]


def logged(
    contact_ids: Sequence[UUID],
    names: Iterable[str],
    *,
    kind: str,
    part: Part,
    conversation_ids: Sequence[UUID] | None = None,
) -> list[dict[str, Any]]:
    """Events of a person that lie in a part of the story, with who did it. conversation_ids: only of these (None: of
    whatever). Two queries."""
    condition = part.condition(kind, "happened_at", "sequence")
    if conversation_ids is not None:
        condition &= Q(conversation_id__in=conversation_ids)
    rows = Event.objects.filter(OF_PERSON, condition, contact_id__in=contact_ids, name__in=sorted(names))
    told = rows.order_by(*part.order("happened_at", "sequence")).values(*_HISTORY)[: part.limit]
    return with_actors([dict(row) for row in told])


def with_actors(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each row with `actor`: kind and, for members of the staff, name. One query."""
    ids = {row["actor_id"] for row in rows if row["actor_kind"] == "agent"}
    names = dict(Agent.objects.filter(id__in=ids).values_list("id", "name"))
    for row in rows:
        row["actor"] = {"kind": row.pop("actor_kind"), "name": names.get(row.pop("actor_id"), "")}
    return rows


def as_entry(kind: str, row: Mapping[str, Any]) -> Entry:
    """A logged row as an entry."""
    return Entry(kind, f"{row['sequence']:019d}", row["happened_at"], dict(row))
