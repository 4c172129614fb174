"""Our answers: written down first, handed to the platform after the commit (`delivering`).

message = outbound.reply(conversation, text, by=member.actor, client_id=client_id, seen_number=17)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import Exists, OuterRef
from django.utils import timezone

from conversations import attempts, contents, delivering, lifecycle, queries
from conversations.channels import registry
from conversations.channels.base import Capabilities
from conversations.channels.cards import Card
from conversations.channels.outgoing import PRIVATE, PUBLIC, QuickReply, Template
from conversations.contents import Content, ContentRefused
from conversations.events import MessageReplied, MessageRequeued, MessageSkipped
from conversations.files import limits, uploads
from conversations.files.limits import FileRefused
from conversations.models import Attachment, Conversation, Message, Session
from conversations.window import WindowState, window_of
from tenants.statements import Given, Question
from tenants.workspace.events import Actor, record, unit_of_work
from tenants.workspace.models import Agent

MOST_PARTS = 1 + limits.MOST_FILES + contents.MOST_CARDS
"""The most messages that one answer can fall into."""

COUNTERS = ("sent_in_window", "sent_in_brief_window")

Status = Message.Status

_TWIN = Question(
    lambda: Message.objects.filter(conversation_id=Given("conversation_id"), client_id=Given("client_id"))
)
# Asked once the conversation is locked: what others wrote while we waited for it is seen.
_KNOWN = Question(
    lambda: Conversation.objects.filter(id=Given("id")).values_list(
        Exists(Message.objects.filter(conversation_id=OuterRef("id"), client_id=Given("client_id"))),
        Exists(Session.objects.filter(conversation_id=OuterRef("id"), resolved_at=None)),
    )
)
_AGENT = Question(lambda: Agent.objects.filter(id=Given("id")))


class ReplyRefused(Exception):
    """The answer was not accepted, and nothing was written; `code` says why.

    Codes: those of contents.ContentRefused and files.limits.FileRefused (with their `limit`), unreachable,
    inbox_closed, which_comment (an answer among comments names one), words_only, one_message_only (of answers to
    comments), window_closed, window_used_up (`limit`: how many messages it still takes), human_only (allowed
    to a person who asks for it: outside_window=True), conversation_moved (with `newest`: what was written
    meanwhile), gone, not_failed.
    """

    def __init__(self, code: str, *, limit: int | None = None, newest: Sequence[queries.Row] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit
        self.newest = newest


def reply(
    conversation: Conversation,
    text: str,
    *,
    by: Actor,
    client_id: UUID,
    seen_number: int | None,
    outside_window: bool = False,
    files: Sequence[UUID] = (),
    cards: Sequence[Card] = (),
    quick_replies: Sequence[QuickReply] = (),
    template: Template | None = None,
    to: str = "",
    until: datetime | None = None,
) -> Message:
    """Write to the customer. The same `client_id` again gives the same message, also when both come at once.

    What the platform does not take in one call becomes several messages; the first one is returned.

    seen_number: number of the newest message that the writer has seen; None: the writer does not look
    (integrators).
    outside_window: a person chose to answer after the free window, where the platform has a longer one for
    people.
    files: uploads of the writer's. template: may go after the window, with `text` as the customer reads it.
    to: the comment that is answered, as OutgoingMessage.to, which no window closes; until: when the platform stops
    to take that. Raises ReplyRefused.
    """
    with unit_of_work():
        row, now = _locked(conversation)
        [(has_twin, has_session)] = _KNOWN.all(id=row.id, client_id=client_id)
        if has_twin:
            [twin] = _TWIN.all(conversation_id=row.id, client_id=client_id)
            return twin
        capabilities = registry.open(row.inbox.channel).capabilities
        content = Content(
            text=text, cards=tuple(cards), quick_replies=tuple(quick_replies), template=template
        )
        parts = [replace(part, to=to, until=until) for part in _parts(content, files, capabilities, by=by)]
        _require_way(row)
        _require_comment(row, parts)
        needs_window = template is None and not to
        human_only = needs_window and _require_window(
            row, capabilities, len(parts), by=by, outside_window=outside_window, now=now
        )
        _require_unmoved(row, by=by, seen_number=seen_number)
        _take_up(row, by=by, now=now, has_session=has_session)
        message = _write(row, parts[0], by=by, client_id=client_id, outside_window=human_only, now=now)
        for place, part in enumerate(parts[1:], 1):
            part_id = uuid5(client_id, str(place))
            _write(row, part, by=by, client_id=part_id, outside_window=human_only, now=now)
        delivering.start()
    return message


def parts_after(message: Message) -> list[UUID]:
    """The ids of all messages that the reply of this first one fell into, itself included, in order."""
    if message.client_id is None:
        return [message.id]
    rows = Message.objects.filter(conversation_id=message.conversation_id)
    names = [message.client_id, *(uuid5(message.client_id, str(place)) for place in range(1, MOST_PARTS))]
    return list(rows.filter(client_id__in=names).order_by("number").values_list("id", flat=True))


def retry(message: Message, *, by: Actor, outside_window: bool = False) -> Message:
    """Try a failed or unconfirmed message again; a waiting one stays as it is. Raises ReplyRefused."""
    with unit_of_work():
        conversation, now = _locked(message.conversation)
        row = Message.objects.get(pk=message.pk)
        if row.status == Status.PENDING:
            return row
        _require_failed(row)
        _require_way(conversation)
        capabilities = registry.open(conversation.inbox.channel).capabilities
        needs_window = row.kind != Message.Kind.TEMPLATE and "to" not in row.details
        row.outside_window = needs_window and _require_window(
            conversation, capabilities, 1, by=by, outside_window=outside_window or row.outside_window, now=now
        )
        if capabilities.window_messages is not None:
            conversation.save(update_fields=COUNTERS)
        row.status, row.error_kind, row.error_detail = Status.PENDING, "", ""
        row.save(update_fields=["status", "error_kind", "error_detail", "outside_window"])
        record(
            MessageRequeued(
                conversation_id=conversation.id, contact_id=conversation.contact_id, message_id=row.id
            ),
            by=by,
        )
        delivering.start()
    return row


def skip(message: Message, *, by: Actor) -> Message:
    """Give a failed or unconfirmed message up, so that those behind it can go. Raises ReplyRefused."""
    with unit_of_work():
        conversation, _now = _locked(message.conversation)
        row = Message.objects.get(pk=message.pk)
        if row.status == Status.SKIPPED:
            return row
        _require_failed(row)
        row.status = Status.SKIPPED
        row.save(update_fields=["status"])
        record(
            MessageSkipped(
                conversation_id=conversation.id, contact_id=conversation.contact_id, message_id=row.id
            ),
            by=by,
        )
        delivering.start()
    return row


def _locked(conversation: Conversation) -> tuple[Conversation, datetime]:
    locked = attempts.lock(conversation.pk)
    if locked is None:
        raise ReplyRefused("gone")
    return locked[0], timezone.now()


def _parts(
    content: Content, file_ids: Sequence[UUID], capabilities: Capabilities, *, by: Actor
) -> list[Content]:
    try:
        if file_ids:
            content = replace(content, files=tuple(uploads.find(file_ids, by=by)))
        return contents.parts_of(content, capabilities)
    except (ContentRefused, FileRefused) as refusal:
        raise ReplyRefused(refusal.code, limit=refusal.limit) from None


def _require_way(conversation: Conversation) -> None:
    if not conversation.inbox.is_active:
        raise ReplyRefused("inbox_closed")
    if not conversation.thread and not conversation.identity.is_reachable:
        raise ReplyRefused("unreachable")


def _require_comment(conversation: Conversation, parts: Sequence[Content]) -> None:
    """Among comments every answer says which one it answers: in public in words or pictures, in private once."""
    to = parts[0].to
    if bool(to) != (conversation.kind == Conversation.Kind.COMMENTS):
        raise ReplyRefused("which_comment")
    if not to:
        return
    if any(part.cards or part.quick_replies or part.template for part in parts):
        raise ReplyRefused("words_only")
    if to.startswith(PRIVATE) and len(parts) > 1:
        raise ReplyRefused("one_message_only")
    if to.startswith(PUBLIC) and any(kind != "image" for part in parts for kind in part.kinds):
        raise ReplyRefused("file_kind")


def _require_window(
    conversation: Conversation,
    capabilities: Capabilities,
    messages: int,
    *,
    by: Actor,
    outside_window: bool,
    now: datetime,
) -> bool:
    """Whether the message goes out in the time that only people have. Where the platform counts, so many messages
    are noted in the window that takes them; the caller saves."""
    window = window_of(capabilities, conversation, now)
    if window.state is WindowState.CLOSED:
        raise ReplyRefused("window_closed")
    if window.left is not None:
        if window.left < messages:
            raise ReplyRefused("window_used_up", limit=window.left)
        counter = "sent_in_brief_window" if window.is_brief else "sent_in_window"
        setattr(conversation, counter, getattr(conversation, counter) + messages)
    if window.state is not WindowState.HUMAN_ONLY:
        return False
    if by.agent_id is None or not outside_window:
        raise ReplyRefused("human_only")
    return True


def _require_unmoved(conversation: Conversation, *, by: Actor, seen_number: int | None) -> None:
    if seen_number is None or conversation.message_count <= seen_number:
        return
    rows = queries.messages_after(conversation.id, seen_number)
    unseen = [row for row in rows if _is_by_another(row, by)]
    if unseen:
        raise ReplyRefused("conversation_moved", newest=unseen)


def _is_by_another(row: queries.Row, by: Actor) -> bool:
    """Whether the customer or a colleague wrote it. What bots say does not stop a person."""
    if row["author_kind"] == Message.Author.AGENT:
        return bool(row["agent_id"] != by.agent_id)
    return bool(row["author_kind"] != Message.Author.BOT)


def _take_up(conversation: Conversation, *, by: Actor, now: datetime, has_session: bool) -> None:
    """A person's answer reopens the conversation, takes it on and ends the customer's wait; `_write` saves."""
    if by.agent_id is not None:
        if conversation.status == Conversation.Status.RESOLVED:
            conversation.status = lifecycle.reopen(conversation, by=by).status
        if conversation.assignee_id is None and conversation.inbox.settings.get("assign_on_reply", True):
            agent = _AGENT.first(id=by.agent_id)
            if agent is None:
                raise lifecycle.LifecycleError("unknown_agent")
            lifecycle.take_on(conversation, agent=agent, by=by)
        lifecycle.answered(conversation, agent_id=by.agent_id, at=now)
    if not has_session and conversation.status != Conversation.Status.RESOLVED:
        lifecycle.ensure_session(conversation, at=now)


def _write(
    conversation: Conversation,
    content: Content,
    *,
    by: Actor,
    client_id: UUID,
    outside_window: bool,
    now: datetime,
) -> Message:
    message = Message.objects.create(
        conversation=conversation,
        inbox_id=conversation.inbox_id,
        number=conversation.message_count + 1,
        direction=Message.Direction.OUT,
        kind=content.kind,
        text=content.text,
        details=content.details,
        author_kind=Message.Author.BOT if by.agent_id is None else Message.Author.AGENT,
        agent_id=by.agent_id,
        client_id=client_id,
        status=Status.PENDING,
        outside_window=outside_window,
        sent_at=now,
        created_at=now,
    )
    conversation.message_count = message.number
    if content.files:
        _attach(message, content)
    conversation.last_message_text = content.preview
    conversation.last_message_direction = Message.Direction.OUT
    conversation.last_activity_at = max(now, conversation.last_activity_at)
    conversation.save(
        update_fields=[
            "assignee",
            "waiting_since",
            "message_count",
            "last_message_text",
            "last_message_direction",
            "last_activity_at",
            *COUNTERS,
        ]
    )
    record(
        MessageReplied(
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            message_id=message.id,
            inbox_id=conversation.inbox_id,
            number=message.number,
            client_id=client_id,
        ),
        by=by,
    )
    return message


def _attach(message: Message, content: Content) -> None:
    Attachment.objects.bulk_create(
        Attachment(
            message=message,
            position=position,
            kind=kind,
            name=file.name,
            mime=file.mime,
            size=file.size,
            file=file,
        )
        for position, (file, kind) in enumerate(zip(content.files, content.kinds, strict=True))
    )


def _require_failed(message: Message) -> None:
    if message.status not in {Status.FAILED, Status.UNCONFIRMED}:
        raise ReplyRefused("not_failed")
