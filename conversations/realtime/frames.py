"""Events as the browsers get them: read once per batch, written as JSON once, shared by equal audiences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from conversations import queries
from conversations.models import Conversation
from conversations.queries import Row
from tenants.workspace.log import MOST_AT_ONCE, LoggedEvent, events_after, newest_sequence

MOST_MISSED = 500  # whoever missed more reads the page again

_PUBLIC_MESSAGE_FIELDS = (
    "id",
    "number",
    "direction",
    "kind",
    "text",
    "author_kind",
    "client_id",
    "sent_at",
    "edited_at",
    "unsent_at",
    "attachments",
)
_NOT_FOR_THE_CUSTOMER = frozenset({"failed", "skipped"})


def as_json(value: Any) -> str:
    """JSON for a socket: times as ISO 8601, ids as text, no blanks."""
    return json.dumps(value, default=_plain, separators=(",", ":"), ensure_ascii=False)


def public_message(row: Row) -> Row | None:
    """What a visitor of the website chat may see of a message row; None for one that was given up.

    An answer is shown as soon as its row stands: no platform lies between. `client_id` is the visitor's own
    name of a message.
    """
    if row["status"] in _NOT_FOR_THE_CUSTOMER:
        return None
    own_name = row["external_id"] if row["direction"] == "in" else None
    return {**{name: row[name] for name in _PUBLIC_MESSAGE_FIELDS}, "client_id": own_name}


@dataclass(slots=True)
class Batch:
    """A run of events with the rows they speak of, and the texts made of them so far."""

    events: Sequence[LoggedEvent]
    messages: dict[UUID, Row]
    conversations: dict[UUID, Row]
    identities: dict[UUID, UUID]  # conversation -> the customer's identity; empty when nobody asked
    _written: dict[int, str] = field(default_factory=dict)
    _rows: dict[UUID, str] = field(default_factory=dict)
    _texts: dict[frozenset[UUID] | None, str] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return self.events[-1].sequence

    def text_for(self, inbox_ids: frozenset[UUID] | None) -> str:
        """The frame for everybody who sees these inboxes (None: all); hidden events are bare numbers."""
        text = self._texts.get(inbox_ids)
        if text is None:
            parts = [
                self._event(event) if self._shows(event, inbox_ids) else f'{{"sequence":{event.sequence}}}'
                for event in self.events
            ]
            text = self._texts[inbox_ids] = f'{{"type":"events","events":[{",".join(parts)}]}}'
        return text

    def text_for_customer(self, identity_id: UUID) -> str | None:
        """The frame for one customer: messages of their own conversations, and how far an agent has read."""
        messages: dict[UUID, Row] = {}
        seen = None
        for event in self.events:
            if event.conversation_id is None or self.identities.get(event.conversation_id) != identity_id:
                continue
            row = self._message_of(event)
            shown = public_message(row) if row is not None else None
            if shown is not None:
                messages[shown["id"]] = shown
            if event.name == "conversation.seen":
                seen = max(seen or 0, int(event.payload["number"]))
        if not messages and seen is None:
            return None
        ordered = sorted(messages.values(), key=lambda message: message["number"])
        return as_json({"type": "messages", "messages": ordered, "seen": seen})

    def _shows(self, event: LoggedEvent, inbox_ids: frozenset[UUID] | None) -> bool:
        if inbox_ids is None:
            return True
        if event.conversation_id is not None:
            row = self.conversations.get(event.conversation_id)
            return row is not None and row["inbox_id"] in inbox_ids
        inbox_id = event.payload.get("inbox_id")
        return inbox_id is None or UUID(inbox_id) in inbox_ids

    def _event(self, event: LoggedEvent) -> str:
        text = self._written.get(event.sequence)
        if text is None:
            head = as_json(
                {
                    "sequence": event.sequence,
                    "name": event.name,
                    "at": event.happened_at,
                    "actor": {"kind": event.actor.kind, "id": event.actor.id},
                    "conversation_id": event.conversation_id,
                    "contact_id": event.contact_id,
                    "payload": event.payload,
                }
            )
            message = self._row(self._message_of(event))
            conversation = self._row(
                self.conversations.get(event.conversation_id) if event.conversation_id else None
            )
            text = f'{head[:-1]},"message":{message},"conversation":{conversation}}}'
            self._written[event.sequence] = text
        return text

    def _row(self, row: Row | None) -> str:
        if row is None:
            return "null"
        text = self._rows.get(row["id"])
        if text is None:
            text = self._rows[row["id"]] = as_json(row)
        return text

    def _message_of(self, event: LoggedEvent) -> Row | None:
        message_id = event.payload.get("message_id")
        return self.messages.get(UUID(message_id)) if message_id else None


def read_after(sequence: int, *, with_identities: bool, limit: int = MOST_AT_ONCE) -> Batch | None:
    """The events behind `sequence` with their rows; None when there are none. At most five queries."""
    events = events_after(sequence, limit)
    return build(events, with_identities=with_identities) if events else None


def read_missed(sequence: int) -> list[Batch] | None:
    """Everything behind the number a browser has, in batches; None when it must read the page again."""
    newest = newest_sequence()
    if not 0 <= newest - sequence <= MOST_MISSED:
        return None
    events = events_after(sequence, MOST_MISSED)
    if events and events[0].sequence != sequence + 1:  # older than the log
        return None
    starts = range(0, len(events), MOST_AT_ONCE)
    return [build(events[start : start + MOST_AT_ONCE], with_identities=False) for start in starts]


def build(events: Sequence[LoggedEvent], *, with_identities: bool) -> Batch:
    """Fetch the rows that the events speak of: two or three queries, however many events there are."""
    message_ids = {UUID(event.payload["message_id"]) for event in events if event.payload.get("message_id")}
    conversation_ids = {event.conversation_id for event in events if event.conversation_id is not None}
    return Batch(
        events=events,
        messages=queries.messages_by_id(message_ids) if message_ids else {},
        conversations=queries.conversations_by_id(conversation_ids) if conversation_ids else {},
        identities=_identities(conversation_ids) if with_identities and conversation_ids else {},
    )


def _identities(conversation_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    rows = Conversation.objects.filter(id__in=set(conversation_ids))
    return dict(rows.values_list("id", "identity_id"))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
