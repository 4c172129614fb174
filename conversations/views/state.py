"""What an agent does with a conversation: take it, give it, put it to sleep, end it, bring it back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone

from conversations import gates, lifecycle, queries, thread_control
from conversations.models import Conversation
from conversations.templatetags.desk import error_text
from conversations.thread_control import TakeOverRefused
from conversations.views.answers import BadRequest, act, body_of, id_in, number_in, problem, text_in
from tenants.workspace.access import MemberRequest, Permission, needs, zone_of
from tenants.workspace.log import newest_sequence
from tenants.workspace.models import Agent

MORNING = time(9)
MONDAY = 0


@act
@needs(Permission.CHANGE_CONVERSATIONS)
def assign(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Make {agent_id} responsible; null makes nobody."""
    conversation = gates.access_conversation(request.member, conversation_id)
    body = body_of(request)
    agent = None
    if body.get("agent_id") is not None:
        agent = Agent.objects.filter(id=id_in(body, "agent_id")).first()
        if agent is None:
            raise Http404
    lifecycle.assign(conversation, to=agent, by=request.member.actor)
    return _row_answer(conversation)


@act
@needs(Permission.CHANGE_CONVERSATIONS)
def resolve(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The work is done."""
    conversation = gates.access_conversation(request.member, conversation_id)
    lifecycle.resolve(conversation, by=request.member.actor)
    return _row_answer(conversation)


@act
@needs(Permission.CHANGE_CONVERSATIONS)
def reopen(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """The work goes on."""
    conversation = gates.access_conversation(request.member, conversation_id)
    lifecycle.reopen(conversation, by=request.member.actor)
    return _row_answer(conversation)


@act
@needs(Permission.CHANGE_CONVERSATIONS)
def snooze(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Let it sleep: {until: hour | tomorrow | monday | reply}, mornings in the agent's zone."""
    conversation = gates.access_conversation(request.member, conversation_id)
    until = wake_time(text_in(body_of(request), "until"), timezone.now(), zone_of(request))
    lifecycle.snooze(conversation, until=until, by=request.member.actor)
    return _row_answer(conversation)


@act
@needs(Permission.CHANGE_CONVERSATIONS)
def prioritise(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Set {priority}: 0 normal, 1 high, 2 urgent."""
    conversation = gates.access_conversation(request.member, conversation_id)
    priority = number_in(body_of(request), "priority", most=max(Conversation.Priority.values))
    lifecycle.prioritise(conversation, priority=priority, by=request.member.actor)
    return _row_answer(conversation)


@act
@needs(Permission.REPLY)
def take_over(request: MemberRequest, conversation_id: UUID) -> HttpResponse:
    """Take the thread over from another app of the account. Asks the platform."""
    conversation = gates.access_conversation(request.member, conversation_id)
    try:
        thread_control.take_over(conversation, by=request.member.actor)
    except TakeOverRefused as refusal:
        reason = {"reason": error_text(refusal.kind)} if refusal.kind else {}
        return problem(refusal.code, 409, **reason)
    return _row_answer(conversation)


def wake_time(wish: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When a snoozed conversation wakes; None: at the customer's next message. Raises BadRequest."""
    if wish == "reply":
        return None
    if wish == "hour":
        return now + timedelta(hours=1)
    today = now.astimezone(zone).date()
    days = {"tomorrow": 1, "monday": (MONDAY - today.weekday() - 1) % 7 + 1}.get(wish)
    if days is None:
        raise BadRequest
    return datetime.combine(today + timedelta(days=days), MORNING, tzinfo=zone).astimezone(UTC)


def _row_answer(conversation: Conversation) -> JsonResponse:
    sequence = newest_sequence()  # before the row: what came later, the browser applies again
    return JsonResponse({"sequence": sequence, "conversation": queries.conversation(conversation.id)})
