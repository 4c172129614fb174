"""What becomes of a message after a try: sent, tried again, failed, or left for a person to decide.

Everything here happens inside the caller's unit of work, under the conversation's lock.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from django.db.models import F

from contacts.events import ContactUpdated
from contacts.models import ContactIdentity
from conversations import attempt_rows, breaker
from conversations.channels import registry
from conversations.channels.base import Capabilities, RetryProtection, Sent
from conversations.channels.errors import ACCOUNT_KINDS, DeliveryError, ErrorKind
from conversations.events import MessageFailed, MessageSent, MessageUnconfirmed
from conversations.inbound import late, parked, twins
from conversations.models import Conversation, Message, OutboundAttempt
from tenants.workspace.events import SYSTEM, record

RETRY_AFTER_SECONDS = (5, 30, 120, 600, 3600, 14_400, 43_200)
JITTER = 0.2
LONGEST_WAIT = timedelta(hours=12)
ECHO_WAIT = timedelta(seconds=60)
KEY_LIFE = timedelta(hours=23)
"""LINE remembers a retry key for 24 hours; after that the same key would send a second message."""

# What a late success may still correct: the customer has the message, whatever we thought.
_BEFORE_SENT = frozenset(
    {
        Message.Status.PENDING,
        Message.Status.FAILED,
        Message.Status.UNCONFIRMED,
        Message.Status.SKIPPED,
    }
)

Outcome = OutboundAttempt.Outcome

_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be done after an attempt.

    retry_at: when its message is due again. recovered: the inbox works again. has_next: others of the
    conversation wait behind it.
    """

    retry_at: datetime | None = None
    recovered: bool = False
    has_next: bool = False


def retry_delay(tries: int, spread: float = 1.0) -> timedelta | None:
    """How long to wait after the `tries`-th try in a row; None when it was the last. spread: 0.8 to 1.2."""
    if tries > len(RETRY_AFTER_SECONDS):
        return None
    return timedelta(seconds=RETRY_AFTER_SECONDS[tries - 1] * spread)


def sent(answered: Sequence[tuple[OutboundAttempt, Sent]], now: datetime) -> None:
    """Platforms have the messages of these attempts, each of another conversation, also when one says so after another
    worker has taken over. Reports that came before the answers count from now on. The number of statements grows with
    twins only.

    What it means for the inbox is the caller's to note (`breaker.note_answer`).
    """
    messages = [attempt.message for attempt, _said in answered]
    unnamed = [
        (attempt.message, said.external_id)
        for attempt, said in answered
        if said.external_id and not attempt.message.external_id
    ]
    twin_of = twins.twins_of(unnamed)
    changed = [attempt.message for attempt, said in answered if _take(attempt, said, twin_of, now)]
    attempt_rows.end([attempt for attempt, _said in answered], changed)
    for message in messages:
        twin = twin_of.get(message.id)
        if twin is not None and twins.is_echo_of(twin, message):
            twins.merge(message, twin)  # an id that belongs to anything but its own echo is left alone
    if reported := _with_parked_reports([message for message in messages if _is_reported_on(message)]):
        late.apply(reported)


def _take(attempt: OutboundAttempt, said: Sent, twin_of: Mapping[UUID, Message], now: datetime) -> bool:
    """Put a platform's answer into attempt and message; whether it changed the message."""
    message = attempt.message
    attempt.outcome, attempt.finished_at, attempt.retry_at = Outcome.SENT, now, None
    attempt.way = said.way or attempt.way
    news = message.status in _BEFORE_SENT
    if news:
        message.status, message.error_kind, message.error_detail = Message.Status.SENT, "", ""
        record(MessageSent(**_where(message)), by=SYSTEM)
    names = not message.external_id and bool(said.external_id)
    if names and message.id not in twin_of:
        message.external_id = said.external_id
    if said.address:
        message.details = {**message.details, "reached": said.address}
    return news or names or bool(said.address)


def _is_reported_on(message: Message) -> bool:
    capabilities = registry.open(message.conversation.inbox.channel).capabilities
    return capabilities.reports_delivered or capabilities.reports_read


def _with_parked_reports(messages: Sequence[Message]) -> list[UUID]:
    """Of which messages something is parked that may concern them. One query."""
    names = {
        message.id: {
            (message.inbox_id, message.external_id),
            (message.inbox_id, parked.mark_name(message.conversation.identity.address)),
        }
        for message in messages
    }
    there = parked.read(parked.ask(set().union(*names.values())))
    return [message_id for message_id, theirs in names.items() if not theirs.isdisjoint(there)]


def refused(
    attempt: OutboundAttempt,
    message: Message,
    error: DeliveryError,
    capabilities: Capabilities,
    now: datetime,
) -> Settled:
    """The platform did not take the message, or nobody knows whether it did. An echo or a report that came
    meanwhile knows better."""
    if message.status != Message.Status.PENDING:
        _close(attempt, Outcome.UNKNOWN, error, now)
        return Settled()
    if error.kind in ACCOUNT_KINDS:
        _close(attempt, Outcome.PERMANENT, error, now)
        breaker.note_refusal(message.inbox_id, error.kind)  # the message stays pending: it is not its fault
        return Settled()
    if error.permanent:
        _close(attempt, Outcome.PERMANENT, error, now)
        fail(message, error.kind, error.detail)
        return Settled(recovered=breaker.note_answer(message.conversation.inbox, at=now, sent=False))
    breaker.note_trouble(message.inbox_id, error.kind, at=now)
    if error.kind is ErrorKind.UNKNOWN_OUTCOME:
        return _unknown(attempt, message, error, capabilities, now, key_used=error.key_used)
    retry_at = _next_try(attempt, now, error.retry_after)
    _close(attempt, Outcome.TRANSIENT, error, now, retry_at=retry_at)
    if retry_at is None:
        fail(message, error.kind, error.detail)
    return Settled(retry_at=retry_at)


def lost(attempt: OutboundAttempt, message: Message, capabilities: Capabilities, now: datetime) -> Settled:
    """The attempt's worker never came back. A reply token may have been used, and it carries no key.

    The lease was wait enough for a second try; a message that ends its workers again and again waits longer.
    """
    error = DeliveryError(ErrorKind.UNKNOWN_OUTCOME, code="lost", detail="the sender ended during the call")
    settled = _unknown(attempt, message, error, capabilities, now, key_used=attempt.way != "reply")
    if settled.retry_at is None or not _resends(capabilities) or len(_in_a_row(attempt)) > 1:
        return settled
    attempt.retry_at = now
    attempt.save(update_fields=["retry_at"])
    return Settled(retry_at=now)


def give_up_waiting(attempt: OutboundAttempt, message: Message) -> None:
    """No sign came of a message whose outcome is not known: a person decides."""
    attempt.retry_at = None
    attempt.save(update_fields=["retry_at"])
    _unconfirmed(message)


def fail(message: Message, kind: ErrorKind, detail: str = "") -> None:
    """The message does not go out unless a person asks for another try."""
    _change(message, Message.Status.FAILED, kind, detail)
    record(MessageFailed(**_where(message), error_kind=kind), by=SYSTEM)
    counter = "sent_in_brief_window" if message.details.get("in_brief_window") else "sent_in_window"
    if message.needs_window and getattr(message.conversation, counter):
        # what the platform did not take, it does not count
        counted = Conversation.objects.filter(id=message.conversation_id, **{f"{counter}__gt": 0})
        counted.update(**{counter: F(counter) - 1})
    if kind is ErrorKind.RECIPIENT_GONE and not message.conversation.thread:
        reached = ContactIdentity.objects.filter(id=message.conversation.identity_id, is_reachable=True)
        if reached.update(is_reachable=False):
            contact_id = message.conversation.contact_id
            record(ContactUpdated(contact_id=contact_id, fields=("is_reachable",)), by=SYSTEM)


def _unknown(
    attempt: OutboundAttempt,
    message: Message,
    error: DeliveryError,
    capabilities: Capabilities,
    now: datetime,
    *,
    key_used: bool,
) -> Settled:
    retry_at: datetime | None = None
    if capabilities.retry_protection is RetryProtection.ECHO:
        retry_at = now + ECHO_WAIT
    elif _resends(capabilities) and key_used:
        begun_at = min(row.started_at for row in _in_a_row(attempt))
        retry_at = _next_try(attempt, now, error.retry_after) if now < begun_at + KEY_LIFE else None
    _close(attempt, Outcome.UNKNOWN, error, now, retry_at=retry_at)
    if retry_at is None:
        _unconfirmed(message)
    return Settled(retry_at=retry_at)


def _resends(capabilities: Capabilities) -> bool:
    return capabilities.retry_protection is RetryProtection.KEY


def _next_try(attempt: OutboundAttempt, now: datetime, retry_after: float | None) -> datetime | None:
    if (
        attempt.is_probe
    ):  # the outage is not the message's own: it waits for the next probe, and never runs out of tries
        return now + breaker.PROBE_EVERY
    tries = sum(not row.is_probe for row in _in_a_row(attempt))
    wait = retry_delay(tries, _dice.uniform(1 - JITTER, 1 + JITTER))
    if wait is not None and retry_after is not None:
        wait = min(timedelta(seconds=retry_after), LONGEST_WAIT)
    return None if wait is None else now + wait


def _in_a_row(attempt: OutboundAttempt) -> list[OutboundAttempt]:
    """This attempt and those before it, back to where the message last came to rest."""
    rows = [attempt]
    earlier = OutboundAttempt.objects.filter(message_id=attempt.message_id, number__lt=attempt.number)
    for row in earlier.order_by("-number"):
        if row.retry_at is None:
            break
        rows.append(row)
    return rows


def _close(
    attempt: OutboundAttempt,
    outcome: OutboundAttempt.Outcome,
    error: DeliveryError,
    now: datetime,
    *,
    retry_at: datetime | None = None,
) -> None:
    attempt.outcome, attempt.finished_at, attempt.retry_at = outcome, now, retry_at
    attempt.error_kind, attempt.error_code = error.kind, error.code[:60]
    attempt.error_detail = error.detail[:500]
    attempt.save(
        update_fields=["outcome", "finished_at", "retry_at", "error_kind", "error_code", "error_detail"]
    )


def _unconfirmed(message: Message) -> None:
    _change(message, Message.Status.UNCONFIRMED, ErrorKind.UNKNOWN_OUTCOME)
    record(MessageUnconfirmed(**_where(message)), by=SYSTEM)


def _change(
    message: Message, status: Message.Status, kind: ErrorKind | None = None, detail: str = ""
) -> None:
    message.status, message.error_kind, message.error_detail = status, kind or "", detail[:500]
    message.save(update_fields=["status", "error_kind", "error_detail"])


class _Where(TypedDict):
    conversation_id: UUID
    contact_id: UUID
    message_id: UUID


def _where(message: Message) -> _Where:
    return _Where(
        conversation_id=message.conversation_id,
        contact_id=message.conversation.contact_id,
        message_id=message.id,
    )
