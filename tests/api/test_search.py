"""The search box for integrators."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Contact
from contacts.search import rows as people
from conversations.models import Conversation, Inbox
from conversations.search import rows
from tenants.workspace.models import Agent, Team
from tests.conversations.outgoing import a_conversation
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(line: Inbox) -> Conversation:
    """Somebody called 美玲 wants to send something back."""
    return talk_of(line, "美玲", "你好，我想退貨可以嗎")


def talk_of(inbox: Inbox, name: str, text: str) -> Conversation:
    conversation = a_conversation(inbox, text=text)
    Contact.objects.filter(id=conversation.contact_id).update(name=name)
    people.write([conversation.contact_id])
    rows.write(conversation.messages.values_list("id", flat=True))
    return conversation


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def test_messages_are_found_with_the_part_that_shows_why(reader: Api, talk: Conversation) -> None:
    (hit,) = reader.get("search", q="退货").json()["results"]
    assert hit["conversation_id"] == str(talk.id)
    assert hit["contact_name"] == "美玲"
    assert [hit["excerpt"][start:end] for start, end in hit["marks"]] == ["退貨"]
    assert not {"pieces", "text", "subject"} & set(hit)


def test_contacts_and_conversations_are_found(reader: Api, talk: Conversation) -> None:
    (contact,) = reader.get("search", q="美玲", kind="contacts").json()["results"]
    assert contact["id"] == str(talk.contact_id)
    assert "name_pieces" not in contact
    assert ids(reader.get("search", q="美玲 is:open", kind="conversations")) == [str(talk.id)]
    assert ids(reader.get("search", q="美玲 is:resolved", kind="conversations")) == []


@pytest.mark.parametrize("kind", ["messages", "conversations", "contacts"])
def test_pages_follow_one_another(reader: Api, line: Inbox, kind: str) -> None:
    for _number in range(3):
        talk_of(line, "美玲", "美玲在此")
    first = reader.get("search", q="美玲", kind=kind, limit=2)
    second = reader.get("search", q="美玲", kind=kind, limit=2, cursor=first.json()["next"])
    assert len({*ids(first), *ids(second)}) == 3
    assert second.json()["next"] is None
    other = reader.get("search", q="美", kind=kind, limit=2, cursor=first.json()["next"])
    assert (other.status_code, other.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("q", "code", "says"),
    [
        ("label:nothing", "unknown", "There is no label “nothing”."),
        ("lable:vip", "no_operator", "did you mean label:?"),
        ("before:soon", "bad_date", "like before:2026-01-31"),
        ("is:", "no_value", "right behind is:"),
        ("assignee:me", "unknown", "Nobody here is called “me”"),
    ],
)
def test_an_operator_that_means_nothing_is_refused_with_the_reason(
    reader: Api, q: str, code: str, says: str
) -> None:
    answer = reader.get("search", q=q)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("q", code)
    assert says in error["detail"]


@pytest.mark.parametrize(
    "query", [{}, {"q": ""}, {"q": "a", "kind": "all"}, {"q": "a" * 501}, {"q": "a", "x": "y"}]
)
def test_what_is_no_search_is_refused(reader: Api, query: dict[str, str]) -> None:
    assert reader.get("search", **query).status_code == 400


def test_a_token_of_an_agent_finds_what_the_agent_may_see(
    caller: Caller, line: Inbox, talk: Conversation, bob_agent: Agent
) -> None:
    bob, everybody = caller("read", agent=bob_agent), caller("read")
    line.teams.add(Team.objects.create(name="Board"))
    for kind in ("messages", "conversations", "contacts"):
        q = "退貨" if kind == "messages" else "美玲"
        assert ids(bob.get("search", q=q, kind=kind)) == []
        assert len(ids(everybody.get("search", q=q, kind=kind))) == 1
