"""Messages that come in: a customer's own, and echoes of what was sent to them."""

from __future__ import annotations

from conversations.channels.items import IncomingMessage, MessageEcho
from conversations.events import MessageEchoed, MessageReceived
from conversations.inbound import changes, comments, holders, reports, threads
from conversations.inbound.batch import (
    Batch,
    Place,
    Reference,
    Said,
    Thread,
    own_message_id,
)
from conversations.inbound.records import Entry, Outcome
from conversations.models import Conversation, Message
from tenants.workspace.events import SYSTEM, Actor, record

Status = Conversation.Status
_KINDS = frozenset(Message.Kind.values)


def place_of(batch: Batch, entry: Entry) -> Place | None:
    """The thread that an entry's message belongs to; None when it brings no message of its own."""
    item, person = entry.arrival.item, batch.person(entry)
    if person is None or not is_message(batch, entry):
        return None
    thread = item.thread if isinstance(item, IncomingMessage) else ""
    return Place(entry.inbox.id, person.identity_id, thread[:200])


def is_message(batch: Batch, entry: Entry) -> bool:
    """Whether an entry brings a message that we do not have: a referral brings none, nor does an echo of
    ours."""
    item = entry.arrival.item
    if isinstance(item, IncomingMessage):
        return item.kind != "referral" and Reference(entry.inbox.id, item.external_id) not in batch.said
    if isinstance(item, MessageEcho):
        return _twin(batch, entry, item) is None
    return False


def take_incoming(batch: Batch, entry: Entry, item: IncomingMessage) -> str:
    """A customer wrote: append it to their thread, which opens and waits. What a machine of theirs wrote opens
    nothing but a thread that nobody has spoken in, and waits for nobody."""
    reference = Reference(entry.inbox.id, item.external_id)
    known = batch.said.get(reference)
    if known is not None:
        if known.unsent_at is None:
            return Outcome.KNOWN
        batch.records_erased.add(entry.record_id)  # told again after it was taken back
        return Outcome.WITHDRAWN
    place = place_of(batch, entry)
    if place is None:
        return Outcome.NOT_READ if item.kind == "referral" else Outcome.UNRELATED
    thread = batch.thread_at.get(place) or threads.begin(batch, entry, place, Status.OPEN)
    said = _said(batch, entry, thread, item)
    is_first = thread.is_new and thread.message_count == 0
    if is_first or not item.is_automatic:
        threads.open_for(thread, said)
    threads.append(thread, said)
    holders.note(batch, thread, said.sent_at, is_standby=item.is_standby)
    if not item.is_automatic:
        threads.wait(thread, said)
    thread.last_inbound_number = said.number
    if not item.opens_brief_window:
        thread.last_customer_message_at = max(thread.last_customer_message_at or said.sent_at, said.sent_at)
    if item.reply_handle and said.sent_at >= (thread.last_customer_message_at or said.sent_at):
        thread.reply_handle, thread.reply_handle_at = item.reply_handle[:200], entry.arrival.received_at
    _keep(batch, said, reference)
    received = MessageReceived(
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        message_id=said.id,
        inbox_id=thread.inbox_id,
        number=said.number,
    )
    record(received, by=Actor("contact", thread.contact_id), happened_at=said.sent_at)
    changes.apply_parked(batch, said)
    if "comment" in item.details:
        comments.apply_parked(batch, said)
    return Outcome.THREADED


def take_echo(batch: Batch, entry: Entry, item: MessageEcho) -> str:
    """Something was sent as the account. Ours: we learn its id. Somebody else's: it stands in the thread and
    answers the customer, but never opens a conversation for the desk."""
    reference = Reference(entry.inbox.id, item.external_id)
    twin = _twin(batch, entry, item)
    if twin is not None:
        if twin.direction == Message.Direction.OUT and twin.author_kind != Message.Author.OUTSIDE:
            _recognise(batch, entry, twin, reference)
            return Outcome.OURS
        return Outcome.KNOWN
    place = place_of(batch, entry)
    if place is None:
        return Outcome.UNRELATED
    thread = batch.thread_at.get(place) or threads.begin(batch, entry, place, Status.RESOLVED)
    said = _said(batch, entry, thread, item)
    threads.append(thread, said)
    if item.is_standby:
        holders.note(batch, thread, said.sent_at, is_standby=True)
    threads.question_waits(thread, said.sent_at)
    _keep(batch, said, reference)
    echoed = MessageEchoed(
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        message_id=said.id,
        inbox_id=thread.inbox_id,
        number=said.number,
    )
    record(echoed, by=SYSTEM, happened_at=said.sent_at)
    changes.apply_parked(batch, said)
    reports.apply_parked(batch, said, item.address)
    return Outcome.THREADED


def _twin(batch: Batch, entry: Entry, item: MessageEcho) -> Said | None:
    """The message of ours (or the echo told before) that an echo speaks of."""
    known = batch.said.get(Reference(entry.inbox.id, item.external_id))
    if known is not None:
        return known
    own_id = own_message_id(item)
    own = batch.said_by_id.get(own_id) if own_id is not None else None
    is_ours = own is not None and own.inbox_id == entry.inbox.id and own.direction == Message.Direction.OUT
    return own if is_ours else None


def _recognise(batch: Batch, entry: Entry, twin: Said, reference: Reference) -> None:
    if not twin.external_id:
        twin.external_id = reference.external_id
        batch.accepted[twin.id] = reference.external_id
        batch.said[reference] = twin
    reports.move(batch, twin.id, Message.Status.SENT, entry.arrival.happened_at)
    reports.apply_parked(batch, twin, entry.arrival.item.address)  # type: ignore[attr-defined]
    changes.apply_parked(batch, twin)


def _said(batch: Batch, entry: Entry, thread: Thread, item: IncomingMessage | MessageEcho) -> Said:
    """The message as it will be stored, under its record's id."""
    incoming = isinstance(item, IncomingMessage)
    said = Said(
        id=entry.record_id,
        inbox_id=entry.inbox.id,
        external_id=item.external_id,
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        direction=Message.Direction.IN if incoming else Message.Direction.OUT,
        author_kind=Message.Author.CONTACT if incoming else Message.Author.OUTSIDE,
        status=Message.Status.RECEIVED if incoming else Message.Status.SENT,
        sent_at=entry.arrival.happened_at,
        text=item.text,
        kind=item.kind if item.kind in _KINDS else Message.Kind.UNSUPPORTED,
        attachments=item.attachments,
        received_at=entry.arrival.received_at,
        is_new=True,
    )
    if isinstance(item, IncomingMessage):
        said.reply_to = item.reply_to
        told = {
            **item.details,
            "postback": item.postback,
            "referral": item.referral,
            "is_automatic": item.is_automatic,
        }
        said.details = {name: value for name, value in told.items() if value}
    threads.cut(said)
    return said


def _keep(batch: Batch, said: Said, reference: Reference) -> None:
    batch.said[reference] = said
    batch.said_by_id[said.id] = said
