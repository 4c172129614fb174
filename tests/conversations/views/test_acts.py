"""What an agent does at the desk: answer, try again, take, give, put to sleep, end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from conversations.models import Conversation, Message, ReadMark
from conversations.views.answers import BadRequest
from conversations.views.state import wake_time
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.models import Absence, Agent, Event
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes

pytestmark = pytest.mark.django_db

TAIPEI = ZoneInfo("Asia/Taipei")


@pytest.fixture
def conversation(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("line"))


def post(client: Client, url: str, body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


def answer_of(conversation: Conversation, **given: Any) -> dict[str, Any]:
    return {
        "text": "On its way",
        "client_id": str(uuid4()),
        "seen_number": conversation.message_count,
        **given,
    }


def test_an_answer_becomes_a_message_that_waits_to_be_sent(
    as_bob: Client, conversation: Conversation, bob_agent: Agent
) -> None:
    body = answer_of(conversation)
    message = post(as_bob, f"/desk/conversations/{conversation.id}/reply/", body).json()["message"]
    assert (message["text"], message["status"], message["client_id"]) == (
        "On its way",
        "pending",
        body["client_id"],
    )
    assert message["agent_id"] == str(bob_agent.id)


def test_the_same_answer_twice_is_one_message(as_bob: Client, conversation: Conversation) -> None:
    body = answer_of(conversation)
    url = f"/desk/conversations/{conversation.id}/reply/"
    first, second = post(as_bob, url, body).json(), post(as_bob, url, body).json()
    assert first["message"]["id"] == second["message"]["id"]
    assert Message.objects.filter(conversation=conversation, direction="out").count() == 1


def test_an_answer_to_a_conversation_that_has_moved_is_held_and_shown_what_is_new(
    as_bob: Client, conversation: Conversation
) -> None:
    news = customer_writes(conversation, "Forget it, it has come!")
    url = f"/desk/conversations/{conversation.id}/reply/"
    refused = post(as_bob, url, answer_of(conversation))
    assert refused.status_code == 409
    assert refused.json()["code"] == "conversation_moved"
    assert [row["text"] for row in refused.json()["messages"]] == ["Forget it, it has come!"]
    assert post(as_bob, url, answer_of(conversation, seen_number=news.number)).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"text": "  "}, "text_blank"),
        ({"text": "x" * 6000}, "text_too_long"),
        ({"text": "a\x00b"}, "text_unreadable"),
        ({"text": "\ud800"}, "text_unreadable"),
    ],
)
def test_an_answer_that_cannot_go_out_is_refused_with_a_reason(
    as_bob: Client, conversation: Conversation, wrong: dict[str, Any], code: str
) -> None:
    answer = post(as_bob, f"/desk/conversations/{conversation.id}/reply/", answer_of(conversation, **wrong))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], bool(answer.json()["title"])) == (code, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": 7},
        {"client_id": "no"},
        {"client_id": None},
        {"seen_number": -1},
        {"seen_number": True},
        {"seen_number": 2**40},
        {"outside_window": "yes"},
    ],
)
def test_an_answer_of_the_wrong_form_is_a_bad_request(
    as_bob: Client, conversation: Conversation, wrong: dict[str, Any]
) -> None:
    answer = post(as_bob, f"/desk/conversations/{conversation.id}/reply/", answer_of(conversation, **wrong))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("body", ["", "[]", "nul", "[" * 100_000, "7", '{"text":'])
def test_a_body_that_is_no_object_is_a_bad_request(
    as_bob: Client, conversation: Conversation, body: str
) -> None:
    assert post(as_bob, f"/desk/conversations/{conversation.id}/reply/", body).status_code == 400


def test_a_failed_message_is_tried_again_or_given_up(as_bob: Client, conversation: Conversation) -> None:
    sent = post(as_bob, f"/desk/conversations/{conversation.id}/reply/", answer_of(conversation)).json()[
        "message"
    ]
    Message.objects.filter(id=sent["id"]).update(status="failed", error_kind="bad_request")
    assert post(as_bob, f"/desk/messages/{sent['id']}/retry/", {}).json()["message"]["status"] == "pending"
    Message.objects.filter(id=sent["id"]).update(status="failed")
    assert post(as_bob, f"/desk/messages/{sent['id']}/skip/", {}).json()["message"]["status"] == "skipped"


def test_a_message_that_arrived_is_not_tried_again(as_bob: Client, conversation: Conversation) -> None:
    sent = post(as_bob, f"/desk/conversations/{conversation.id}/reply/", answer_of(conversation)).json()[
        "message"
    ]
    Message.objects.filter(id=sent["id"]).update(status="sent")
    answer = post(as_bob, f"/desk/messages/{sent['id']}/retry/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_failed")


def test_seen_moves_forward_only_and_never_past_the_newest(
    as_bob: Client, conversation: Conversation, bob_agent: Agent
) -> None:
    url = f"/desk/conversations/{conversation.id}/seen/"
    post(as_bob, url, {"number": 99})
    post(as_bob, url, {"number": 0})
    assert (
        ReadMark.objects.get(agent=bob_agent, conversation=conversation).number == conversation.message_count
    )


def test_a_conversation_is_taken_given_and_let_go(
    as_bob: Client, conversation: Conversation, bob_agent: Agent, alice_agent: Agent
) -> None:
    url = f"/desk/conversations/{conversation.id}/assign/"
    for agent in (bob_agent, alice_agent):
        assert (
            post(as_bob, url, {"agent_id": str(agent.id)}).json()["conversation"]["assignee_name"]
            == agent.name
        )
    assert post(as_bob, url, {"agent_id": None}).json()["conversation"]["assignee_id"] is None


def test_work_cannot_be_given_to_another_brands_agent(
    as_bob: Client, conversation: Conversation, charlie_agent: Agent, alice_agent: Agent
) -> None:
    url = f"/desk/conversations/{conversation.id}/assign/"
    assert post(as_bob, url, {"agent_id": str(charlie_agent.id)}).status_code == 404
    assert post(as_bob, url, {"agent_id": str(alice_agent.id)}).status_code == 200


def test_work_cannot_be_given_to_somebody_who_has_left(
    as_bob: Client, conversation: Conversation, alice_agent: Agent
) -> None:
    Agent.objects.filter(id=alice_agent.id).update(is_active=False)
    answer = post(as_bob, f"/desk/conversations/{conversation.id}/assign/", {"agent_id": str(alice_agent.id)})
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_agent")


def test_resolve_and_reopen(as_bob: Client, conversation: Conversation) -> None:
    url = f"/desk/conversations/{conversation.id}"
    assert post(as_bob, f"{url}/resolve/", {}).json()["conversation"]["status"] == "resolved"
    assert post(as_bob, f"{url}/snooze/", {"until": "hour"}).json()["code"] == "not_open"
    assert post(as_bob, f"{url}/reopen/", {}).json()["conversation"]["status"] == "open"
    assert post(as_bob, f"{url}/snooze/", {"until": "hour"}).json()["conversation"]["status"] == "snoozed"


def test_priority_is_one_of_three(as_bob: Client, conversation: Conversation) -> None:
    url = f"/desk/conversations/{conversation.id}/priority/"
    assert post(as_bob, url, {"priority": 2}).json()["conversation"]["priority"] == 2
    assert post(as_bob, url, {"priority": 3}).status_code == 400


@pytest.mark.parametrize(
    ("now", "wish", "wakes"),
    [
        (datetime(2026, 11, 18, 15, tzinfo=TAIPEI), "tomorrow", datetime(2026, 11, 19, 9, tzinfo=TAIPEI)),
        (datetime(2026, 11, 18, 1, tzinfo=TAIPEI), "tomorrow", datetime(2026, 11, 19, 9, tzinfo=TAIPEI)),
        (datetime(2026, 11, 18, 15, tzinfo=TAIPEI), "monday", datetime(2026, 11, 23, 9, tzinfo=TAIPEI)),
        (datetime(2026, 11, 23, 8, tzinfo=TAIPEI), "monday", datetime(2026, 11, 30, 9, tzinfo=TAIPEI)),
        (datetime(2026, 11, 22, 20, tzinfo=UTC), "tomorrow", datetime(2026, 11, 24, 9, tzinfo=TAIPEI)),
    ],
)
def test_a_snooze_ends_in_the_morning_of_the_agents_zone(now: datetime, wish: str, wakes: datetime) -> None:
    assert wake_time(wish, now, TAIPEI) == wakes


def test_a_morning_is_nine_oclock_also_after_the_clocks_change() -> None:
    paris = ZoneInfo("Europe/Paris")
    woken = wake_time("tomorrow", datetime(2026, 10, 24, 12, tzinfo=paris), paris)
    assert woken is not None
    assert woken.astimezone(paris).hour == 9
    assert woken == datetime(2026, 10, 25, 8, tzinfo=UTC)


def test_a_snooze_may_end_with_the_customers_next_message_but_not_at_any_word() -> None:
    now = timezone.now()
    assert wake_time("reply", now, TAIPEI) is None
    assert wake_time("hour", now, TAIPEI) == now + timedelta(hours=1)
    with pytest.raises(BadRequest):
        wake_time("never", now, TAIPEI)


def test_going_away_opens_an_absence_and_coming_back_ends_it(
    as_bob: Client, in_acme: TenantRef, bob_agent: Agent
) -> None:
    for _twice in range(2):
        assert post(as_bob, "/desk/availability/", {"availability": "away"}).status_code == 200
    assert Absence.objects.get(agent=bob_agent).ended_at is None
    assert post(as_bob, "/desk/availability/", {"availability": "online"}).status_code == 200
    assert Absence.objects.get(agent=bob_agent).ended_at is not None
    assert Event.objects.filter(name="agent.availability_changed").count() == 2
    assert post(as_bob, "/desk/availability/", {"availability": "asleep"}).status_code == 400


ACTS = ["reply", "assign", "resolve", "reopen", "snooze", "priority"]


@pytest.mark.parametrize("act", ACTS)
def test_a_viewer_reads_but_does_not_act(as_victor: Client, conversation: Conversation, act: str) -> None:
    assert post(as_victor, f"/desk/conversations/{conversation.id}/{act}/", {}).status_code == 403
    assert as_victor.get(f"/inbox/all/{conversation.id}/").status_code == 200


@pytest.mark.parametrize("act", [*ACTS, "seen"])
def test_another_brands_conversation_cannot_be_acted_on(
    as_alice: Client, as_charlie: Client, conversation: Conversation, globex: TenantRef, act: str
) -> None:
    with tenant_scope(globex):
        theirs = a_conversation(an_inbox("line"))
    assert post(as_alice, f"/desk/conversations/{theirs.id}/{act}/", {}).status_code == 404
    assert post(as_charlie, f"/desk/conversations/{conversation.id}/{act}/", {}).status_code == 404


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_a_post(as_alice: Client, conversation: Conversation, act: str) -> None:
    assert as_alice.get(f"/desk/conversations/{conversation.id}/{act}/").status_code == 405


def test_an_act_needs_the_pages_own_token(bob: Any, acme: TenantRef, conversation: Conversation) -> None:
    browser = Client(enforce_csrf_checks=True, headers={"host": acme.primary_host})
    browser.force_login(bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get("/inbox/all/").content.decode()
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    url = f"/desk/conversations/{conversation.id}/resolve/"
    assert post(browser, url, {}).status_code == 403
    assert (
        browser.post(url, {}, content_type="application/json", headers={"x-csrftoken": token}).status_code
        == 200
    )
