"""Public comments as messages: what one person writes below one post is a thread of its own.

A comment reads like a message of its author, a change of it like a change of that message. What the account itself
wrote below a comment, and who may see a comment, has no likeness among messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from conversations.channels.items import CommentChanged, IncomingMessage, Item, MessageEdited, MessageUnsent
from conversations.channels.outgoing import PUBLIC
from conversations.events import MessageEchoed
from conversations.events import MessageUnsent as MessageGone
from conversations.inbound import reading, reports, threads
from conversations.inbound.batch import Batch, Reference, Said
from conversations.inbound.parked import Parked
from conversations.inbound.records import WAITS, Entry, Outcome
from conversations.models import POST, Message
from tenants.statements import prepared
from tenants.workspace.events import SYSTEM, record

HIDDEN = "hidden"
"""The kind of what is parked until the comment comes that was hidden, or shown again."""


def as_messages(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, each comment of a customer as the message that it is like."""
    return [_as_message(entry) for entry in entries]


def _as_message(entry: Entry) -> Entry:
    item = entry.arrival.item
    if not isinstance(item, CommentChanged):
        return entry
    return replace(entry, arrival=replace(entry.arrival, item=_message(item)))


def _message(item: CommentChanged) -> Item:
    if item.by_account:
        return item
    common = {
        "account_id": item.account_id,
        "event_id": item.event_id,
        "happened_at": item.happened_at,
        "raw": item.raw,
        "address": item.address,
        "external_id": item.comment_id,
    }
    if item.change == "edited":
        return MessageEdited(**common, text=item.text)  # type: ignore[arg-type]
    if item.change == "removed":
        return MessageUnsent(**common)  # type: ignore[arg-type]
    if item.change != "added":
        return item
    post_id = item.post_id or item.comment_id
    facts = {"id": item.comment_id, "post_id": post_id, "parent_id": item.parent_id, "post": dict(item.post)}
    return IncomingMessage(
        **common,  # type: ignore[arg-type]
        text=item.text,
        kind="attachment" if item.attachments and not item.text else "text",
        attachments=item.attachments,
        reply_to=item.parent_id,
        thread=f"{POST}{post_id}",
        sender_name=item.sender_name,
        details={"comment": facts},
    )


def read_awaited(batch: Batch) -> None:
    """Our answers that comments of the account itself may be: Meta puts no mark of ours on them. At most two queries,
    and none where the account wrote nothing."""
    answered = {
        said.conversation_id
        for entry in batch.entries
        if isinstance(item := entry.arrival.item, CommentChanged) and _is_own_and_new(batch, entry, item)
        if (said := batch.said.get(Reference(entry.inbox.id, item.parent_id[:300]))) is not None
    }
    if not answered:
        return
    with prepared() as cursor:
        cursor.execute(
            """
            SELECT id, conversation_id, details->>'to', text FROM conversations_message
             WHERE conversation_id = ANY (%s) AND status IN ('pending', 'unconfirmed') AND external_id = ''
               AND starts_with(details->>'to', 'comment:') ORDER BY number
            """,
            [sorted(answered)],
        )
        rows = cursor.fetchall()
    for message_id, conversation_id, to, text in rows:
        batch.awaited.setdefault((conversation_id, to, text.strip()), []).append(message_id)
    if rows:
        reading.read_messages(batch, (), [row[0] for row in rows])


def _is_own_and_new(batch: Batch, entry: Entry, item: CommentChanged) -> bool:
    is_known = Reference(entry.inbox.id, item.comment_id[:300]) in batch.said
    return item.by_account and item.change == "added" and bool(item.parent_id) and not is_known


def take(batch: Batch, entry: Entry, item: CommentChanged) -> str:
    """A comment was hidden or shown again; or the account itself wrote one, or took it back."""
    reference, at = Reference(entry.inbox.id, item.comment_id[:300]), entry.arrival.happened_at
    known = batch.said.get(reference)
    if item.change in {"hidden", "unhidden"}:
        if known is None:
            return _park(batch, entry, reference, item.change == "hidden", at)
        return _note_hidden(batch, known, item.change == "hidden", at)
    if item.by_account and item.change == "added":
        return _append_own(batch, entry, item, reference) if known is None else Outcome.OURS
    if item.by_account and item.change == "removed":
        return _remove_own(batch, known, at) if known is not None else Outcome.UNRELATED
    return Outcome.NOT_READ


def apply_parked(batch: Batch, said: Said) -> None:
    """Do to a comment what was told before it came."""
    parked = batch.unpark(Reference(said.inbox_id, said.external_id), HIDDEN)
    if parked is not None:
        is_hidden = bool(parked.content.get("hidden"))
        batch.settle(parked, _note_hidden(batch, said, is_hidden, parked.happened_at))


def _append_own(batch: Batch, entry: Entry, item: CommentChanged, reference: Reference) -> str:
    """Somebody answered a comment as the account, on the platform: it stands below what it answers. What answers
    nothing that we know belongs to no customer."""
    answered = batch.said.get(Reference(entry.inbox.id, item.parent_id[:300])) if item.parent_id else None
    thread = batch.threads.get(answered.conversation_id) if answered is not None else None
    if answered is None or thread is None:
        return Outcome.UNRELATED
    to = f"{PUBLIC}{item.parent_id}"
    ours = batch.awaited.get((thread.id, to, item.text.strip()))
    if ours:
        _recognise(batch, entry, ours.pop(0), reference)
        return Outcome.OURS
    said = Said(
        id=entry.record_id,
        inbox_id=entry.inbox.id,
        external_id=reference.external_id,
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        direction=Message.Direction.OUT,
        author_kind=Message.Author.OUTSIDE,
        status=Message.Status.SENT,
        sent_at=entry.arrival.happened_at,
        text=item.text,
        kind=Message.Kind.ATTACHMENT if item.attachments and not item.text else Message.Kind.TEXT,
        attachments=item.attachments,
        received_at=entry.arrival.received_at,
        details={"to": to},
        is_new=True,
    )
    threads.cut(said)
    threads.append(thread, said)
    threads.question_waits(thread, said.sent_at)
    batch.said[reference] = said
    batch.said_by_id[said.id] = said
    echoed = MessageEchoed(
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        message_id=said.id,
        inbox_id=thread.inbox_id,
        number=said.number,
    )
    record(echoed, by=SYSTEM, happened_at=said.sent_at)
    return Outcome.THREADED


def _recognise(batch: Batch, entry: Entry, message_id: UUID, reference: Reference) -> None:
    """It is an answer of ours whose sending is not settled yet: we learn its id, and that it went out."""
    said = batch.said_by_id[message_id]
    said.external_id = reference.external_id
    batch.accepted[said.id] = reference.external_id
    batch.said[reference] = said
    reports.move(batch, said.id, Message.Status.SENT, entry.arrival.happened_at)


def _remove_own(batch: Batch, said: Said, at: datetime) -> str:
    if said.direction != Message.Direction.OUT or said.unsent_at is not None:
        return Outcome.OUTDATED
    said.text, said.attachments = "", ()
    said.unsent_at, said.is_changed = at, True
    threads.refresh_preview(batch.threads[said.conversation_id], said)
    gone = MessageGone(conversation_id=said.conversation_id, contact_id=said.contact_id, message_id=said.id)
    record(gone, by=SYSTEM, happened_at=at)
    return Outcome.APPLIED


def _note_hidden(batch: Batch, said: Said, hidden: bool, at: datetime) -> str:
    known = batch.hidden.get(said.id)
    if said.direction != Message.Direction.IN:
        return Outcome.UNRELATED
    if known is not None and known[1] >= at:
        return Outcome.OUTDATED
    batch.hidden[said.id] = (hidden, at)
    return Outcome.APPLIED


def _park(batch: Batch, entry: Entry, reference: Reference, hidden: bool, at: datetime) -> str:
    known = batch.parked.get(reference, {}).get(HIDDEN)
    if known is not None and known.happened_at >= at:
        return Outcome.OUTDATED
    if known is not None:
        batch.unpark(reference, HIDDEN, Outcome.OUTDATED)
    batch.park(reference, Parked(HIDDEN, at, {"hidden": hidden, "record": str(entry.record_id)}))
    return WAITS
