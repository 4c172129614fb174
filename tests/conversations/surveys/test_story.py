"""Answers to surveys where a person is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from contacts.timeline import reading
from contacts.timeline.sources import Part
from conversations.models import Conversation
from tenants.directory import TenantRef
from tenants.models import User
from tenants.workspace.access import Member
from tenants.workspace.models import Agent, Team
from tests.contacts.people import a_thread, an_answer, an_identity

pytestmark = pytest.mark.django_db

MemberOf = Callable[[User, TenantRef], Member]
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def answers(mei: Contact, talk: Conversation, bob_agent: Agent) -> None:
    an_answer(
        mei, "1", survey="After help", about=talk, agent=bob_agent, agent_name="Bob", comment="<b>Fast</b>"
    )
    an_answer(mei, "2", score=5, answered_at=MARCH)
    an_answer(mei, "3", kind="nps", score=9)


@pytest.fixture
def hidden(mei: Contact, talk: Conversation) -> Conversation:
    """A conversation of Mei's in an inbox that Bob does not see."""
    other = a_thread(an_identity(mei, "messenger"), "Hi!")
    other.inbox.teams.add(Team.objects.create(name="Others"))
    return other


def told(member: Member, contact: Contact) -> list[tuple[int, int]]:
    page = reading.page(contact.id, reader=member, part=Part(limit=50), kinds=["survey"])
    return [(entry.data["score"], entry.data["best"]) for entry in page.entries]


@pytest.mark.usefixtures("answers")
def test_answers_stand_in_the_story_newest_first(
    mei: Contact, alice: User, acme: TenantRef, member_of: MemberOf
) -> None:
    assert told(member_of(alice, acme), mei) == [(9, 10), (4, 5), (5, 5)]


def test_answers_about_a_hidden_conversation_are_not_told(
    mei: Contact, hidden: Conversation, alice: User, bob: User, acme: TenantRef, member_of: MemberOf
) -> None:
    an_answer(mei, "1", about=hidden, score=1)
    an_answer(mei, "2", score=2)
    assert sorted(told(member_of(alice, acme), mei)) == [(1, 5), (2, 5)]
    assert told(member_of(bob, acme), mei) == [(2, 5)]


def part(client: Client, contact: Contact, way: str = "person/") -> str:
    answer = client.get(f"/contacts/{contact.id}/{way}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("answers")
def test_the_part_shows_counts_a_mean_and_the_newest_answers(as_bob: Client, mei: Contact) -> None:
    shown = part(as_bob, mei)
    assert re.findall(r'survey-figure">(.+?)<', shown) == ["CSAT 4.5 · n = 2", "NPS n = 1"]
    assert "NPS: promoters 1 · passives 0 · detractors 0" in shown
    for words in ("After help", "Rated: Bob", "4 / 5", "9 / 10", "&lt;b&gt;Fast"):
        assert words in shown


def test_the_part_counts_only_what_the_reader_may_see(
    as_alice: Client, as_bob: Client, mei: Contact, hidden: Conversation
) -> None:
    an_answer(mei, "1", about=hidden, score=1, comment="About Bob")
    an_answer(mei, "2", score=5)
    assert "CSAT 3.0 · n = 2" in part(as_alice, mei)
    seen = part(as_bob, mei)
    assert "CSAT 5.0 · n = 1" in seen
    assert "About Bob" not in seen


@pytest.mark.usefixtures("talk")
def test_who_answered_nothing_has_no_such_fold(as_bob: Client, mei: Contact) -> None:
    assert 'data-part="surveys"' not in part(as_bob, mei)


@pytest.mark.usefixtures("answers")
def test_the_page_tells_them_in_the_timeline_and_links_to_the_conversation(
    as_bob: Client, mei: Contact, talk: Conversation
) -> None:
    shown = part(as_bob, mei, "timeline/?kind=survey")
    assert shown.count('class="entry is-survey"') == 3
    for words in ("CSAT · After help", "Rated: Bob", "<b>4 / 5</b>", f"/inbox/all/{talk.id}/"):
        assert words in shown


def test_the_number_of_queries_does_not_grow(as_bob: Client, mei: Contact, talk: Conversation) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            part(as_bob, mei, "")
        return len([query for query in found if "search_path" not in query["sql"]])

    an_answer(mei, "1", about=talk)
    part(as_bob, mei, "")  # what is remembered for a while is remembered now
    few = queries()
    for number in range(10):
        an_answer(mei, f"more {number}", about=talk, kind="nps")
    assert queries() == few
