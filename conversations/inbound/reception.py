"""`receive`: records, then everything that follows from them, in one transaction; a poisonous item fails
alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection

from contacts.identify import Sought
from conversations.channels import registry
from conversations.channels.items import (
    AccountChange,
    AudienceChange,
    CommentChanged,
    DeliveryReport,
    IncomingMessage,
    MessageEcho,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
)
from conversations.inbound import (
    addresses,
    answers,
    changes,
    comments,
    forgotten,
    messages,
    news,
    parked,
    reading,
    records,
    reports,
    retries,
    writing,
)
from conversations.inbound import batch as batches
from conversations.inbound.arrivals import Arrival
from conversations.inbound.batch import Batch, Reference
from conversations.inbound.records import Entry
from conversations.models.messages import awaits_file
from tenants import failpoints, jobs
from tenants.statements import send_what_waits
from tenants.threads import is_connection_lost
from tenants.workspace.events import unit_of_work

logger = logging.getLogger(__name__)

_READINGS = 3
_SERVERS_TROUBLE = ("53", "58", "XX")
"""SQLSTATE classes that say "the server is in trouble", not "this item is": nobody's item is to blame."""

_HANDLERS: dict[type, Callable[[Batch, Entry, Any], str]] = {
    IncomingMessage: messages.take_incoming,
    MessageEcho: messages.take_echo,
    MessageEdited: changes.take_edit,
    MessageUnsent: changes.take_unsend,
    MessageReaction: changes.take_reaction,
    DeliveryReport: reports.take,
    AudienceChange: changes.take_audience_change,
    AccountChange: news.take,
    CommentChanged: comments.take,
}


def receive(arrivals: Sequence[Arrival]) -> None:
    """Store what platforms told us, and everything that follows, in one transaction of the scope's tenant.

    When it returns, every arrival is on disk: read, found to be a duplicate, or set aside for another try.
    When it raises, nothing of it is. The number of statements does not depend on the number of arrivals.
    """
    if not arrivals:
        return
    try:
        _receive(arrivals, _read_at_once)
    except Exception as error:
        if _is_database_trouble(error):
            raise
        _receive(arrivals, take)  # once more from the beginning, carefully: somebody's item is to blame
    failpoints.reach("inbound.after_commit")


_Reading = Callable[[Sequence[Entry]], list[tuple[Entry, Exception]]]


def _receive(arrivals: Sequence[Arrival], read: _Reading) -> None:
    with unit_of_work():
        failpoints.reach("inbound.before_insert")
        entries = answers.attribute(comments.as_messages(records.store(arrivals)))
        if entries:
            addresses.hold(entries)
            failed = read(entries)
            if failed:
                records.set_aside({entry.record_id: records.failure(error) for entry, error in failed})
                retries.defer_first([entry.record_id for entry, _ in failed])
            writing.touch_inboxes(_newest(entries))
        failpoints.reach("inbound.before_commit")


def _read_at_once(entries: Sequence[Entry]) -> list[tuple[Entry, Exception]]:
    """As almost always: without savepoints, which cost two round trips. Raises when anything fails."""
    apply(entries)
    return []


def take(entries: Sequence[Entry]) -> list[tuple[Entry, Exception]]:
    """Read recorded entries, each half by itself when the whole fails. Returns those that fail alone.

    Must run inside a unit of work, the customers held. Raises when the database itself is in trouble.
    """
    send_what_waits()  # that the customers could not be held is nobody's fault
    error = _try(entries)
    if error is None:
        return []
    if len(entries) == 1:
        logger.warning("an inbound item failed: %s", records.whereabouts(error))
        return [(entries[0], error)]
    middle = len(entries) // 2
    return [*take(entries[:middle]), *take(entries[middle:])]


def _try(entries: Sequence[Entry]) -> Exception | None:
    for _ in range(_READINGS):
        try:
            with unit_of_work():
                apply(entries)
        except writing.Overtaken as error:
            overtaken = error
        except Exception as error:
            if _is_database_trouble(error):
                raise
            return error
        else:
            return None
    return overtaken


def _is_database_trouble(error: Exception) -> bool:
    if connection.connection is None or connection.connection.broken or connection.connection.closed:
        return True
    if is_connection_lost(error):
        return True
    if not isinstance(error, DatabaseError):
        return False
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state.startswith(_SERVERS_TROUBLE)


def apply(entries: Sequence[Entry]) -> None:
    """Everything that recorded entries say. Raises whatever one of them causes; the caller rolls back."""
    batch = Batch(entries)
    named = _named_parked(batch)
    asked = parked.ask(named)
    reading.read_said(batch)
    comments.read_awaited(batch)
    forgotten.drop_timeless(batch)
    addresses.resolve(batch, _sought(batch))
    forgotten.drop(batch)
    places = {place for entry in batch.entries if (place := messages.place_of(batch, entry)) is not None}
    reading.read_threads(batch, places)
    reading.read_sessions(batch)
    waiting = parked.read(asked)
    if waiting:  # rare: again under the conversations' locks, which a worker may have held that applied them
        waiting = parked.read(parked.ask(named))
    batch.parked = {Reference(*name): items for name, items in waiting.items()}
    for entry in batch.entries:
        item = entry.arrival.item
        handle = _HANDLERS.get(type(item))
        outcome = records.expected(item) if handle is None else handle(batch, entry, item)
        if outcome != entry.noted:
            batch.settled[entry.record_id] = outcome
    writing.write(batch)
    _ask_profiles(batch)
    _ask_members(batch)
    _ask_files(batch)


def _sought(batch: Batch) -> list[Sought]:
    """Whom the batch names. Who brings a message is written down; others are only looked up."""
    found = []
    for entry in batch.entries:
        address, item = batches.address_of(entry), entry.arrival.item
        if not address.address:
            continue
        makes, at = messages.is_message(batch, entry), entry.arrival.happened_at
        if isinstance(item, IncomingMessage):
            found.append(Sought(address, makes, at, item.sender_name, item.sender_language, at))
        elif makes or isinstance(item, forgotten.SPEAKING):
            found.append(Sought(address, makes, told_at=at))
    return found


def _named_parked(batch: Batch) -> set[Reference]:
    """Under which names something may be parked for the batch."""
    wanted = {reference for entry in batch.entries for reference in batches.references(entry)}
    for entry in batch.entries:
        item = entry.arrival.item
        if isinstance(item, MessageEcho) or (isinstance(item, DeliveryReport) and item.watermark is not None):
            wanted.add(Reference(entry.inbox.id, parked.mark_name(item.address)))
    return wanted


def _ask_profiles(batch: Batch) -> None:
    """Ask who the new customers are, where their platform tells."""
    new = [
        {"identity_id": str(person.identity_id)}
        for address, person in batch.people.items()
        if person.is_new and registry.open(address.channel).capabilities.has_profiles
    ]
    jobs.defer_many("conversations.profiles.fetch", new, queue=jobs.BULK)


def _ask_members(batch: Batch) -> None:
    """Ask who spoke in a group, where the platform told a member's id alone."""
    senders = [
        (said.conversation_id, said.details["sender"])
        for said in batch.said_by_id.values()
        if said.is_new and "sender" in said.details
    ]
    nameless = {(str(talk_id), sender["id"]) for talk_id, sender in senders if not sender.get("name")}
    calls = [{"conversation_id": talk_id, "member": member} for talk_id, member in sorted(nameless)]
    jobs.defer_many("conversations.members.name", calls, queue=jobs.BULK)


def _ask_files(batch: Batch) -> None:
    """Let the files be fetched that came with the new messages."""
    new = [
        {"message_id": str(said.id)}
        for said in batch.said_by_id.values()
        if said.is_new and any(awaits_file(part.kind, part.url, part.media_id) for part in said.attachments)
    ]
    jobs.defer_many("conversations.files.incoming.fetch", new, queue=jobs.BULK)


def _newest(entries: Sequence[Entry]) -> dict[UUID, datetime]:
    """When each inbox was heard of last, where that is to be noted."""
    newest: dict[UUID, datetime] = {}
    for entry in entries:
        if not entry.inbox.was_quiet:
            continue
        at = entry.arrival.received_at
        newest[entry.inbox.id] = max(newest.get(entry.inbox.id, at), at)
    return newest
