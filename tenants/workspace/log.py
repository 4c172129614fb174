"""Reading the event log, in the order of its numbers: for reactors, the live hub and the change feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Min

from tenants.statements import Given, Question
from tenants.workspace.events import Actor
from tenants.workspace.models import Event, EventCounter

MOST_AT_ONCE = 200

_COLUMNS = (
    "sequence",
    "name",
    "payload",
    "actor_kind",
    "actor_id",
    "contact_id",
    "conversation_id",
    "happened_at",
)


_AFTER: Question[tuple[Any, ...]] = Question(
    lambda: (
        Event.objects.filter(sequence__gt=Given("sequence", "bigint"))
        .order_by("sequence")
        .values_list(*_COLUMNS)
    ),
    limited=True,
)
_NEWEST: Question[int] = Question(lambda: EventCounter.objects.values_list("newest", flat=True)[:1])


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One row of the log, as it was written."""

    sequence: int
    name: str
    payload: Mapping[str, Any]
    actor: Actor
    contact_id: UUID | None
    conversation_id: UUID | None
    happened_at: datetime


def events_after(sequence: int, limit: int = MOST_AT_ONCE) -> list[LoggedEvent]:
    """The events behind number `sequence`, oldest first, `limit` at most. One query, in a tenant's scope."""
    return [_logged(row) for row in _AFTER.all(sequence=sequence, limit=limit)]


def event_at(sequence: int) -> LoggedEvent | None:
    """The event with this number; None when it was never written or is no longer kept."""
    row = Event.objects.filter(sequence=sequence).values_list(*_COLUMNS).first()
    return None if row is None else _logged(row)


def newest_sequence() -> int:
    """The number of the newest event, 0 before the first."""
    return _NEWEST.first() or 0


def oldest_sequence() -> int | None:
    """The number of the oldest event that is still kept; None when the log is empty."""
    oldest: int | None = Event.objects.aggregate(oldest=Min("sequence"))["oldest"]
    return oldest


def _logged(row: tuple[Any, ...]) -> LoggedEvent:
    sequence, name, payload, actor_kind, actor_id, contact_id, conversation_id, happened_at = row
    return LoggedEvent(
        sequence, name, payload, Actor(actor_kind, actor_id), contact_id, conversation_id, happened_at
    )
