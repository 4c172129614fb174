"""How far our messages came. States only move forward, whatever the order in which reports arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from conversations.channels import email_heads
from conversations.channels.items import DeliveryReport
from conversations.channels.outgoing import PUBLIC
from conversations.events import MessageDelivered, MessageFailed, MessageRead, MessageSent
from conversations.inbound.batch import Batch, Reference, Said, own_message_id
from conversations.inbound.parked import Parked, mark_name
from conversations.inbound.records import WAITS, Entry, Outcome
from conversations.models import Message
from tenants import jobs
from tenants.statements import prepared
from tenants.workspace.events import SYSTEM, DomainEvent, record

FORWARD = ("pending", "unconfirmed", "skipped", "sent", "failed", "delivered", "read")
"""A report moves a message to the right only. `failed` stays, unless it was delivered or read after all."""

DELIVER = "conversations.delivering.deliver"
_HEAVIEST_FIRST = (WAITS, Outcome.APPLIED, Outcome.OUTDATED, Outcome.UNRELATED)
_BLOCKING = ("pending", "unconfirmed", "failed")
_MARKS = ("delivered", "read")


@dataclass(frozen=True, slots=True)
class Move:
    """Where a report moves one message."""

    status: str
    at: datetime
    error_kind: str = ""
    error_detail: str = ""


def rank(status: str) -> int:
    """The place of a status on its way."""
    return FORWARD.index(status)


def take(batch: Batch, entry: Entry, item: DeliveryReport) -> str:
    """A report about single messages, or about all that were sent up to a moment."""
    at, outcomes = entry.arrival.happened_at, {Outcome.UNRELATED.value}
    for external_id in item.external_ids:
        reference = Reference(entry.inbox.id, external_id[:300])
        said = batch.said.get(reference) or _named_by_us(batch, reference, item)
        if said is not None and email_heads.is_copy(said.details, item.address):
            outcomes.add(Outcome.UNRELATED)  # the customer's own mail may have come all the same
        elif said is not None:
            outcomes.add(_tell(batch, said, _move(item, at)))
        else:
            outcomes.add(_park(batch, entry, reference, _move(item, at)))
    if item.watermark is not None and item.status in _MARKS:
        _mark(batch, entry, item.address, item.status, min(item.watermark, at))
        outcomes.add(Outcome.APPLIED)
    return next(each for each in _HEAVIEST_FIRST if each in outcomes)


def _named_by_us(batch: Batch, reference: Reference, item: DeliveryReport) -> Said | None:
    """Our message that a report names by our own id, before the platform's answer told us its id: we learn it."""
    own_id = own_message_id(item)
    own = batch.said_by_id.get(own_id) if own_id is not None else None
    if own is None or own.inbox_id != reference.inbox_id or own.direction != Message.Direction.OUT:
        return None
    if not own.external_id:
        own.external_id = reference.external_id
        batch.accepted[own.id] = reference.external_id
        batch.said[reference] = own
    return own


def move(batch: Batch, message_id: UUID, status: str, at: datetime) -> None:
    """A stored message came to `status`; written with all the others of the batch."""
    _note(batch, message_id, Move(status, at))


def apply_parked(batch: Batch, said: Said, address: str) -> None:
    """Reports that came before the message (or its platform id) did."""
    reference = Reference(said.inbox_id, said.external_id)
    for status in ("sent", "failed", "delivered", "read"):
        parked = batch.unpark(reference, status)
        if parked is not None:
            batch.settle(parked, _tell(batch, said, _unparked(parked)))
    if is_public(said.details):
        return
    for status, mark in batch.parked.get(Reference(said.inbox_id, mark_name(address)), {}).items():
        if said.sent_at <= mark.happened_at:
            _tell(batch, said, Move(status, mark.happened_at))


def is_public(details: Mapping[str, Any]) -> bool:
    """Whether a message of ours stands below a comment: what its customer has read says nothing of it."""
    return str(details.get("to", "")).startswith(PUBLIC)


def _unparked(item: Parked) -> Move:
    content = item.content
    return Move(item.kind, item.happened_at, content.get("error_kind", ""), content.get("error_detail", ""))


def _move(item: DeliveryReport, at: datetime) -> Move:
    if item.error is None:
        return Move(item.status, at)
    return Move(item.status, at, item.error.kind, f"{item.error.code} {item.error.detail}".strip()[:500])


def _tell(batch: Batch, said: Said, told: Move) -> str:
    if said.direction != Message.Direction.OUT:
        return Outcome.UNRELATED
    is_news = rank(told.status) > rank(said.status)
    if (
        not said.is_new
    ):  # its status may have changed since it was read: the statement that writes looks again
        _note(batch, said.id, told)
    elif is_news:
        said.status = told.status
        _announce(told.status, said.conversation_id, said.contact_id, said.id, told)
    return Outcome.APPLIED if is_news else Outcome.OUTDATED


def _note(batch: Batch, message_id: UUID, told: Move) -> None:
    known = batch.moves.get(message_id)
    if known is None or rank(told.status) > rank(known.status):
        batch.moves[message_id] = told


def _park(batch: Batch, entry: Entry, reference: Reference, told: Move) -> str:
    if told.status in batch.parked.get(reference, {}):
        return Outcome.OUTDATED
    content = {"record": str(entry.record_id)}
    if told.error_kind:
        content |= {"error_kind": told.error_kind, "error_detail": told.error_detail}
    batch.park(reference, Parked(told.status, told.at, content))
    return WAITS


def _mark(batch: Batch, entry: Entry, address: str, status: str, mark: datetime) -> None:
    """Everything up to `mark`: for what is stored now, and for what an echo still brings."""
    reference = Reference(entry.inbox.id, mark_name(address))
    known = batch.parked.get(reference, {}).get(status)
    if known is None or known.happened_at < mark:
        batch.park(reference, Parked(status, mark))
    person = batch.person(entry)
    if person is not None:
        marks = batch.marks.setdefault((entry.inbox.id, person.identity_id), {})
        marks[status] = max(marks.get(status, mark), mark)
    for said in batch.said_by_id.values():  # told in this very batch: not stored yet
        at_home = said.is_new and said.inbox_id == entry.inbox.id and not is_public(said.details)
        if at_home and person is not None and said.contact_id == person.contact_id and said.sent_at <= mark:
            _tell(batch, said, Move(status, mark))


def write(batch: Batch) -> None:
    """Move the stored messages. One statement for reports by id, one for those by time."""
    if batch.moves:
        _write_moves(batch)
    if batch.marks:
        _write_marks(batch)


def _write_moves(batch: Batch) -> None:
    moves = sorted(batch.moves.items())
    with prepared() as cursor:
        cursor.execute(
            """
            UPDATE conversations_message m
               SET status = told.status, error_kind = told.error_kind, error_detail = told.error_detail
              FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(kinds)s::text[], %(details)s::text[])
                   AS told (id, status, error_kind, error_detail), conversations_conversation c,
                   conversations_message before
             WHERE m.id = told.id AND c.id = m.conversation_id AND m.direction = 'out' AND before.id = m.id
               AND array_position(%(forward)s::text[], m.status::text)
                   < array_position(%(forward)s::text[], told.status)
            RETURNING m.id, m.conversation_id, c.contact_id, m.status,
                      before.status = ANY (%(blocking)s::text[]) AND NOT m.status = 'failed' AND EXISTS (
                      SELECT FROM conversations_message behind
                       WHERE behind.conversation_id = m.conversation_id AND behind.number > m.number
                         AND behind.status = 'pending')
            """,
            {
                "ids": [message_id for message_id, _ in moves],
                "statuses": [told.status for _, told in moves],
                "kinds": [told.error_kind for _, told in moves],
                "details": [told.error_detail for _, told in moves],
                "forward": list(FORWARD),
                "blocking": list(_BLOCKING),
            },
        )
        rows = cursor.fetchall()
    for message_id, conversation_id, contact_id, status, _ in sorted(rows):
        _announce(status, conversation_id, contact_id, message_id, batch.moves[message_id])
    _send_on({conversation_id for _, conversation_id, _, _, lets_others_go in rows if lets_others_go})


def _send_on(conversation_ids: set[UUID]) -> None:
    """A sign of life of the message in front lets those behind it go."""
    jobs.defer_many(DELIVER, [{"conversation_id": str(each)} for each in sorted(conversation_ids)])


def _write_marks(batch: Batch) -> None:
    marks = sorted(batch.marks.items())
    with prepared() as cursor:
        cursor.execute(
            """
            UPDATE conversations_message m
               SET status = CASE WHEN m.sent_at <= mark.read_up_to THEN 'read' ELSE 'delivered' END
              FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::timestamptz[])
                   AS mark (inbox_id, identity_id, delivered_up_to, read_up_to)
              JOIN conversations_conversation c
                   ON c.identity_id = mark.identity_id AND c.inbox_id = mark.inbox_id
             WHERE m.conversation_id = c.id AND m.direction = 'out' AND m.status IN ('sent', 'delivered')
               AND NOT coalesce(starts_with(m.details->>'to', 'comment:'), FALSE)
               AND (m.sent_at <= mark.read_up_to OR m.status = 'sent' AND m.sent_at <= mark.delivered_up_to)
            RETURNING m.id, m.conversation_id, c.contact_id, m.status, mark.delivered_up_to, mark.read_up_to
            """,
            [
                [inbox_id for (inbox_id, _), _ in marks],
                [identity_id for (_, identity_id), _ in marks],
                [up_to.get("delivered") for _, up_to in marks],
                [up_to.get("read") for _, up_to in marks],
            ],
        )
        rows = cursor.fetchall()
    for message_id, conversation_id, contact_id, status, delivered_up_to, read_up_to in sorted(rows):
        at = read_up_to if status == "read" else delivered_up_to
        _announce(status, conversation_id, contact_id, message_id, Move(status, at))


def _announce(status: str, conversation_id: UUID, contact_id: UUID, message_id: UUID, told: Move) -> None:
    where = {"conversation_id": conversation_id, "contact_id": contact_id, "message_id": message_id}
    event: DomainEvent
    if status == "sent":
        event = MessageSent(**where)
    elif status == "delivered":
        event = MessageDelivered(**where)
    elif status == "read":
        event = MessageRead(**where)
    else:
        event = MessageFailed(**where, error_kind=told.error_kind)
    record(event, by=SYSTEM, happened_at=told.at)
