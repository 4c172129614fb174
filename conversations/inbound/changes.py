"""Edits, unsends, reactions and audience changes: what customers do to messages, and to us.

What comes before its message is parked. Of two edits the one made later stands, whichever comes first; what
was taken back stays away, whatever comes afterwards.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from contacts.events import ContactOpted
from conversations import events
from conversations.channels.items import AudienceChange, MessageEdited, MessageReaction, MessageUnsent
from conversations.inbound import threads
from conversations.inbound.batch import Batch, Reach, Reference, Said
from conversations.inbound.parked import Parked
from conversations.inbound.records import WAITS, Entry, Outcome
from conversations.models import Message
from tenants.workspace.events import Actor, record

_GONE = frozenset({"unfollowed", "opted_out"})
_WISHES = frozenset({"opted_in", "opted_out"})  # what they said of messages, not of us
_REACTION_LIMIT = 32


def take_edit(batch: Batch, entry: Entry, item: MessageEdited) -> str:
    """The customer changed a message."""
    reference = Reference(entry.inbox.id, item.external_id)
    said = batch.said.get(reference)
    if said is not None:
        return _edit(batch, said, item.text, entry.arrival.happened_at, entry.record_id)
    if "unsent" in batch.parked.get(reference, {}):
        batch.records_erased.add(entry.record_id)
        return Outcome.WITHDRAWN
    return _park(batch, entry, reference, "edited", {"text": item.text})


def take_unsend(batch: Batch, entry: Entry, item: MessageUnsent) -> str:
    """The customer took a message back: its content goes everywhere, its place stays."""
    reference = Reference(entry.inbox.id, item.external_id)
    said = batch.said.get(reference)
    if said is not None:
        return _unsend(batch, said, entry.arrival.happened_at)
    edit = batch.unpark(reference, "edited", Outcome.WITHDRAWN)
    if edit is not None and edit.record_id is not None:
        batch.records_erased.add(edit.record_id)
    return _park(batch, entry, reference, "unsent", {})


def take_reaction(batch: Batch, entry: Entry, item: MessageReaction) -> str:
    """The customer reacted to a message, theirs or ours."""
    reference = Reference(entry.inbox.id, item.external_id)
    said = batch.said.get(reference)
    if said is not None:
        return _react(said, item.emoji, entry.arrival.happened_at)
    return _park(batch, entry, reference, "reaction", {"emoji": item.emoji})


def take_audience_change(batch: Batch, entry: Entry, item: AudienceChange) -> str:
    """The customer came back or went: we know whether they can be reached. Strangers are not written down. Of two
    changes the one made later stands, whichever comes first."""
    person = batch.person(entry)
    if person is None or not _may_tell(batch, entry, item, person.contact_id):
        return Outcome.UNRELATED
    known, at = batch.reachable.get(person.identity_id), entry.arrival.happened_at
    if known is None or known.at <= at:
        batch.reachable[person.identity_id] = Reach(person.contact_id, item.change not in _GONE, at)
    if item.change in _WISHES:
        wish = ContactOpted(contact_id=person.contact_id, channel=entry.inbox.channel, change=item.change)
        record(wish, by=Actor("contact", person.contact_id), happened_at=at)
    return Outcome.APPLIED


def _may_tell(batch: Batch, entry: Entry, item: AudienceChange, contact_id: UUID) -> bool:
    """Whether a change that anybody could tell comes from somebody who knows what we wrote to this very person."""
    if not item.about:
        return True
    said = batch.said.get(Reference(entry.inbox.id, item.about))
    return said is not None and said.direction == Message.Direction.OUT and said.contact_id == contact_id


def apply_parked(batch: Batch, said: Said) -> None:
    """Do to a message what was told before it came."""
    reference = Reference(said.inbox_id, said.external_id)
    edit = batch.unpark(reference, "edited")
    if edit is not None:
        text = str(edit.content.get("text", ""))
        batch.settle(edit, _edit(batch, said, text, edit.happened_at, edit.record_id))
    reaction = batch.unpark(reference, "reaction")
    if reaction is not None:
        batch.settle(reaction, _react(said, str(reaction.content.get("emoji", "")), reaction.happened_at))
    unsent = batch.unpark(reference, "unsent")
    if unsent is not None:
        batch.settle(unsent, _unsend(batch, said, unsent.happened_at))


def _edit(batch: Batch, said: Said, text: str, at: datetime, record_id: UUID | None) -> str:
    if said.direction != Message.Direction.IN:
        return Outcome.UNRELATED
    if said.unsent_at is not None:
        if record_id is not None:
            batch.records_erased.add(record_id)
        return Outcome.WITHDRAWN
    if record_id is not None:  # so that taking the message back finds the text there too
        said.details["edits"] = [*said.details.get("edits", ()), str(record_id)]
        said.is_changed = True
    if said.edited_at is not None and said.edited_at >= at:
        return Outcome.OUTDATED
    said.text, said.edited_at, said.is_changed = text, at, True
    threads.cut(said)
    threads.refresh_preview(batch.threads[said.conversation_id], said)
    record(events.MessageEdited(**_where(said)), by=Actor("contact", said.contact_id), happened_at=at)
    return Outcome.APPLIED


def _unsend(batch: Batch, said: Said, at: datetime) -> str:
    if said.direction != Message.Direction.IN:
        return Outcome.UNRELATED
    if said.unsent_at is not None:
        return Outcome.OUTDATED
    batch.records_erased |= {said.id, *map(UUID, said.details.get("edits", ()))}
    said.text, said.details, said.attachments, said.reaction = "", {}, (), ""
    said.unsent_at, said.is_changed = at, True
    threads.refresh_preview(batch.threads[said.conversation_id], said)
    record(events.MessageUnsent(**_where(said)), by=Actor("contact", said.contact_id), happened_at=at)
    return Outcome.APPLIED


def _react(said: Said, emoji: str, at: datetime) -> str:
    if said.unsent_at is not None:
        return Outcome.WITHDRAWN
    given = said.details.get("reacted_at")
    if given is not None and datetime.fromisoformat(given) >= at:
        return Outcome.OUTDATED
    said.reaction, said.is_changed = emoji[:_REACTION_LIMIT], True
    said.details["reacted_at"] = at.isoformat()
    record(events.MessageReacted(**_where(said)), by=Actor("contact", said.contact_id), happened_at=at)
    return Outcome.APPLIED


def _park(batch: Batch, entry: Entry, reference: Reference, kind: str, content: dict[str, str]) -> str:
    """Keep it until its message comes; of two of one kind the later one, and the other is done with."""
    known, at = batch.parked.get(reference, {}).get(kind), entry.arrival.happened_at
    if known is not None and known.happened_at >= at:
        return Outcome.OUTDATED
    if known is not None:
        batch.unpark(reference, kind, Outcome.OUTDATED)
    batch.park(reference, Parked(kind, at, {**content, "record": str(entry.record_id)}))
    return WAITS


def _where(said: Said) -> dict[str, UUID]:
    return {"conversation_id": said.conversation_id, "contact_id": said.contact_id, "message_id": said.id}
