"""Events as the browsers get them: read once per batch, put together once, shared by equal audiences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from conversations import queries
from conversations.channels import cards
from conversations.queries import Row
from conversations.realtime import reading
from conversations.realtime.reading import LiveEvent
from tenants.workspace.log import newest_sequence

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
    return _encoded(value)


def public_message(row: Row) -> Row | None:
    """What a visitor of the website chat may see of a message row; None for one that was given up.

    An answer is shown as soon as its row stands: no platform lies between. `client_id` is the visitor's own
    name of a message.
    """
    if row["status"] in _NOT_FOR_THE_CUSTOMER:
        return None
    own_name = row["external_id"] if row["direction"] == "in" else None
    shown = {name: row[name] for name in _PUBLIC_MESSAGE_FIELDS}
    if row["cards"]:
        in_words = cards.as_text([cards.read(card) for card in row["cards"]])
        shown["text"] = "\n\n".join(filter(None, [row["text"], in_words]))
    return {**shown, "client_id": own_name}


@dataclass(slots=True)
class Batch:
    """A run of events with the rows they speak of, and the texts made of them so far."""

    events: Sequence[LiveEvent]
    messages: Mapping[UUID, Row]
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
                self._whole(event) if _shows(event, inbox_ids) else f'{{"sequence":{event.sequence}}}'
                for event in self.events
            ]
            text = self._texts[inbox_ids] = f'{{"type":"events","events":[{",".join(parts)}]}}'
        return text

    def text_for_customer(self, identity_id: UUID) -> str | None:
        """The frame for one customer: messages of their own conversations, and how far an agent has read."""
        messages: dict[UUID, Row] = {}
        seen = None
        for event in self.events:
            if event.identity_id != identity_id:
                continue
            row = self.messages.get(event.message_id) if event.message_id else None
            shown = public_message(row) if row is not None else None
            if shown is not None:
                messages[shown["id"]] = shown
            if event.seen_up_to is not None:
                seen = max(seen or 0, event.seen_up_to)
        if not messages and seen is None:
            return None
        ordered = sorted(messages.values(), key=lambda message: message["number"])
        return as_json({"type": "messages", "messages": ordered, "seen": seen})

    def _whole(self, event: LiveEvent) -> str:
        message, conversation = self._message(event.message_id), event.conversation_json or "null"
        return f'{event.head_json[:-1]},"message":{message},"conversation":{conversation}}}'

    def _message(self, message_id: UUID | None) -> str:
        row = self.messages.get(message_id) if message_id else None
        if message_id is None or row is None:
            return "null"
        text = self._rows.get(message_id)
        if text is None:
            text = self._rows[message_id] = as_json(row)
        return text


def _shows(event: LiveEvent, inbox_ids: frozenset[UUID] | None) -> bool:
    if inbox_ids is None:
        return True
    if event.inbox_id is None:  # nobody's in particular; of a conversation that is gone: hidden
        return event.conversation_id is None
    return event.inbox_id in inbox_ids


def read_after(sequence: int) -> Batch | None:
    """The events behind `sequence` with their rows; None when there are none. At most three queries."""
    events = reading.events_after(sequence)
    return _batch(events) if events else None


def read_missed(sequence: int) -> list[Batch] | None:
    """Everything behind the number a browser has, in batches; None when it must read the page again."""
    newest = newest_sequence()
    if not 0 <= newest - sequence <= MOST_MISSED:
        return None
    events = reading.events_after(sequence, MOST_MISSED)
    if events and events[0].sequence != sequence + 1:  # older than the log
        return None
    starts = range(0, len(events), reading.MOST_AT_ONCE)
    return [_batch(events[start : start + reading.MOST_AT_ONCE]) for start in starts]


def _batch(events: Sequence[LiveEvent]) -> Batch:
    message_ids = {event.message_id for event in events if event.message_id is not None}
    return Batch(events, queries.messages_by_id(message_ids) if message_ids else {})


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_encoded = json.JSONEncoder(default=_plain, separators=(",", ":"), ensure_ascii=False).encode
