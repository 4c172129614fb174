from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import lifecycle
from conversations.lifecycle import LifecycleError
from conversations.models import Conversation, ReadMark, Session, Wait
from tenants.directory import TenantRef
from tenants.ids import new_id
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, Actor
from tenants.workspace.models import Agent, Event, Team
from tests.conversations.outgoing import a_conversation, an_inbox, happened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]


@pytest.fixture
def conversation(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("widget"))


def newest_event() -> Event:
    return Event.objects.order_by("-sequence")[0]


def test_assigning_makes_an_agent_responsible_and_says_so(
    conversation: Conversation, alice_agent: Agent, bob_agent: Agent
) -> None:
    lifecycle.assign(conversation, to=alice_agent, by=Actor.agent(bob_agent))
    conversation.refresh_from_db()
    assert conversation.assignee == alice_agent
    event = newest_event()
    assert (event.name, event.actor_id, event.payload) == (
        "conversation.assigned",
        bob_agent.id,
        {"assignee_id": str(alice_agent.id), "previous_assignee_id": None},
    )


def test_assigning_to_nobody_takes_the_conversation_off_the_agent(
    conversation: Conversation, alice_agent: Agent
) -> None:
    lifecycle.assign(conversation, to=alice_agent, by=SYSTEM)
    assert lifecycle.assign(conversation, to=None, by=SYSTEM).assignee_id is None
    assert newest_event().payload["previous_assignee_id"] == str(alice_agent.id)


def test_an_agent_who_left_is_not_assigned(conversation: Conversation, bob_agent: Agent) -> None:
    Agent.objects.filter(id=bob_agent.id).update(is_active=False)
    with pytest.raises(LifecycleError) as refused:
        lifecycle.assign(conversation, to=bob_agent, by=SYSTEM)
    conversation.refresh_from_db()
    assert (refused.value.code, conversation.assignee_id, happened()) == ("unknown_agent", None, [])


def test_another_brands_agent_is_not_assigned(conversation: Conversation, globex: TenantRef) -> None:
    with tenant_scope(globex):
        stranger = Agent.objects.create(user_id=uuid4(), name="Charlie")
    with pytest.raises(LifecycleError, match="unknown_agent"):
        lifecycle.assign(conversation, to=stranger, by=SYSTEM)


def test_another_brands_conversation_is_not_found(conversation: Conversation, globex: TenantRef) -> None:
    with tenant_scope(globex), pytest.raises(Conversation.DoesNotExist):
        lifecycle.resolve(conversation, by=SYSTEM)
    assert lifecycle.resolve(conversation, by=SYSTEM).status == "resolved"


def test_a_team_takes_over_and_gives_back(conversation: Conversation) -> None:
    team = Team.objects.create(name="Returns")
    assert lifecycle.give_to_team(conversation, team=team, by=SYSTEM).team == team
    assert lifecycle.give_to_team(conversation, team=None, by=SYSTEM).team is None
    assert happened() == ["conversation.given_to_team"] * 2
    with pytest.raises(LifecycleError, match="unknown_team"):
        lifecycle.give_to_team(conversation, team=Team(id=new_id(), name="Ghosts"), by=SYSTEM)


def test_resolving_ends_the_session_and_drops_the_wait(
    conversation: Conversation, alice_agent: Agent
) -> None:
    lifecycle.assign(conversation, to=alice_agent, by=SYSTEM)
    lifecycle.resolve(conversation, by=Actor.agent(alice_agent))
    conversation.refresh_from_db()
    session, wait = Session.objects.get(), Wait.objects.get()
    assert (conversation.status, conversation.waiting_since) == ("resolved", None)
    assert (session.resolved_by, session.resolved_at) == (alice_agent, wait.ended_at)
    assert (wait.dropped, wait.answered_by, wait.assignee) == (True, None, alice_agent)
    assert newest_event().payload == {"session_id": str(session.id)}


def test_reopening_a_resolved_conversation_begins_a_new_session(conversation: Conversation) -> None:
    lifecycle.resolve(conversation, by=SYSTEM)
    assert lifecycle.reopen(conversation, by=SYSTEM).status == "open"
    newest = Session.objects.get(resolved_at__isnull=True)
    assert (Session.objects.count(), newest.started_by_customer) == (2, False)
    assert newest_event().payload == {"session_id": str(newest.id), "previous_status": "resolved"}


def test_reopening_a_sleeper_goes_on_with_its_session(conversation: Conversation) -> None:
    lifecycle.snooze(conversation, until=timezone.now() + timedelta(hours=1), by=SYSTEM)
    row = lifecycle.reopen(conversation, by=SYSTEM)
    assert (row.status, row.snoozed_until, Session.objects.count()) == ("open", None, 1)


def test_a_conversation_is_not_reopened_beside_a_live_one(conversation: Conversation) -> None:
    lifecycle.resolve(conversation, by=SYSTEM)
    Conversation.objects.create(
        inbox=conversation.inbox,
        contact=conversation.contact,
        identity=conversation.identity,
        last_activity_at=timezone.now(),
    )
    with pytest.raises(LifecycleError, match="another_is_open"):
        lifecycle.reopen(conversation, by=SYSTEM)
    conversation.refresh_from_db()
    assert conversation.status == "resolved"


def test_snoozing_needs_a_time_to_come_and_a_live_conversation(conversation: Conversation) -> None:
    now = timezone.now()
    with pytest.raises(LifecycleError, match="snooze_in_past"):
        lifecycle.snooze(conversation, until=now - timedelta(seconds=1), by=SYSTEM)
    assert lifecycle.snooze(conversation, until=now + timedelta(hours=1), by=SYSTEM).status == "snoozed"
    lifecycle.resolve(conversation, by=SYSTEM)
    for act in (lifecycle.pend, lambda row, by: lifecycle.snooze(row, until=None, by=by)):
        with pytest.raises(LifecycleError, match="not_open"):
            act(conversation, by=SYSTEM)


def test_pending_forgets_the_time_of_waking(conversation: Conversation) -> None:
    lifecycle.snooze(conversation, until=timezone.now() + timedelta(hours=1), by=SYSTEM)
    row = lifecycle.pend(conversation, by=SYSTEM)
    assert (row.status, row.snoozed_until) == ("pending", None)


def test_priority_is_one_of_the_known_ones(conversation: Conversation) -> None:
    assert lifecycle.prioritise(conversation, priority=2, by=SYSTEM).priority == 2
    assert newest_event().payload == {"priority": 2, "previous_priority": 0}
    with pytest.raises(LifecycleError, match="unknown_priority"):
        lifecycle.prioritise(conversation, priority=7, by=SYSTEM)


UNTIL = timezone.now() + timedelta(days=3)
TWICE: dict[str, Callable[[Conversation, Agent], object]] = {
    "assign": lambda row, agent: lifecycle.assign(row, to=agent, by=SYSTEM),
    "snooze": lambda row, agent: lifecycle.snooze(row, until=UNTIL, by=SYSTEM),
    "pend": lambda row, agent: lifecycle.pend(row, by=SYSTEM),
    "resolve": lambda row, agent: lifecycle.resolve(row, by=SYSTEM),
    "prioritise": lambda row, agent: lifecycle.prioritise(row, priority=1, by=SYSTEM),
    "mark_seen": lambda row, agent: lifecycle.mark_seen(row, agent=agent, number=1),
}


@pytest.mark.parametrize("verb", TWICE)
def test_what_is_asked_twice_happens_once(conversation: Conversation, bob_agent: Agent, verb: str) -> None:
    TWICE[verb](conversation, bob_agent)
    once = happened()
    TWICE[verb](conversation, bob_agent)
    assert (len(once), happened()) == (1, once)


def test_reading_moves_only_forward_and_not_beyond_the_newest_message(
    conversation: Conversation, bob_agent: Agent, alice_agent: Agent
) -> None:
    Conversation.objects.update(message_count=5)
    assert lifecycle.mark_seen(conversation, agent=bob_agent, number=3)
    assert not lifecycle.mark_seen(conversation, agent=bob_agent, number=2)
    assert not lifecycle.mark_seen(conversation, agent=bob_agent, number=0)
    assert lifecycle.mark_seen(conversation, agent=alice_agent, number=99)
    marks = dict(ReadMark.objects.values_list("agent__name", "number"))
    assert marks == {"Bob": 3, "Alice": 5}
    assert happened() == ["conversation.seen"] * 2


def test_sleepers_wake_when_their_time_has_come(conversation: Conversation) -> None:
    now = timezone.now()
    other = a_conversation(conversation.inbox)
    for row, hours in ((conversation, 1), (other, 5)):
        lifecycle.snooze(row, until=now + timedelta(hours=hours), by=SYSTEM)
    for_ever = lifecycle.snooze(a_conversation(conversation.inbox), until=None, by=SYSTEM)
    assert lifecycle.wake_sleepers(now + timedelta(hours=2)) == 1
    assert lifecycle.wake_sleepers(now + timedelta(hours=2)) == 0
    found = dict(Conversation.objects.values_list("id", "status"))
    assert found == {conversation.id: "open", other.id: "snoozed", for_ever.id: "snoozed"}
    assert newest_event().name == "conversation.reopened"
