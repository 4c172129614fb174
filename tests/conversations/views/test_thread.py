"""One conversation on the screen."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from contacts.models import Contact, ContactIdentity
from conversations import lifecycle
from conversations.models import Attachment, Conversation, Message
from conversations.views.thread import PAGE
from tenants.directory import TenantRef
from tenants.workspace.models import Agent
from tests.conversations.outgoing import a_conversation, an_inbox, customer_writes

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(in_acme: TenantRef) -> Conversation:
    return a_conversation(an_inbox("messenger"), text="Do you ship to Hualien?")


def html_of(client: Client, conversation: Conversation) -> str:
    return client.get(f"/inbox/all/{conversation.id}/").content.decode()


def thread_of(html: str) -> str:
    return html.split('id="messages"')[1].split("</ol>")[0]


def change(conversation: Conversation, **values: object) -> None:
    Message.objects.filter(conversation=conversation).update(**values)


def test_messages_stand_in_platform_time(as_bob: Client, conversation: Conversation) -> None:
    customer_writes(
        conversation, "late to arrive, early to be written", at=timezone.now() - timedelta(hours=2)
    )
    thread = thread_of(html_of(as_bob, conversation))
    assert thread.index("early to be written") < thread.index("Do you ship to Hualien?")


def test_older_messages_come_in_pages_up_to_the_first(as_bob: Client, conversation: Conversation) -> None:
    now = timezone.now()
    for number in range(PAGE + 20):
        customer_writes(conversation, f"word {number}.", at=now + timedelta(seconds=number))
    newest = thread_of(html_of(as_bob, conversation))
    assert newest.count('<li class="message') == PAGE
    cursor = newest.split('data-before="')[1].split('"')[0]
    older = as_bob.get(f"/desk/conversations/{conversation.id}/older/", {"before": cursor}).content.decode()
    assert older.count('<li class="message') == 21
    assert "Do you ship to Hualien?" in older
    assert "data-before" not in older
    assert f"word {19}." in older
    assert f"word {20}." in newest


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "2026-01-01T00:00:00_1",
        "2026-01-01T00:00:00+00:00_x",
        "2026-01-01T00:00:00+00:00_99999999999",
    ],
)
def test_a_thread_cursor_that_is_none_is_not_found(
    as_bob: Client, conversation: Conversation, cursor: str
) -> None:
    url = f"/desk/conversations/{conversation.id}/older/"
    assert as_bob.get(url, {"before": cursor}).status_code == 404
    assert as_bob.get(url, {"before": "2030-01-01T00:00:00+00:00_1"}).status_code == 200


def test_messages_behind_a_number_are_told_as_rows(as_bob: Client, conversation: Conversation) -> None:
    customer_writes(conversation, "And to Taitung?")
    url = f"/desk/conversations/{conversation.id}/missed/"
    assert [row["text"] for row in as_bob.get(url, {"after": "1"}).json()["messages"]] == ["And to Taitung?"]
    assert [as_bob.get(url, {"after": wrong}).status_code for wrong in ("", "x", "-1", "9" * 30)] == [404] * 4


def test_a_failed_message_says_why_and_offers_two_ways(
    as_bob: Client, as_victor: Client, conversation: Conversation
) -> None:
    change(conversation, direction="out", author_kind="agent", status="failed", error_kind="recipient_gone")
    html = thread_of(html_of(as_bob, conversation))
    assert "The customer cannot be reached any more." in html
    assert 'data-message-act="retry"' in html
    assert 'data-message-act="skip"' in html
    assert "data-message-act" not in thread_of(html_of(as_victor, conversation))


def test_a_message_taken_back_leaves_its_place_and_nothing_else(
    as_bob: Client, conversation: Conversation
) -> None:
    change(conversation, text="", unsent_at=timezone.now())
    html = thread_of(html_of(as_bob, conversation))
    assert "The customer took this message back." in html
    assert "Hualien" not in html


def test_files_are_named_and_never_loaded_from_where_they_lie(
    as_bob: Client, conversation: Conversation
) -> None:
    message = Message.objects.get(conversation=conversation)
    Attachment.objects.create(
        message=message, position=0, kind="image", url="https://tracker.example/pixel.png", name="shoe.png"
    )
    html = html_of(as_bob, conversation)
    thread = thread_of(html)
    assert "shoe.png" in thread
    assert "being fetched…" in thread
    assert "tracker.example" not in html
    assert "<img" not in thread


def test_a_message_of_an_unknown_kind_is_shown_as_such(as_bob: Client, conversation: Conversation) -> None:
    change(conversation, kind="unsupported", text="")
    assert "A message of a kind that cannot be shown here." in thread_of(html_of(as_bob, conversation))


def test_what_the_agent_has_not_read_stands_under_a_line(
    as_bob: Client, conversation: Conversation, bob_agent: Agent
) -> None:
    lifecycle.mark_seen(conversation, agent=bob_agent, number=1)
    assert "data-divider" not in thread_of(html_of(as_bob, conversation))
    customer_writes(conversation, "Still there?")
    thread = thread_of(html_of(as_bob, conversation))
    assert thread.index("Hualien") < thread.index('data-divider="unread"') < thread.index("Still there?")


def test_the_composer_knows_until_when_one_may_answer(as_bob: Client, conversation: Conversation) -> None:
    def state_after(hours: int) -> str:
        Conversation.objects.filter(id=conversation.id).update(
            last_customer_message_at=timezone.now() - timedelta(hours=hours)
        )
        return html_of(as_bob, conversation).split('data-window="')[1].split('"')[0]

    assert [state_after(1), state_after(25), state_after(24 * 7 + 1)] == ["open", "human_only", "closed"]


def test_a_viewer_has_no_composer_and_no_buttons(
    as_victor: Client, as_bob: Client, conversation: Conversation
) -> None:
    html, bobs = html_of(as_victor, conversation), html_of(as_bob, conversation)
    assert ('<form class="composer"' in html, '<form class="composer"' in bobs) == (False, True)
    assert ("data-act=" in html, "data-act=" in bobs) == (False, True)


def test_nobody_is_first_seen_after_they_were_last_seen(as_bob: Client, conversation: Conversation) -> None:
    """A platform tells late of what was written before the contact was."""
    wrote = timezone.now() - timedelta(days=3)
    Contact.objects.filter(id=conversation.contact_id).update(last_seen_at=wrote)
    html = html_of(as_bob, conversation)
    first = re.search(r'First seen</dt><dd><time datetime="([^"]+)"', html)
    assert first is not None and datetime.fromisoformat(first[1]) == wrote
    Contact.objects.filter(id=conversation.contact_id).update(last_seen_at=wrote + timedelta(days=6))
    again = re.search(r'First seen</dt><dd><time datetime="([^"]+)"', html_of(as_bob, conversation))
    assert again is not None
    assert datetime.fromisoformat(again[1]) == Contact.objects.get(id=conversation.contact_id).created_at


def test_the_profile_tells_who_the_customer_is_on_every_channel(
    as_bob: Client, conversation: Conversation
) -> None:
    Contact.objects.filter(id=conversation.contact_id).update(
        name="許雅婷", language="ja", timezone="Asia/Tokyo"
    )
    ContactIdentity.objects.create(
        contact_id=conversation.contact_id,
        channel="line",
        scope="p",
        address="U1",
        display_name="雅婷🌸",
        is_reachable=False,
    )
    html = html_of(as_bob, conversation).split('<aside class="profile"')[1]
    for told in (
        "許雅婷",
        "雅婷🌸",
        "日本語",
        'data-local-zone="Asia/Tokyo"',
        "not reachable",
        "LINE",
        "Messenger",
    ):
        assert told in html


def test_a_time_zone_that_does_not_exist_breaks_nothing(as_bob: Client, conversation: Conversation) -> None:
    Contact.objects.filter(id=conversation.contact_id).update(timezone="Mars/../Olympus")
    assert "data-local-zone" not in html_of(as_bob, conversation)


def test_a_long_thread_costs_as_many_queries_as_a_short_one(
    as_bob: Client, conversation: Conversation, django_assert_max_num_queries: object
) -> None:
    def cost() -> int:
        with django_assert_max_num_queries(30) as queries:  # type: ignore[operator]
            html_of(as_bob, conversation)
        return len(queries)

    short = cost()
    for number in range(20):
        customer_writes(conversation, f"word {number}")
    assert cost() == short
