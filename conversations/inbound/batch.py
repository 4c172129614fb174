"""What a batch speaks of, in memory: messages, conversations and parked items, read once and under lock.

Customers are held first (`hold`), so nobody else writes about the same customer until our commit: what is
read here stays true, and everything can be decided in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from contacts.identify import Address, Found
from conversations.channels.items import (
    AudienceChange,
    CommentChanged,
    DeliveryReport,
    IncomingAttachment,
    IncomingMessage,
    Item,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)
from conversations.inbound.parked import Parked
from conversations.inbound.records import Entry, Outcome
from conversations.inbound.wait_rows import Interval, KnownWait

_REFERRING = (IncomingMessage, MessageEcho, MessageEdited, MessageUnsent, MessageReaction)


class Reference(NamedTuple):
    """A message as its platform names it."""

    inbox_id: UUID
    external_id: str


class Reach(NamedTuple):
    """Whether a contact's identity can be reached since then."""

    contact_id: UUID
    can: bool
    at: datetime


class Place(NamedTuple):
    """Whose thread it is: one conversation stands for it."""

    inbox_id: UUID
    identity_id: UUID
    thread: str


@dataclass(slots=True)
class Said:
    """A message, stored or about to be. `text` is None where a stored message's text was not read."""

    id: UUID
    inbox_id: UUID
    external_id: str
    conversation_id: UUID
    contact_id: UUID
    direction: str
    author_kind: str
    status: str
    sent_at: datetime
    edited_at: datetime | None = None
    unsent_at: datetime | None = None
    reaction: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    text: str | None = None
    kind: str = "text"
    number: int = 0
    reply_to: str = ""
    attachments: Sequence[IncomingAttachment] = ()
    received_at: datetime | None = None
    is_new: bool = False
    is_changed: bool = False


@dataclass(slots=True)
class Thread:
    """A conversation, under its row lock or about to be made."""

    id: UUID
    inbox_id: UUID
    identity_id: UUID
    contact_id: UUID
    thread: str
    status: str
    waiting_since: datetime | None
    last_customer_message_at: datetime | None
    reply_handle: str
    reply_handle_at: datetime | None
    message_count: int
    last_inbound_number: int
    last_message_text: str
    last_message_direction: str
    last_activity_at: datetime
    held_elsewhere_at: datetime | None = None
    is_new: bool = False
    is_changed: bool = False
    open_session_id: UUID | None = None  # read for sleepers only: who is open needs none
    new_session: tuple[UUID, datetime] | None = None
    session_from: datetime | None = None  # the running session began here already: a message of it came late
    waiting_before: datetime | None = None
    heard_from: datetime | None = None  # the earliest customer's message of this batch
    settled_number: int = 0  # messages up to here were done with when the thread was resolved
    unsettled_from: datetime | None = None
    """From here on the stored messages must be asked who waited: something came out of order."""

    @property
    def place(self) -> Place:
        return Place(self.inbox_id, self.identity_id, self.thread)


@dataclass(slots=True)
class Batch:
    """Everything that `apply` works on. What is changed here is written by `writing.write`."""

    entries: Sequence[Entry]
    people: dict[Address, Found] = field(default_factory=dict)
    erased: dict[Address, datetime] = field(
        default_factory=dict
    )  # addresses of erased persons, and since when
    said: dict[Reference, Said] = field(default_factory=dict)
    said_by_id: dict[UUID, Said] = field(default_factory=dict)
    threads: dict[UUID, Thread] = field(default_factory=dict)
    thread_at: dict[Place, Thread] = field(default_factory=dict)
    parked: dict[Reference, dict[str, Parked]] = field(default_factory=dict)
    parked_gone: set[UUID] = field(default_factory=set)
    settled: dict[UUID, str] = field(default_factory=dict)  # what became of records, unless they say so
    records_erased: set[UUID] = field(default_factory=set)
    moves: dict[UUID, Any] = field(default_factory=dict)
    marks: dict[tuple[UUID, UUID], Any] = field(default_factory=dict)
    accepted: dict[UUID, str] = field(default_factory=dict)
    holders: dict[UUID, datetime | None] = field(default_factory=dict)
    awaited: dict[tuple[UUID, str, str], list[UUID]] = field(default_factory=dict)
    """Our public answers without the platform's id, by conversation, comment answered (`to`) and text."""
    hidden: dict[UUID, tuple[bool, datetime]] = field(default_factory=dict)  # comments, and since when
    reachable: dict[UUID, Reach] = field(default_factory=dict)
    known_waits: dict[UUID, list[KnownWait]] = field(default_factory=dict)
    intervals: dict[UUID, list[Interval]] = field(default_factory=dict)

    def person(self, entry: Entry) -> Found | None:
        """Whose item it is, where it names a customer that we know."""
        return self.people.get(address_of(entry))

    def add_thread(self, thread: Thread) -> Thread:
        self.threads[thread.id] = thread
        self.thread_at[thread.place] = thread
        return thread

    def park(self, reference: Reference, item: Parked) -> None:
        self.parked.setdefault(reference, {})[item.kind] = item

    def unpark(self, reference: Reference, kind: str, outcome: str = Outcome.APPLIED) -> Parked | None:
        """Take a parked item out; its record is read now, with this outcome."""
        item = self.parked.get(reference, {}).pop(kind, None)
        if item is not None:
            if item.is_stored:
                self.parked_gone.add(item.id)
            if item.record_id is not None:
                self.settled[item.record_id] = outcome
        return item

    def settle(self, item: Parked, outcome: str) -> None:
        """Say what became of a parked item that was taken out."""
        if item.record_id is not None:
            self.settled[item.record_id] = outcome


def address_of(entry: Entry) -> Address:
    """The customer's address that an entry names ("" where it names none)."""
    return Address(
        entry.inbox.channel, entry.inbox.identity_scope, getattr(entry.arrival.item, "address", "")
    )


def references(entry: Entry) -> list[Reference]:
    """The messages that an item brings or speaks of, by the platform's ids."""
    item: Item = entry.arrival.item
    if isinstance(item, _REFERRING):
        return [Reference(entry.inbox.id, item.external_id)]
    if isinstance(item, CommentChanged):
        named = (item.comment_id, item.parent_id)
        return [Reference(entry.inbox.id, comment_id[:300]) for comment_id in named if comment_id]
    if isinstance(item, AudienceChange) and item.about:
        return [Reference(entry.inbox.id, item.about)]
    if isinstance(item, DeliveryReport):
        return [Reference(entry.inbox.id, external_id) for external_id in item.external_ids]
    return []


def own_message_id(item: Item) -> UUID | None:
    """The id of our message that an echo or a report carries as its correlation, where it is one."""
    if not isinstance(item, MessageEcho | DeliveryReport):
        return None
    try:
        return UUID(item.correlation)
    except ValueError:
        return None
