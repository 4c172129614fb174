"""Persons who were erased: what platforms tell again of the time before is dropped, what is new begins anew."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from contacts.erased_addresses import digest_of_name
from conversations.channels.items import (
    UNKNOWN_TIME,
    AudienceChange,
    CommentChanged,
    DeliveryReport,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
    UnknownItem,
)
from conversations.inbound import batch as batches
from conversations.inbound.batch import Batch, Reference
from conversations.inbound.records import Entry
from conversations.models import InboundRecord
from tenants.arrays import columns
from tenants.statements import prepared

SPEAKING = (
    AudienceChange,
    CommentChanged,
    DeliveryReport,
    MessageEdited,
    MessageReaction,
    MessageUnsent,
    UnknownItem,
)
"""What speaks of a customer without bringing a message: who it is, is asked too."""


def drop_timeless(batch: Batch) -> None:
    """Take out what repeats an erased message without saying when it was written: before anybody becomes a contact
    by it. One query, if anything came without its time."""
    _drop(batch, _repeating(entry for entry in batch.entries if _is_timeless(entry)))


def drop(batch: Batch) -> None:
    """Take out what speaks of the time before an erasure: by the platform's time, or by the id of an erased message.
    One query, if anybody was erased."""
    suspects = [entry for entry in batch.entries if batches.address_of(entry) in batch.erased]
    old = {
        entry.record_id
        for entry in suspects
        if entry.arrival.happened_at <= batch.erased[batches.address_of(entry)]
    }
    _drop(batch, old | _repeating(entry for entry in suspects if entry.record_id not in old))


def _is_timeless(entry: Entry) -> bool:
    return entry.arrival.item.happened_at >= UNKNOWN_TIME


def _drop(batch: Batch, gone: set[UUID]) -> None:
    """The records stay, empty, with the reason."""
    if gone:
        batch.records_erased |= gone
        batch.settled.update(dict.fromkeys(gone, InboundRecord.Outcome.ERASED))
        batch.entries = [entry for entry in batch.entries if entry.record_id not in gone]


def _repeating(entries: Iterable[Entry]) -> set[UUID]:
    """The records of those that name an erased message."""
    named: dict[Reference, set[UUID]] = {}
    for entry in entries:
        for each in batches.references(entry):
            hidden = Reference(each.inbox_id, digest_of_name(each.external_id))
            named.setdefault(hidden, set()).add(entry.record_id)
    if not named:
        return set()
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT m.inbox_id, m.external_id FROM unnest(%s::uuid[], %s::text[]) AS k (inbox_id, external_id)
              JOIN conversations_message m USING (inbox_id, external_id) WHERE NOT m.external_id = ''
            """,
            columns(sorted(named)),
        )
        return {record_id for row in cursor.fetchall() for record_id in named[Reference(*row)]}
