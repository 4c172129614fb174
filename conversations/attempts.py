"""One try to hand a message to its platform: begun and committed before the call, settled after it.

The attempt's row is the lease: while it is `calling` and its time has not run out by the database's clock,
nobody else touches the conversation's queue. A worker that died leaves the row behind, and whoever comes next
knows that the outcome is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from contacts import consent
from conversations import attempt_rows, breaker, contents, mail_threads, settling
from conversations.accounts import account_of
from conversations.channels import registry
from conversations.channels.base import Account, Capabilities, RetryProtection, Sent
from conversations.channels.errors import DeliveryError, ErrorKind
from conversations.channels.outgoing import OutgoingMessage
from conversations.files import sending
from conversations.models import Conversation, Inbox, Message, OutboundAttempt
from conversations.window import WindowState, may_send, reply_window, window_of
from tenants.sealing import Unsealable
from tenants.statements import OneOf, Question
from tenants.workspace.events import unit_of_work

LEASE = timedelta(seconds=15)
"""How long a call may take before another worker may take over; longer than `delivering.SEND_SECONDS`."""

LEASE_WITH_FILES = timedelta(seconds=75)
"""The same for a call that carries files; longer than `delivering.FILE_SEND_SECONDS`."""

_WITH_FILES = (Message.Kind.ATTACHMENT, Message.Kind.TEMPLATE)

UNSETTLED = (Message.Status.PENDING, Message.Status.FAILED, Message.Status.UNCONFIRMED)

Outcome = OutboundAttempt.Outcome

_LOCKED = Question(
    lambda: (
        Conversation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("inbox", "identity")
        .annotate(now=Now())
        .filter(OneOf("id", "ids", "uuid"))
        .order_by("id")  # everybody locks in this order
    )
)
_HEADS = Question(
    lambda: (
        Message.objects.select_related("agent")
        .annotate(was_tried=Exists(OutboundAttempt.objects.filter(message_id=OuterRef("id"))))
        .filter(OneOf("conversation_id", "conversation_ids", "uuid"), status__in=UNSETTLED)
        .order_by("conversation_id", "number")
        .distinct("conversation_id")
    )
)
_ATTEMPTS = Question(
    lambda: (
        OutboundAttempt.objects.select_related("message")
        .annotate(
            has_next=Exists(
                Message.objects.filter(
                    conversation_id=OuterRef("message__conversation_id"),
                    status=Message.Status.PENDING,
                    number__gt=OuterRef("message__number"),
                )
            )
        )
        .filter(OneOf("id", "ids", "uuid"))
    )
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """What a worker needs to make the call of a begun attempt, outside of every transaction."""

    attempt_id: UUID
    conversation_id: UUID
    channel: str
    message: OutgoingMessage
    account: Account


def begin(conversation_id: UUID) -> Call | None:
    """Lease the conversation's oldest message that has to go out, and commit the attempt.

    None when there is nothing to do now: nothing pending, the head failed or waits for its time, another
    worker has it, or the inbox does not send.
    """
    return next(iter(begin_all([conversation_id])), None)


def begin_all(conversation_ids: Sequence[UUID]) -> list[Call]:
    """The same for several conversations, with one commit; those with nothing to do are missing."""
    with unit_of_work(savepoint=False):
        rows = _by_inbox(lock_all(conversation_ids).values())
        heads: dict[UUID, Any] = {
            head.conversation_id: head for head in _HEADS.all(conversation_ids=[row.id for row in rows])
        }
        begun = [_begin_with(row, heads.get(row.id)) for row in rows]
        leased = [each for each in begun if each is not None]
        attempt_rows.begin([attempt for attempt, _call in leased])
    return [call for _attempt, call in leased]


def finish(call: Call, result: Sent | DeliveryError) -> settling.Settled:
    """Note what became of a begun attempt. A result that comes after another worker took over counts only
    when it says that the message is sent."""
    return finish_all([(call, result)])[call]


def finish_all(results: Sequence[tuple[Call, Sent | DeliveryError]]) -> dict[Call, settling.Settled]:
    """The same for attempts of several conversations, with one commit."""
    result_of = {call.conversation_id: (call, result) for call, result in results}
    settled = {call: settling.Settled() for call, _result in results}  # of what was erased meanwhile
    with unit_of_work(savepoint=False):
        rows: list[Any] = _by_inbox(lock_all(list(result_of)).values())
        attempts: dict[UUID, Any] = {
            attempt.id: attempt for attempt in _ATTEMPTS.all(ids=[call.attempt_id for call in settled])
        }
        ended: list[tuple[Call, Sent | DeliveryError, Any]] = []
        for row in rows:
            call, result = result_of[row.id]
            if (attempt := attempts.get(call.attempt_id)) is not None:
                attempt.message.conversation = row
                ended.append((call, result, attempt))
        sent = [(attempt, said) for _call, said, attempt in ended if isinstance(said, Sent)]
        if sent:
            settling.sent(sent, rows[0].now)
        for call, result, attempt in ended:
            settled[call] = _settle(call, result, attempt, rows[0].now)
    return settled


def _by_inbox(rows: Iterable[Conversation]) -> list[Conversation]:
    """In the order in which everybody changes their inboxes' rows."""
    return sorted(rows, key=lambda row: (row.inbox_id, row.id))


def _begin_with(conversation: Any, head: Any) -> tuple[OutboundAttempt, Call] | None:
    if head is None or head.status != Message.Status.PENDING:
        return None
    head.conversation = conversation
    return _begin(conversation, head, conversation.now)


def _settle(call: Call, result: Sent | DeliveryError, attempt: Any, now: datetime) -> settling.Settled:
    """What an answer means for the inbox and for what waits, and a refusal for the message."""
    message = attempt.message
    if isinstance(result, Sent):
        recovered = breaker.note_answer(message.conversation.inbox, at=now, sent=True)
        return settling.Settled(recovered=recovered, has_next=attempt.has_next)
    if attempt.outcome != Outcome.CALLING:
        return settling.Settled()
    capabilities = registry.open(call.channel).capabilities
    settled = settling.refused(attempt, message, result, capabilities, now)
    return replace(settled, has_next=attempt.has_next)


def lock(conversation_id: UUID) -> tuple[Conversation, datetime] | None:
    """The conversation with inbox and identity, its row locked, and the database's time."""
    row: Any = lock_all([conversation_id]).get(conversation_id)
    return None if row is None else (row, row.now)


def lock_all(conversation_ids: Sequence[UUID]) -> dict[UUID, Conversation]:
    """Several conversations with inbox and identity, their rows locked. One query."""
    return {row.id: row for row in _LOCKED.all(ids=list(conversation_ids))}


def _begin(conversation: Conversation, head: Any, now: datetime) -> tuple[OutboundAttempt, Call] | None:
    channel = registry.open(conversation.inbox.channel)
    last = head.attempts.order_by("-number").first() if head.was_tried else None
    if last is not None and not _may_follow(last, head, channel.capabilities, now):
        return None
    inbox = conversation.inbox
    if not inbox.is_active or inbox.health == Inbox.Health.DISCONNECTED:
        return None
    obstacle = _obstacle(conversation, head, channel.capabilities, now)
    if obstacle is not None:
        settling.fail(head, obstacle)
        return None
    try:
        account = account_of(inbox)
    except Unsealable:
        breaker.note_refusal(inbox.id, ErrorKind.AUTH_EXPIRED)
        return None
    is_probe = inbox.health == Inbox.Health.FAILING
    if is_probe and not breaker.claim_probe(inbox, at=now):
        return None
    reply_handle = _take_reply_handle(conversation, channel.capabilities, now)
    attempt = OutboundAttempt(
        message=head,
        number=1 if last is None else last.number + 1,
        started_at=now,
        lease_until=now + (LEASE_WITH_FILES if head.kind in _WITH_FILES else LEASE),
        way="reply" if reply_handle else "",
        is_probe=is_probe,
    )
    call = Call(
        attempt_id=attempt.id,
        conversation_id=conversation.id,
        channel=inbox.channel,
        message=_outgoing(conversation, head, reply_handle, channel.capabilities, now),
        account=account,
    )
    return attempt, call


def _may_follow(last: OutboundAttempt, head: Message, capabilities: Capabilities, now: datetime) -> bool:
    """Whether another attempt may begin now; settles what an attempt before left open."""
    if last.outcome == Outcome.CALLING:
        if last.lease_until > now:
            return False
        settling.lost(last, head, capabilities, now)
        if head.status != Message.Status.PENDING:
            return False
    if last.retry_at is None:  # a person asked for another try, or the account was reconnected
        return True
    if last.retry_at > now:
        return False
    if last.outcome == Outcome.UNKNOWN and capabilities.retry_protection is not RetryProtection.KEY:
        settling.give_up_waiting(last, head)  # no echo came
        return False
    return True


def _obstacle(
    conversation: Conversation, head: Message, capabilities: Capabilities, now: datetime
) -> ErrorKind | None:
    """What forbids sending at this moment, whatever held when the message was written."""
    if not conversation.thread and not conversation.identity.is_reachable:
        return ErrorKind.RECIPIENT_GONE
    kept = contents.stored(head.details)
    if head.kind == Message.Kind.TEMPLATE:
        is_marketing = kept.template is not None and kept.template.is_marketing
        is_forbidden = is_marketing and consent.is_withdrawn(
            conversation.contact_id, conversation.inbox.channel, consent.Purpose.MARKETING
        )
        return ErrorKind.NO_CONSENT if is_forbidden else None
    if kept.to:
        return ErrorKind.WINDOW_CLOSED if kept.until is not None and now >= kept.until else None
    window = window_of(capabilities, conversation, now, on_their_way=1)
    if window.state is WindowState.USED_UP:
        return ErrorKind.QUOTA_USED
    if not may_send(window, head.author_kind == Message.Author.AGENT):
        return ErrorKind.WINDOW_CLOSED
    if window.state is WindowState.HUMAN_ONLY and not head.outside_window:
        return ErrorKind.WINDOW_CLOSED
    return None


def _take_reply_handle(conversation: Conversation, capabilities: Capabilities, now: datetime) -> str:
    """The reply token, while it lives; it is good for one try, so this try takes it away."""
    handle, received_at = conversation.reply_handle, conversation.reply_handle_at
    if not handle or received_at is None or capabilities.reply_handle_life is None:
        return ""
    conversation.reply_handle, conversation.reply_handle_at = "", None
    conversation.save(update_fields=["reply_handle", "reply_handle_at"])
    return handle if now < received_at + capabilities.reply_handle_life else ""


def _outgoing(
    conversation: Conversation, head: Message, reply_handle: str, capabilities: Capabilities, now: datetime
) -> OutgoingMessage:
    window = reply_window(capabilities, conversation.last_customer_message_at, now)
    shows_names = bool(conversation.inbox.settings.get("agent_names", True))
    kept = contents.stored(head.details)
    return OutgoingMessage(
        address=conversation.identity.address
        if kept.to
        else conversation.thread or conversation.identity.address,
        text=head.text,
        correlation=str(head.id),
        retry_key=str(head.id),
        tried_at=now,
        reply_handle=reply_handle,
        outside_window=window.state is WindowState.HUMAN_ONLY and not kept.to,
        sender_name=head.agent.name if head.agent is not None and shows_names else "",
        files=sending.files_of(head) if head.kind in _WITH_FILES else (),
        cards=kept.cards,
        quick_replies=kept.quick_replies,
        template=kept.template,
        to=kept.to,
        **(mail_threads.headings(conversation, head) if capabilities.has_subject else {}),
    )
