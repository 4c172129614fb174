"""The circuit breaker of each inbox: when to stop sending through it, when to ask again, when it is well."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from conversations.channels.errors import ErrorKind
from conversations.events import InboxFailing, InboxRecovered
from conversations.models import Inbox, Message, OutboundAttempt
from tenants.workspace.events import SYSTEM, record

FAILURES_TO_OPEN = 10
PROBE_EVERY = timedelta(minutes=1)
LAST_SENT_GRAIN = timedelta(
    minutes=1
)  # `last_sent_at` is a sign of life: a write for each message would be a queue

Health = Inbox.Health


def claim_probe(inbox: Inbox, *, at: datetime) -> bool:
    """Whether this caller is the one that may ask a failing platform again; once a minute."""
    due = Inbox.objects.filter(id=inbox.id, health=Health.FAILING, probe_at__lte=at)
    return due.update(probe_at=at + PROBE_EVERY) == 1


def note_trouble(inbox_id: UUID, kind: ErrorKind, *, at: datetime) -> None:
    """The platform did not answer, or told us to come back later. The tenth in a row opens the breaker."""
    Inbox.objects.filter(id=inbox_id).update(failures_in_a_row=F("failures_in_a_row") + 1)
    opening = Inbox.objects.filter(id=inbox_id, health=Health.GOOD, failures_in_a_row__gte=FAILURES_TO_OPEN)
    if opening.update(health=Health.FAILING, probe_at=at + PROBE_EVERY):
        record(InboxFailing(inbox_id=inbox_id, health=Health.FAILING, error_kind=kind), by=SYSTEM)


def note_refusal(inbox_id: UUID, kind: ErrorKind) -> None:
    """The platform refuses the whole account: nothing is sent until somebody reconnects it."""
    connected = Inbox.objects.filter(id=inbox_id).exclude(health=Health.DISCONNECTED)
    if connected.update(health=Health.DISCONNECTED, probe_at=None):
        record(InboxFailing(inbox_id=inbox_id, health=Health.DISCONNECTED, error_kind=kind), by=SYSTEM)


def note_answer(inbox: Inbox, *, at: datetime, sent: bool) -> bool:
    """The platform answered. Returns whether the inbox recovered by that, so that its queue can go on.

    inbox: as it stood when its conversation was locked for this answer.
    """
    inbox_id = inbox.id
    if sent and (inbox.last_sent_at is None or inbox.last_sent_at < at - LAST_SENT_GRAIN):
        Inbox.objects.filter(id=inbox_id).update(last_sent_at=at)
    if inbox.failures_in_a_row and inbox.health != Health.DISCONNECTED:
        Inbox.objects.filter(id=inbox_id).update(failures_in_a_row=0)
    return inbox.health == Health.FAILING and recover(inbox_id, at=at)


def recover(inbox_id: UUID, *, at: datetime) -> bool:
    """Close the breaker, or take a renewed account back. Returns whether it was open.

    Messages that wait for their next try because of the outage become due at once; who was told by the
    platform to wait, waits.
    """
    ailing = Inbox.objects.filter(id=inbox_id).exclude(health=Health.GOOD)
    if not ailing.update(health=Health.GOOD, failures_in_a_row=0, probe_at=None):
        return False
    waiting = Message.objects.filter(inbox_id=inbox_id, status=Message.Status.PENDING)
    OutboundAttempt.objects.filter(
        message__in=waiting, outcome=OutboundAttempt.Outcome.TRANSIENT, retry_at__gt=at
    ).exclude(error_kind=ErrorKind.RATE_LIMITED).update(retry_at=at)
    record(InboxRecovered(inbox_id=inbox_id), by=SYSTEM)
    return True
