"""Our answers: written down first, handed to the platform after the commit (`delivering`).

message = outbound.reply(conversation, text, by=member.actor, client_id=client_id, seen_number=17)
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from conversations import attempts, contents, delivering, lifecycle, reply_rows, wishes
from conversations.channels import registry
from conversations.contents import Content
from conversations.events import MessageReplied, MessageRequeued, MessageSkipped
from conversations.files import limits
from conversations.lifecycle import LifecycleError
from conversations.models import Conversation, Message
from conversations.window import WindowState
from conversations.wishes import ReplyRefused, Wish
from tenants.statements import OneOf, Question
from tenants.workspace.events import Actor, record, unit_of_work
from tenants.workspace.models import Agent

__all__ = ["ReplyRefused", "Wish", "parts_after", "reply", "reply_many", "retry", "skip"]

MOST_PARTS = 1 + limits.MOST_FILES + contents.MOST_CARDS
"""The most messages that one answer can fall into."""

COUNTERS = ("sent_in_window", "sent_in_brief_window")

Status = Message.Status

_MESSAGES = Question(lambda: Message.objects.filter(OneOf("id", "ids", "uuid")))
_AGENTS = Question(lambda: Agent.objects.filter(OneOf("id", "ids", "uuid")))


def reply(
    conversation: Conversation, text: str, *, by: Actor, client_id: UUID, seen_number: int | None, **more: Any
) -> Message:
    """Write to the customer. The same `client_id` again gives the same message, also when both come at once.

    What the platform does not take in one call becomes several messages; the first one is returned. more: further
    fields of a Wish, where all are explained. Raises ReplyRefused.
    """
    wish = Wish(
        conversation_id=conversation.pk,
        text=text,
        by=by,
        client_id=client_id,
        seen_number=seen_number,
        **more,
    )
    [result] = reply_many([wish])
    if isinstance(result, Exception):
        raise result
    return result


def reply_many(wanted: Sequence[Wish]) -> list[Message | ReplyRefused]:
    """The same for several wishes, in their order and in one unit of work: for each its (first) message, or why it
    is refused, which stops no other.

    The number of statements does not grow with them, but for the rare: files, conversations that have to be reopened,
    and several wishes for one conversation, of which each sees what the one before has written.
    """
    results: dict[int, Message | ReplyRefused] = {}
    waiting = list(enumerate(wanted))
    with unit_of_work(savepoint=False):
        while waiting:
            in_turn: dict[UUID, tuple[int, Wish]] = {}
            for each in waiting:
                in_turn.setdefault(each[1].conversation_id, each)
            waiting = [each for each in waiting if in_turn[each[1].conversation_id] is not each]
            answers = _reply_in_turn([wish for _place, wish in in_turn.values()])
            results |= zip((place for place, _wish in in_turn.values()), answers, strict=True)
    return [results[place] for place in range(len(wanted))]


@dataclass(slots=True)
class _Turn:
    """A wish that is being answered: of its conversation nobody else's is."""

    wish: Wish
    conversation: Conversation
    has_session: bool
    parts: Sequence[Content] = ()
    human_only: bool = False
    result: Message | ReplyRefused | None = None


def _reply_in_turn(wanted: Sequence[Wish]) -> list[Message | ReplyRefused]:
    """Answer wishes for as many conversations."""
    locked = attempts.lock_all([wish.conversation_id for wish in wanted])
    there = [wish for wish in wanted if wish.conversation_id in locked]
    known = reply_rows.known([(wish.conversation_id, wish.client_id) for wish in there])
    turns = [
        _Turn(wish, locked[wish.conversation_id], known[wish.conversation_id].has_session) for wish in there
    ]
    twins = _twins([known[turn.conversation.id].twin_id for turn in turns])
    now = timezone.now()
    for turn in turns:
        turn.result = twins.get(known[turn.conversation.id].twin_id)
    fresh = [turn for turn in turns if turn.result is None]
    agents = _agents(fresh)
    for turn in fresh:
        try:
            turn.parts, turn.human_only = wishes.accept(turn.wish, turn.conversation, now=now)
            _take_up(turn, agents, now=now)
        except ReplyRefused as refusal:
            turn.result = refusal
        except LifecycleError as refusal:
            turn.result = ReplyRefused(refusal.code)
    _write([turn for turn in fresh if turn.result is None], now=now)
    by_conversation = {turn.conversation.id: turn.result for turn in turns}
    return [by_conversation.get(wish.conversation_id) or ReplyRefused("gone") for wish in wanted]


def _twins(ids: Sequence[UUID | None]) -> dict[UUID | None, Message]:
    """What was written under the same client_id before."""
    wanted = [each for each in ids if each is not None]
    return {row.id: row for row in _MESSAGES.all(ids=wanted)} if wanted else {}


def _agents(turns: Sequence[_Turn]) -> dict[UUID | None, Agent]:
    """Those who may take a conversation on by answering."""
    ids = {turn.wish.by.agent_id for turn in turns if turn.conversation.assignee_id is None} - {None}
    return {row.id: row for row in _AGENTS.all(ids=list(ids))} if ids else {}


def _take_up(turn: _Turn, agents: dict[UUID | None, Agent], *, now: datetime) -> None:
    """A person's answer reopens the conversation and takes it on; `_write` saves. Raises LifecycleError."""
    row, by = turn.conversation, turn.wish.by
    is_rare = row.status == Conversation.Status.RESOLVED or not turn.has_session
    with unit_of_work() if is_rare else nullcontext():  # what is written here goes with a refusal
        if by.agent_id is not None:
            if row.status == Conversation.Status.RESOLVED:
                row.status = lifecycle.reopen(row, by=by).status
            if row.assignee_id is None and row.inbox.settings.get("assign_on_reply", True):
                agent = agents.get(by.agent_id)
                if agent is None:
                    raise LifecycleError("unknown_agent")
                lifecycle.take_on(row, agent=agent, by=by)
        if not turn.has_session and row.status != Conversation.Status.RESOLVED:
            lifecycle.ensure_session(row, at=now)


def _write(turns: Sequence[_Turn], *, now: datetime) -> None:
    """The accepted answers as rows, with their events."""
    if not turns:
        return
    by_people = [(turn.conversation, turn.wish.by.agent_id) for turn in turns]
    lifecycle.answered([(row, agent_id) for row, agent_id in by_people if agent_id is not None], at=now)
    written: list[tuple[Message, Content]] = []
    for turn in turns:
        messages = [_message(turn, place, part, now=now) for place, part in enumerate(turn.parts)]
        turn.result = messages[0]
        written += zip(messages, turn.parts, strict=True)
        _bring_forward(turn, messages[-1].number, now=now)
    reply_rows.insert(written)
    reply_rows.bring_forward([turn.conversation for turn in turns])
    delivering.start()


def _message(turn: _Turn, place: int, part: Content, *, now: datetime) -> Message:
    """One message of an answer, yet unwritten; its event is recorded."""
    row, by = turn.conversation, turn.wish.by
    message = Message(
        conversation=row,
        inbox_id=row.inbox_id,
        number=row.message_count + 1 + place,
        direction=Message.Direction.OUT,
        kind=part.kind,
        text=part.text,
        details=part.details,
        author_kind=Message.Author.BOT if by.agent_id is None else Message.Author.AGENT,
        agent_id=by.agent_id,
        client_id=turn.wish.client_id if place == 0 else uuid5(turn.wish.client_id, str(place)),
        status=Status.PENDING,
        outside_window=turn.human_only,
        sent_at=now,
        created_at=now,
    )
    record(
        MessageReplied(
            conversation_id=row.id,
            contact_id=row.contact_id,
            message_id=message.id,
            inbox_id=row.inbox_id,
            number=message.number,
            client_id=message.client_id,
        ),
        by=by,
    )
    return message


def _bring_forward(turn: _Turn, newest: int, *, now: datetime) -> None:
    row = turn.conversation
    row.message_count = newest
    row.last_message_text = turn.parts[-1].preview
    row.last_message_direction = Message.Direction.OUT
    row.last_activity_at = max(now, row.last_activity_at)


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
        wishes.require_way(conversation)
        capabilities = registry.open(conversation.inbox.channel).capabilities
        if row.needs_window:
            wants = outside_window or row.outside_window
            window = wishes.take_window(conversation, capabilities, 1, by=by, outside_window=wants, now=now)
            row.outside_window = window.state is WindowState.HUMAN_ONLY
            row.details["in_brief_window"] = window.is_brief
        if capabilities.window_messages is not None:
            conversation.save(update_fields=COUNTERS)
        row.status, row.error_kind, row.error_detail = Status.PENDING, "", ""
        row.save(update_fields=["status", "error_kind", "error_detail", "outside_window", "details"])
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


def _require_failed(message: Message) -> None:
    if message.status not in {Status.FAILED, Status.UNCONFIRMED}:
        raise ReplyRefused("not_failed")
