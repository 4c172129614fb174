"""Our answers: written down first, handed to the platform after the commit (`delivering`).

message = outbound.reply(conversation, text, by=member.actor, client_id=client_id, seen_number=17)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from conversations import attempts, delivering, lifecycle, queries
from conversations.channels import registry
from conversations.channels.base import Capabilities, text_length
from conversations.events import MessageReplied, MessageRequeued, MessageSkipped
from conversations.models import Conversation, Message
from conversations.window import WindowState, reply_window
from tenants.workspace.events import Actor, record, unit_of_work
from tenants.workspace.models import Agent

PREVIEW_LENGTH = 200

_UNSENDABLE = re.compile(
    "[\x00\ud800-\udfff]"
)  # NUL and lone surrogates: neither database nor platform takes them

Status = Message.Status


class ReplyRefused(Exception):
    """The answer was not accepted, and nothing was written; `code` says why.

    Codes: text_blank, text_unreadable, text_too_long (with `limit` in the channel's unit), unreachable,
    inbox_closed, window_closed, human_only (allowed to a person who asks for it: outside_window=True),
    conversation_moved (with `newest`: what was written meanwhile), gone, not_failed.
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
) -> Message:
    """Write to the customer. The same `client_id` again gives the same message, also when both come at once.

    seen_number: number of the newest message that the writer has seen; None: the writer does not look
    (integrators).
    outside_window: a person chose to answer after the free window, where the platform has a longer one for
    people. Raises ReplyRefused.
    """
    with unit_of_work():
        row, now = _locked(conversation)
        twin = Message.objects.filter(conversation=row, client_id=client_id).first()
        if twin is not None:
            return twin
        capabilities = registry.open(row.inbox.channel).capabilities
        _require_sendable(text, capabilities)
        _require_way(row)
        human_only = _require_window(row, capabilities, by=by, outside_window=outside_window, now=now)
        _require_unmoved(row, by=by, seen_number=seen_number)
        _take_up(row, by=by, now=now)
        message = _write(row, text, by=by, client_id=client_id, outside_window=human_only, now=now)
        delivering.start(row.id)
    return message


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
        row.outside_window = _require_window(
            conversation, capabilities, by=by, outside_window=outside_window or row.outside_window, now=now
        )
        row.status, row.error_kind, row.error_detail = Status.PENDING, "", ""
        row.save(update_fields=["status", "error_kind", "error_detail", "outside_window"])
        record(
            MessageRequeued(
                conversation_id=conversation.id, contact_id=conversation.contact_id, message_id=row.id
            ),
            by=by,
        )
        delivering.start(conversation.id)
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
        delivering.start(conversation.id)
    return row


def _locked(conversation: Conversation) -> tuple[Conversation, datetime]:
    locked = attempts.lock(conversation.pk)
    if locked is None:
        raise ReplyRefused("gone")
    return locked[0], timezone.now()


def _require_sendable(text: str, capabilities: Capabilities) -> None:
    if _UNSENDABLE.search(text):
        raise ReplyRefused("text_unreadable")
    if not text.strip():
        raise ReplyRefused("text_blank")
    if text_length(text, capabilities.text_unit) > capabilities.text_limit:
        raise ReplyRefused("text_too_long", limit=capabilities.text_limit)


def _require_way(conversation: Conversation) -> None:
    if not conversation.inbox.is_active:
        raise ReplyRefused("inbox_closed")
    if not conversation.thread and not conversation.identity.is_reachable:
        raise ReplyRefused("unreachable")


def _require_window(
    conversation: Conversation,
    capabilities: Capabilities,
    *,
    by: Actor,
    outside_window: bool,
    now: datetime,
) -> bool:
    """Whether the message goes out in the time that only people have."""
    window = reply_window(capabilities, conversation.last_customer_message_at, now)
    if window.state is WindowState.CLOSED:
        raise ReplyRefused("window_closed")
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


def _take_up(conversation: Conversation, *, by: Actor, now: datetime) -> None:
    """A person's answer reopens the conversation, takes it on and ends the customer's wait; `_write` saves."""
    if by.agent_id is not None:
        agent = Agent.objects.get(id=by.agent_id)
        if conversation.status == Conversation.Status.RESOLVED:
            conversation.status = lifecycle.reopen(conversation, by=by).status
        if conversation.inbox.settings.get("assign_on_reply", True):
            lifecycle.take_on(conversation, agent=agent, by=by)
        lifecycle.answered(conversation, agent=agent, at=now)
    if conversation.status != Conversation.Status.RESOLVED:
        lifecycle.ensure_session(conversation, at=now)


def _write(
    conversation: Conversation,
    text: str,
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
        text=text,
        author_kind=Message.Author.BOT if by.agent_id is None else Message.Author.AGENT,
        agent_id=by.agent_id,
        client_id=client_id,
        status=Status.PENDING,
        outside_window=outside_window,
        sent_at=now,
        created_at=now,
    )
    conversation.message_count = message.number
    conversation.last_message_text = text[:PREVIEW_LENGTH]
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


def _require_failed(message: Message) -> None:
    if message.status not in {Status.FAILED, Status.UNCONFIRMED}:
        raise ReplyRefused("not_failed")
