"""A group is one conversation: everybody's words stand in it with their names, and answers go to the group."""

from __future__ import annotations

import json

import pytest

from contacts.models import Contact, ContactIdentity
from conversations import inbound, members, queries
from conversations.channels import registry
from conversations.inbound import Arrival
from conversations.models import Conversation, Inbox, Message
from tenants.directory import TenantRef
from tenants.workspace.models import Agent
from tests.conversations.double import Answer, Double
from tests.conversations.outgoing import an_inbox, answer, deliver, happened, jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_acme")]

GROUP = "C" + "1" * 32
MEI, KEN = "U" + "a" * 32, "U" + "b" * 32
NAME_JOB = "conversations.members.name"


@pytest.fixture
def inbox(in_acme: TenantRef, double: Double) -> Inbox:
    return an_inbox("line", double.url)


def event(number: int, member: str, **content: object) -> dict[str, object]:
    told = {"type": "message", "message": {"type": "text", "id": f"58{number}", "text": f"words {number}"}}
    return {
        "mode": "active",
        "timestamp": 1793584984500 + number * 1000,
        "source": {"type": "group", "groupId": GROUP, "userId": member},
        "webhookEventId": f"event-{number}",
        "replyToken": f"token-{number}",
        **(content or told),
    }


def arrive(inbox: Inbox, *events: dict[str, object]) -> None:
    body = json.dumps({"destination": inbox.account_id, "events": events}).encode()
    inbound.receive([Arrival(item, inbox.id) for item in registry.open("line").parse(body)])


def run_jobs() -> None:
    """Run the waiting jobs that ask for names, as a worker does."""
    for job in jobs(NAME_JOB):
        job.__class__.objects.filter(id=job.id).update(status="succeeded")
        members.name(**job.args)


def names() -> list[str]:
    talk = Conversation.objects.get()
    return [row["sender_name"] for row in queries.thread(talk.id)]


def test_what_two_members_say_is_one_conversation_of_one_contact(inbox: Inbox) -> None:
    arrive(inbox, event(1, MEI), event(2, KEN))
    arrive(inbox, event(3, MEI))
    assert Conversation.objects.get().message_count == 3
    assert (Contact.objects.count(), ContactIdentity.objects.get().address) == (1, GROUP)
    senders = [row.details["sender"]["id"] for row in Message.objects.order_by("number")]
    assert senders == [MEI, KEN, MEI]


def test_each_member_is_asked_for_once_and_their_words_carry_the_name(inbox: Inbox, double: Double) -> None:
    arrive(inbox, event(1, MEI), event(2, KEN), event(3, MEI))
    double.answers.extend([Answer(200, {"displayName": "美玲"}), Answer(200, {"displayName": "Ken"})])
    run_jobs()
    assert [asked.path for asked in double.asked] == [
        f"/v2/bot/group/{GROUP}/member/{member}" for member in (MEI, KEN)
    ]
    assert names() == ["美玲", "Ken", "美玲"]
    assert len(happened("message.sender_named")) == 3
    arrive(inbox, event(4, KEN))
    run_jobs()
    assert (names()[-1], len(double.asked)) == ("Ken", 2)


def test_a_member_whom_the_platform_does_not_name_stays_nameless(inbox: Inbox, double: Double) -> None:
    arrive(inbox, event(1, MEI))
    double.answers.append(Answer(404, {"message": "Not found"}))
    run_jobs()
    assert (names(), happened("message.sender_named"), jobs(NAME_JOB)) == ([""], [], [])


def test_a_platform_that_has_no_time_is_asked_again_and_a_refused_token_is_not(
    inbox: Inbox, double: Double
) -> None:
    arrive(inbox, event(1, MEI), event(2, KEN))
    double.answers.extend([Answer(500, {}), Answer(401, {})])
    run_jobs()
    [again] = jobs(NAME_JOB)
    assert (again.args["member"], again.args["tries"]) == (MEI, 1)
    double.answers.append(Answer(200, {"displayName": "美玲"}))
    run_jobs()
    assert names() == ["美玲", ""]


def test_a_customer_alone_is_not_asked_for_as_a_member(inbox: Inbox) -> None:
    arrive(inbox, {**event(1, MEI), "source": {"type": "user", "userId": MEI}})
    assert jobs(NAME_JOB) == []
    assert names() == [""]


def test_an_answer_goes_to_the_group_until_the_group_puts_us_out(
    inbox: Inbox, double: Double, bob_agent: Agent
) -> None:
    arrive(inbox, event(1, MEI))
    talk = Conversation.objects.get()
    Conversation.objects.update(reply_handle="", reply_handle_at=None)
    answer(talk, "Good morning", bob_agent)
    deliver(talk)
    assert double.asked[-1].body["to"] == GROUP
    arrive(inbox, event(2, MEI, type="leave"))
    assert not ContactIdentity.objects.get().is_reachable
    arrive(inbox, event(3, MEI, type="join"))
    assert ContactIdentity.objects.get().is_reachable


def test_another_brand_names_nobody_here(inbox: Inbox, globex: TenantRef, double: Double) -> None:
    arrive(inbox, event(1, MEI))
    talk = Conversation.objects.get()
    members.name(tenant_id=str(globex.id), conversation_id=str(talk.id), member=MEI)
    assert (names(), double.asked) == ([""], [])
