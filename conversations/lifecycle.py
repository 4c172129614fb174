"""Every change of a conversation's state by people, rules and clocks.

Each verb locks the row, checks, changes and records, in one unit of work; asked twice, it does nothing the
second time. What a customer's message changes stands in `inbound`, where it happens to many conversations at
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from conversations.events import (
    ConversationAssigned,
    ConversationGivenToTeam,
    ConversationPended,
    ConversationPrioritised,
    ConversationReopened,
    ConversationResolved,
    ConversationSeen,
    ConversationSnoozed,
)
from conversations.models import Conversation, ReadMark, Session, Wait
from tenants.arrays import columns
from tenants.ids import new_id
from tenants.statements import Given, Question, execute_with_next
from tenants.workspace.events import SYSTEM, Actor, record, unit_of_work
from tenants.workspace.models import Agent, Team

SLEEPERS_AT_ONCE = 500
LONGEST_SNOOZE = timedelta(days=366)  # a time at the calendar's end cannot be shown in every zone

Status = Conversation.Status

_LOCKED = Question(lambda: Conversation.objects.select_for_update(no_key=True).filter(id=Given("id")))
_OPEN_SESSION = Question(
    lambda: Session.objects.filter(conversation_id=Given("conversation_id"), resolved_at=None)
)


class LifecycleError(Exception):
    """The conversation cannot be changed like this; `code` says why.

    Codes: unknown_agent, unknown_team, unknown_priority, not_open, snooze_in_past,
    snooze_too_long, another_is_open.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def assign(conversation: Conversation, *, to: Agent | None, by: Actor) -> Conversation:
    """Make an active agent of this brand responsible; None takes the conversation off everybody."""
    with unit_of_work():
        row = _locked(conversation)
        if to is not None and not Agent.objects.filter(id=to.id, is_active=True).exists():
            raise LifecycleError("unknown_agent")
        previous, wanted = row.assignee_id, None if to is None else to.id
        if previous == wanted:
            return row
        row.assignee_id = wanted
        row.save(update_fields=["assignee"])
        record(
            ConversationAssigned(
                conversation_id=row.id,
                contact_id=row.contact_id,
                assignee_id=wanted,
                previous_assignee_id=previous,
            ),
            by=by,
        )
    return row


def give_to_team(conversation: Conversation, *, team: Team | None, by: Actor) -> Conversation:
    """Put a team of this brand in charge; None takes the conversation off every team."""
    with unit_of_work():
        row = _locked(conversation)
        if team is not None and not Team.objects.filter(id=team.id).exists():
            raise LifecycleError("unknown_team")
        previous, wanted = row.team_id, None if team is None else team.id
        if previous == wanted:
            return row
        row.team_id = wanted
        row.save(update_fields=["team"])
        record(
            ConversationGivenToTeam(
                conversation_id=row.id, contact_id=row.contact_id, team_id=wanted, previous_team_id=previous
            ),
            by=by,
        )
    return row


def snooze(conversation: Conversation, *, until: datetime | None, by: Actor) -> Conversation:
    """Put to sleep until a time to come (at most LONGEST_SNOOZE), or until the customer's next message (None)."""
    now = timezone.now()
    if until is not None and until <= now:
        raise LifecycleError("snooze_in_past")
    if until is not None and until > now + LONGEST_SNOOZE:
        raise LifecycleError("snooze_too_long")
    with unit_of_work():
        row = _locked(conversation)
        if row.status == Status.RESOLVED:
            raise LifecycleError("not_open")
        if row.status == Status.SNOOZED and row.snoozed_until == until:
            return row
        row.status, row.snoozed_until = Status.SNOOZED, until
        row.save(update_fields=["status", "snoozed_until"])
        record(
            ConversationSnoozed(conversation_id=row.id, contact_id=row.contact_id, until=until),
            by=by,
        )
    return row


def pend(conversation: Conversation, *, by: Actor) -> Conversation:
    """Let it wait on a bot or an outsider."""
    with unit_of_work():
        row = _locked(conversation)
        if row.status == Status.RESOLVED:
            raise LifecycleError("not_open")
        if row.status == Status.PENDING:
            return row
        row.status, row.snoozed_until = Status.PENDING, None
        row.save(update_fields=["status", "snoozed_until"])
        record(ConversationPended(conversation_id=row.id, contact_id=row.contact_id), by=by)
    return row


def resolve(conversation: Conversation, *, by: Actor) -> Conversation:
    """End the session. A customer who still waits for an answer is counted as dropped."""
    with unit_of_work():
        row = _locked(conversation)
        if row.status == Status.RESOLVED:
            return row
        now = timezone.now()
        _end_waits([_Ended(row, None)], at=now, dropped=True)
        session = Session.objects.filter(conversation=row, resolved_at__isnull=True).first()
        if session is not None:
            session.resolved_at, session.resolved_by_id = now, by.agent_id
            session.save(update_fields=["resolved_at", "resolved_by"])
        row.status, row.snoozed_until, row.waiting_since = Status.RESOLVED, None, None
        row.save(update_fields=["status", "snoozed_until", "waiting_since"])
        record(
            ConversationResolved(
                conversation_id=row.id,
                contact_id=row.contact_id,
                session_id=None if session is None else session.id,
            ),
            by=by,
        )
    return row


def reopen(conversation: Conversation, *, by: Actor) -> Conversation:
    """Bring it back to the open list; a resolved one starts a new session."""
    with unit_of_work():
        row = _locked(conversation)
        previous = row.status
        if previous == Status.OPEN:
            return row
        row.status, row.snoozed_until = Status.OPEN, None
        try:
            with transaction.atomic():
                row.save(update_fields=["status", "snoozed_until"])
        except IntegrityError:
            raise LifecycleError("another_is_open") from None
        session = ensure_session(row, at=timezone.now())
        record(
            ConversationReopened(
                conversation_id=row.id,
                contact_id=row.contact_id,
                session_id=session.id,
                previous_status=previous,
            ),
            by=by,
        )
    return row


def prioritise(conversation: Conversation, *, priority: int, by: Actor) -> Conversation:
    """Set how urgent it is, one of Conversation.Priority."""
    if priority not in Conversation.Priority.values:
        raise LifecycleError("unknown_priority")
    with unit_of_work():
        row = _locked(conversation)
        previous = row.priority
        if previous == priority:
            return row
        row.priority = priority
        row.save(update_fields=["priority"])
        record(
            ConversationPrioritised(
                conversation_id=row.id,
                contact_id=row.contact_id,
                priority=priority,
                previous_priority=previous,
            ),
            by=by,
        )
    return row


def mark_seen(conversation: Conversation, *, agent: Agent, number: int) -> bool:
    """Note that `agent` has read up to message `number`; only forward. Returns whether that was news."""
    newest = Conversation.objects.values_list("message_count", flat=True).get(pk=conversation.pk)
    number = min(number, newest)
    with unit_of_work():
        if number < 1 or not _move_read_mark(agent.id, conversation.pk, number):
            return False
        record(
            ConversationSeen(conversation_id=conversation.pk, number=number),
            by=Actor.agent(agent),
        )
    return True


def take_on(conversation: Conversation, *, agent: Agent, by: Actor) -> None:
    """Make the agent who answers responsible, where nobody is yet.

    conversation: locked by the caller, whose unit of work this is, and who saves its `assignee`.
    """
    if conversation.assignee_id is not None:
        return
    if not agent.is_active:
        raise LifecycleError("unknown_agent")
    conversation.assignee = agent
    record(
        ConversationAssigned(
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            assignee_id=agent.id,
            previous_assignee_id=None,
        ),
        by=by,
    )


def answered(answers: Sequence[tuple[Conversation, UUID]], *, at: datetime) -> None:
    """End the waits of customers whom a person answered: (conversation, that agent's id). Bots, instant replies and
    away messages never come here. One statement, none where nobody waits.

    The conversations are locked by the caller, whose unit of work this is, and who saves their `waiting_since`.
    """
    ended = [_Ended(row, agent_id) for row, agent_id in answers if row.waiting_since is not None]
    for each in ended:
        each.conversation.waiting_since = None
    _end_waits(ended, at=at, dropped=False)


def ensure_session(conversation: Conversation, *, at: datetime) -> Session:
    """The open session of a locked conversation; where there is none, one that we begin."""
    session = _OPEN_SESSION.first(conversation_id=conversation.id)
    if session is None:
        session = Session.objects.create(
            conversation=conversation,
            inbox_id=conversation.inbox_id,
            started_at=at,
            started_by_customer=False,
        )
    return session


def wake_sleepers(now: datetime) -> int:
    """Reopen what was snoozed until `now` or earlier. Returns how many."""
    due = Conversation.objects.filter(status=Status.SNOOZED, snoozed_until__lte=now)
    sleepers = list(due.order_by("snoozed_until")[:SLEEPERS_AT_ONCE])
    for sleeper in sleepers:
        with unit_of_work():
            row = _locked(sleeper)
            if row.status == Status.SNOOZED and row.snoozed_until is not None and row.snoozed_until <= now:
                reopen(row, by=SYSTEM)
    return len(sleepers)


def _locked(conversation: Conversation) -> Conversation:
    row = _LOCKED.first(id=conversation.pk)
    if row is None:
        raise Conversation.DoesNotExist
    return row


class _Ended(NamedTuple):
    conversation: Conversation
    answered_by_id: UUID | None


def _end_waits(ended: Sequence[_Ended], *, at: datetime, dropped: bool) -> None:
    """End the open waits of locked conversations, frozen with who is responsible now. One statement, if any."""
    if not ended:
        return
    rows = [(row.id, agent_id, row.assignee_id, row.team_id) for row, agent_id in ended]
    execute_with_next(
        f"""
        UPDATE {Wait._meta.db_table} w
           SET ended_at = greatest(w.started_at, %s),  -- platform clocks run ahead of ours now and then
               answered_by_id = new.answered_by_id, answered_outside = false, dropped = %s,
               assignee_id = new.assignee_id, team_id = new.team_id
          FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[])
               AS new (conversation_id, answered_by_id, assignee_id, team_id)
         WHERE w.conversation_id = new.conversation_id AND w.ended_at IS NULL
        """,  # noqa: S608 -- the table's name is our own
        [at, dropped, *columns(rows)],
    )


def _move_read_mark(agent_id: UUID, conversation_id: UUID, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {ReadMark._meta.db_table} AS mark (id, agent_id, conversation_id, number)
            VALUES (%s, %s, %s, %s)
            ON CONFLICT (agent_id, conversation_id) DO UPDATE SET number = EXCLUDED.number
             WHERE mark.number < EXCLUDED.number
            """,  # noqa: S608 -- the table's name is our own
            [new_id(), agent_id, conversation_id, number],
        )
        return bool(cursor.rowcount == 1)
