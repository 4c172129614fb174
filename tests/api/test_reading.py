"""Lists, filters, pages, the change feed."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import lifecycle
from conversations.models import Conversation, Inbox, Message
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db


def ids(answer: object) -> list[str]:
    return [row["id"] for row in answer.json()["results"]]


def test_a_conversation_its_messages_and_its_contact_can_be_read(
    reader: Api, conversation: Conversation
) -> None:
    row = reader.get(f"conversations/{conversation.id}").json()
    assert row["waiting_since"] is not None
    thread = reader.get(f"conversations/{conversation.id}/messages").json()["results"]
    assert [message["text"] for message in thread] == ["Where is my parcel?"]
    assert reader.get(f"messages/{thread[0]['id']}").json() == thread[0]
    contact = reader.get(f"contacts/{row['contact_id']}").json()
    assert [identity["channel"] for identity in contact["identities"]] == ["line"]
    assert row["contact_id"] in ids(reader.get("contacts"))


def test_conversations_are_filtered_by_what_is_allowed(
    reader: Api, caller: Caller, line: Inbox, conversation: Conversation, bob_agent: Agent
) -> None:
    done, taken = a_conversation(line), a_conversation(line)
    lifecycle.resolve(done, by=SYSTEM)
    lifecycle.assign(taken, to=bob_agent, by=SYSTEM)
    assert ids(reader.get("conversations", status="resolved")) == [str(done.id)]
    assert ids(reader.get("conversations", assignee=str(bob_agent.id))) == [str(taken.id)]
    assert set(ids(reader.get("conversations", assignee="none"))) == {str(done.id), str(conversation.id)}
    assert ids(reader.get("conversations", inbox=str(uuid4()))) == []
    assert ids(caller("read", agent=bob_agent).get("conversations", view="mine")) == [str(taken.id)]
    assert reader.get("conversations", view="mine").status_code == 400
    newest = max(row.last_activity_at for row in (done, taken, conversation))
    assert ids(reader.get("conversations", updated_after=(newest - timedelta(days=1)).isoformat()))
    assert ids(reader.get("conversations", updated_after=newest.isoformat())) == []


@pytest.mark.parametrize(
    "query",
    [
        {"ordering": "contact__name"},
        {"assignee__user_id": "1"},
        {"contact__name": "x"},
        {"status": "gone"},
        {"status": "open\x00"},
        {"assignee": "me"},
        {"inbox": "1"},
        {"updated_after": "yesterday"},
        {"updated_after": "0000-13-45T99:99:99Z"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "1000000000"},
        {"limit": "-1"},
        {"cursor": "x"},
        {"cursor": "x" * 2000},
        {"cursor": "WyIyMDI2IiwxXQ:1aaaaa:bbbb"},
        {"offset": "5"},
        {"schema": "t_0000000000000000"},
    ],
)
def test_other_parameters_and_values_are_400_with_the_field(reader: Api, query: dict[str, str]) -> None:
    answer = reader.get("conversations", **query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "bad_cursor" or problem["errors"][0]["field"] == next(iter(query))


def test_pages_follow_one_another_without_gap_or_repeat(reader: Api, line: Inbox) -> None:
    made = [a_conversation(line) for _ in range(5)]
    seen, query = [], {"limit": 2}
    while True:
        page = reader.get("conversations", **query).json()
        seen += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert len(seen) == 5
    assert set(seen) == {str(one.id) for one in made}


def test_a_thread_is_paged_towards_the_past(reader: Api, conversation: Conversation) -> None:
    for number in range(4):
        customer_writes(conversation, f"more {number}")
    path = f"conversations/{conversation.id}/messages"
    newest = reader.get(path, limit=2).json()
    assert [row["text"] for row in newest["results"]] == ["more 2", "more 3"]
    before = reader.get(path, limit=2, cursor=newest["next"]).json()
    assert [row["text"] for row in before["results"]] == ["more 0", "more 1"]
    assert Message.objects.count() == 5


def test_a_cursor_is_good_for_its_own_list_only(reader: Api, line: Inbox, conversation: Conversation) -> None:
    a_conversation(line)
    cursor = reader.get("conversations", limit=1).json()["next"]
    assert reader.get("conversations", limit=1, cursor=cursor).status_code == 200
    assert reader.get("contacts", cursor=cursor).json()["code"] == "bad_cursor"
    assert reader.get("conversations", cursor=cursor, status="open").json()["code"] == "bad_cursor"
    changed = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    assert reader.get("conversations", cursor=changed).json()["code"] == "bad_cursor"


def test_the_change_feed_gives_everything_after_a_number(reader: Api, conversation: Conversation) -> None:
    start = reader.get("events").json()["newest"]
    lifecycle.resolve(conversation, by=SYSTEM)
    lifecycle.reopen(conversation, by=SYSTEM)
    feed = reader.get("events", after=start).json()
    assert [(event["sequence"], event["name"]) for event in feed["events"]] == [
        (start + 1, "conversation.resolved"),
        (start + 2, "conversation.reopened"),
    ]
    assert feed["newest"] == start + 2
    assert feed["events"][0]["actor"] == {"kind": "system", "id": None}
    assert feed["events"][0]["conversation_id"] == str(conversation.id)
    first = reader.get("events", after=start, limit=1).json()
    assert (len(first["events"]), first["newest"]) == (1, start + 2)
    assert reader.get("events", after=start + 2).json()["events"] == []


@pytest.mark.parametrize("query", [{"after": "-1"}, {"after": "x"}, {"after": str(2**63)}, {"limit": "201"}])
def test_a_feed_question_that_makes_no_sense_is_400(reader: Api, query: dict[str, str]) -> None:
    assert reader.get("events", **query).status_code == 400


def test_an_inbox_shows_no_secret(reader: Api, line: Inbox) -> None:
    row = reader.get("inboxes").json()[0]
    assert row["id"] == str(line.id)
    assert "sealed" not in str(row)
    assert "settings" not in row


def test_the_queue_of_closing_windows_can_be_read(
    reader: Api, line: Inbox, conversation: Conversation
) -> None:
    messenger, now = an_inbox("messenger"), timezone.now()
    made = [a_conversation(messenger, wrote_at=now - timedelta(hours=hours)) for hours in (22, 5)]
    first = reader.get("conversations", order="closing", limit=1).json()
    rest = reader.get("conversations", order="closing", limit=5, cursor=first["next"])
    assert [row["id"] for row in first["results"]] + ids(rest) == [
        str(each.id) for each in (*made, conversation)
    ]
    assert rest.json()["next"] is None
    assert reader.get("conversations", cursor=first["next"]).json()["code"] == "bad_cursor"
    assert reader.get("conversations", order="name").status_code == 400
