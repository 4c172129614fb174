"""The search page, and the thread that opens at a message."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import Contact
from contacts.search import rows as people
from conversations.models import Conversation, Inbox, Message
from conversations.search import rows
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.models import Team
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}


@pytest.fixture
def inbox(acme: TenantRef) -> Inbox:
    with tenant_scope(acme):
        return an_inbox("line", name="Harbour")


def talk_of(acme: TenantRef, inbox: Inbox, name: str, text: str) -> Conversation:
    with tenant_scope(acme):
        conversation = a_conversation(inbox, text=text)
        Contact.objects.filter(id=conversation.contact_id).update(name=name)
        people.write([conversation.contact_id])
        rows.write(conversation.messages.values_list("id", flat=True))
        return conversation


def words(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_contacts_conversations_and_messages_are_shown_with_their_hits(
    as_bob: Client, acme: TenantRef, inbox: Inbox
) -> None:
    talk = talk_of(acme, inbox, "陳美玲", "我是美玲，想退貨")
    page = words(as_bob.get("/search/", {"q": "美玲"}))
    assert f'href="/contacts/{talk.contact_id}/"' in page
    assert f'href="/inbox/all/{talk.id}/"' in page
    assert "陳<mark>美玲</mark>" in page
    assert "我是<mark>美玲</mark>，想退貨" in page
    with tenant_scope(acme):
        message = Message.objects.get()
    assert f'href="/inbox/all/{talk.id}/?message={message.id}"' in page


def test_what_was_said_is_escaped(as_bob: Client, acme: TenantRef, inbox: Inbox) -> None:
    talk_of(acme, inbox, "<b>Mei</b>", "<script>alert('退貨')</script>")
    page = words(as_bob.get("/search/", {"q": "退貨"}))
    assert "&lt;script&gt;alert(&#x27;<mark>退貨</mark>" in page
    assert "<b>Mei" not in page
    assert "<script>alert" not in page


def test_its_script_is_answered_what_was_found_alone(as_bob: Client, acme: TenantRef, inbox: Inbox) -> None:
    talk_of(acme, inbox, "Mei", "退貨")
    part = words(as_bob.get("/search/", {"q": "退貨"}, headers=PART))
    assert "<html" not in part
    assert "<mark>退貨</mark>" in part


def test_older_hits_are_asked_for_page_by_page(
    as_bob: Client, acme: TenantRef, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.views.search.PAGE", 2)
    for _number in range(3):
        talk_of(acme, inbox, "Mei", "退貨")
    first = as_bob.get("/search/", {"q": "退貨", "kind": "messages"})
    assert words(first).count("<mark>") == 2
    after = first.context["next"]["messages"]
    rest = words(as_bob.get("/search/", {"q": "退貨", "kind": "messages", "after": after}, headers=PART))
    assert rest.count("<mark>") == 1
    assert "data-more" not in rest


@pytest.mark.parametrize(
    ("q", "says"),
    [
        ("label:nothing", "There is no label “nothing”."),
        ("lable:vip", "did you mean label:?"),
        ("before:soon", "like before:2026-01-31"),
        ("is:", "Something must stand right behind is:"),
        ("is:lost", "is no state"),
        ("x" * 501, "At most 500 characters"),
    ],
)
def test_an_operator_that_means_nothing_is_explained(as_bob: Client, q: str, says: str) -> None:
    assert says in words(as_bob.get("/search/", {"q": q}))


def test_an_empty_box_explains_itself_and_a_vain_search_says_so(as_bob: Client) -> None:
    assert "assignee:me" in words(as_bob.get("/search/"))
    assert "Nothing was found." in words(as_bob.get("/search/", {"q": "nowhere"}))


@pytest.mark.parametrize("query", [{"kind": "all"}, {"q": "a", "kind": "messages", "after": "yesterday"}])
def test_what_is_no_page_is_not_there(as_bob: Client, query: dict[str, str]) -> None:
    assert as_bob.get("/search/", query).status_code == 404


def test_a_member_does_not_find_what_stands_in_hidden_inboxes(
    as_bob: Client, as_carol: Client, acme: TenantRef, inbox: Inbox
) -> None:
    talk_of(acme, inbox, "陳美玲", "退貨")
    with tenant_scope(acme):
        inbox.teams.add(Team.objects.create(name="Board"))
    for q in ("美玲", "退貨", "channel:line"):
        assert "Nothing was found." in words(as_bob.get("/search/", {"q": q}))
        assert "Nothing was found." not in words(as_carol.get("/search/", {"q": q}))


def test_charlie_of_globex_finds_nothing_of_acme(
    as_charlie: Client, as_charlie_at_globex: Client, acme: TenantRef, inbox: Inbox
) -> None:
    talk_of(acme, inbox, "陳美玲", "退貨")
    assert as_charlie.get("/search/", {"q": "退貨"}).status_code == 404
    assert "Nothing was found." in words(as_charlie_at_globex.get("/search/", {"q": "退貨"}))


# --- the thread that opens at a message ---------------------------------------------------------------------


@pytest.fixture
def long_talk(acme: TenantRef, inbox: Inbox) -> list[Message]:
    """130 messages of one thread, oldest first."""
    with tenant_scope(acme):
        began = timezone.now() - timedelta(days=1)
        conversation = a_conversation(inbox, text="message 1", wrote_at=began)
        for number in range(2, 131):
            customer_writes(conversation, f"message {number}", at=began + timedelta(minutes=number))
        return list(Message.objects.filter(conversation=conversation).order_by("number"))


def shown(answer: Any) -> list[int]:
    assert answer.status_code == 200
    return [row["number"] for row in answer.context["thread"]]


def test_a_thread_opens_at_a_message_far_back(as_bob: Client, long_talk: list[Message]) -> None:
    wanted = long_talk[39]
    answer = as_bob.get(f"/inbox/all/{wanted.conversation_id}/", {"message": str(wanted.id)})
    assert shown(answer) == list(range(25, 56))
    page = words(answer)
    assert page.count("is-found") == 1
    assert "data-before" in page and "data-after" in page


def test_from_there_the_newer_pages_follow_to_the_end(as_bob: Client, long_talk: list[Message]) -> None:
    wanted = long_talk[39]
    opened = as_bob.get(f"/inbox/all/{wanted.conversation_id}/", {"message": str(wanted.id)})
    url = f"/desk/conversations/{wanted.conversation_id}/newer/"
    second = as_bob.get(url, {"after": opened.context["after"]})
    assert shown(second) == list(range(56, 86))
    third = as_bob.get(url, {"after": second.context["after"]})
    assert shown(third) == list(range(86, 116))
    last = as_bob.get(url, {"after": third.context["after"]})
    assert shown(last) == list(range(116, 131))
    assert "data-after" not in words(last)


def test_a_message_of_the_newest_page_is_marked_there(as_bob: Client, long_talk: list[Message]) -> None:
    wanted = long_talk[110]
    answer = as_bob.get(f"/inbox/all/{wanted.conversation_id}/", {"message": str(wanted.id)})
    assert shown(answer) == list(range(101, 131))
    assert words(answer).count("is-found") == 1
    assert "data-after" not in words(answer)


def test_the_first_message_of_a_thread_is_opened_without_anything_older(
    as_bob: Client, long_talk: list[Message]
) -> None:
    wanted = long_talk[0]
    answer = as_bob.get(f"/inbox/all/{wanted.conversation_id}/", {"message": str(wanted.id)})
    assert shown(answer) == list(range(1, 17))
    assert answer.context["before"] == ""


def test_what_is_no_message_of_the_thread_opens_the_newest_page(
    as_bob: Client, acme: TenantRef, inbox: Inbox, long_talk: list[Message]
) -> None:
    other = talk_of(acme, inbox, "Mei", "elsewhere")
    with tenant_scope(acme):
        foreign = Message.objects.get(conversation=other)
    for wish in (str(foreign.id), "nothing", "00000000-0000-0000-0000-000000000000"):
        answer = as_bob.get(f"/inbox/all/{long_talk[0].conversation_id}/", {"message": wish})
        assert shown(answer) == list(range(101, 131))
        assert "is-found" not in words(answer)
