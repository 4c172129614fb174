"""What a message does to its conversation: begin, open, append, wait, show."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from conversations.events import ConversationOpened, ConversationReopened
from conversations.inbound.batch import Batch, Place, Said, Thread
from conversations.inbound.records import Entry
from conversations.models import Conversation, Message
from tenants.ids import new_id
from tenants.workspace.events import Actor, record

TEXT_LIMIT = 65_536
CUT_MARK = "…"
PREVIEW_LIMIT = 200
_SIGNS = {
    "image": "🖼️",
    "video": "🎬",
    "audio": "🎵",
    "file": "📎",
    "sticker": "😊",
    "location": "📍",
    "link": "🔗",
    "card": "🗂️",
}

Status = Conversation.Status


def begin(batch: Batch, entry: Entry, place: Place, status: str) -> Thread:
    """A thread that nobody has spoken in yet."""
    person = batch.person(entry)
    assert person is not None
    return batch.add_thread(
        Thread(
            id=new_id(),
            inbox_id=place.inbox_id,
            identity_id=place.identity_id,
            contact_id=person.contact_id,
            thread=place.thread,
            status=status,
            waiting_since=None,
            last_customer_message_at=None,
            reply_handle="",
            reply_handle_at=None,
            message_count=0,
            last_inbound_number=0,
            last_message_text="",
            last_message_direction="",
            last_activity_at=entry.arrival.happened_at,
            is_new=True,
        )
    )


def open_for(thread: Thread, said: Said) -> None:
    """A customer's message opens its thread, if it is not open."""
    if thread.is_new and thread.message_count == 0:
        _open_first(thread, said)
    elif thread.status != Status.OPEN:
        _open_again(thread, said)


def append(thread: Thread, said: Said) -> None:
    """Number a message and, where it is the newest, show it in the lists."""
    thread.message_count += 1
    said.number = thread.message_count
    thread.is_changed = True
    is_first = thread.last_message_direction == ""
    if not is_first and said.direction == Message.Direction.IN:
        _look_back(thread, said)
    if is_first or said.sent_at >= thread.last_activity_at:
        thread.last_activity_at = said.sent_at
        thread.last_message_text = _preview(said)
        thread.last_message_direction = said.direction


def wait(thread: Thread, said: Said) -> None:
    """The customer waits from their first unanswered message on."""
    thread.waiting_since = min(thread.waiting_since or said.sent_at, said.sent_at)
    thread.heard_from = min(thread.heard_from or said.sent_at, said.sent_at)


def question_waits(thread: Thread, at: datetime) -> None:
    """Something came at its own place in time: who waited is asked of the stored messages from there on."""
    thread.unsettled_from = min(thread.unsettled_from or at, at)


def _look_back(thread: Thread, said: Said) -> None:
    """A customer's message that came late may be answered already, and its session began with it."""
    is_late = said.sent_at < thread.last_activity_at
    if is_late:
        if thread.new_session is not None:
            session_id, at = thread.new_session
            thread.new_session = (session_id, min(at, said.sent_at))
        else:
            thread.session_from = min(thread.session_from or said.sent_at, said.sent_at)
    is_beside_an_answer = (
        said.sent_at == thread.last_activity_at and thread.last_message_direction == Message.Direction.OUT
    )
    if is_late or is_beside_an_answer:
        question_waits(thread, said.sent_at)


def refresh_preview(thread: Thread, said: Said) -> None:
    """Show a changed message's text in the lists, where it is the one shown there."""
    if thread.last_activity_at == said.sent_at and thread.last_message_direction == said.direction:
        thread.last_message_text = _preview(said)
        thread.is_changed = True


def cut(said: Said) -> None:
    """Keep a text inside the limit; one that was longer says so."""
    if said.text is not None and len(said.text) >= TEXT_LIMIT:
        said.text = said.text[: TEXT_LIMIT - 1] + CUT_MARK
        said.details["shortened"] = True


def _open_first(thread: Thread, said: Said) -> None:
    session_id = _begin_session(thread, said.sent_at)
    opened = ConversationOpened(
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        inbox_id=thread.inbox_id,
        session_id=session_id,
    )
    record(opened, by=Actor("contact", thread.contact_id), happened_at=said.sent_at)


def _open_again(thread: Thread, said: Said) -> None:
    """A sleeper wakes inside its session; a resolved thread begins a new one."""
    previous, thread.status = thread.status, Status.OPEN
    if previous == Status.RESOLVED:
        thread.settled_number = thread.message_count
    running = thread.open_session_id
    session_id = running if running is not None else _begin_session(thread, said.sent_at)
    reopened = ConversationReopened(
        conversation_id=thread.id,
        contact_id=thread.contact_id,
        session_id=session_id,
        previous_status=previous,
    )
    record(reopened, by=Actor("contact", thread.contact_id), happened_at=said.sent_at)


def _begin_session(thread: Thread, at: datetime) -> UUID:
    session_id = new_id()
    thread.new_session = (session_id, at)
    thread.open_session_id = session_id
    return session_id


def _preview(said: Said) -> str:
    """The text, else the first attachment: a sign that every language reads, and its name."""
    if said.text or not said.attachments or said.unsent_at is not None:
        return (said.text or "")[:PREVIEW_LIMIT]
    first = said.attachments[0]
    return f"{_SIGNS.get(first.kind, _SIGNS['file'])} {first.name}".strip()[:PREVIEW_LIMIT]
