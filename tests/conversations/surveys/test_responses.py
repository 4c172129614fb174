"""Answers to surveys as they are told, and what they come to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Q

from contacts.models import Contact
from conversations.models import Conversation
from conversations.surveys import responses
from conversations.surveys.models import SurveyResponse
from conversations.surveys.responses import ResponseRefused
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, Event
from tests.contacts.people import a_person, a_thread, an_answer, an_identity

pytestmark = pytest.mark.django_db

MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def tell(contact: Contact, **given: Any) -> tuple[SurveyResponse, bool]:
    told = {"source": "main", "number": "r-1", "kind": "csat", "score": 4, "answered_at": MARCH, **given}
    return responses.tell(contact, by=SYSTEM, **told)


def answered() -> list[Event]:
    return list(Event.objects.filter(name="survey.answered").order_by("sequence"))


def test_an_answer_told_twice_is_one_and_nothing_happens_the_second_time(
    mei: Contact, talk: Conversation, bob_agent: Agent
) -> None:
    told = {"comment": "快", "conversation": talk, "agent": bob_agent, "survey": "售後"}
    row, is_new = tell(mei, **told)
    assert is_new
    assert tell(mei, **told) == (row, False)
    [event] = answered()
    assert (event.contact_id, event.conversation_id) == (mei.id, talk.id)
    assert event.payload == {
        "response_id": str(row.id),
        "kind": "csat",
        "score": 4,
        "agent_id": str(bob_agent.id),
    }


def test_what_changed_is_taken_over_and_told(mei: Contact) -> None:
    tell(mei, score=2, comment="slow")
    row, is_new = tell(mei, score=5)
    row.refresh_from_db()
    assert (is_new, row.score, row.comment) == (False, 5, "")
    assert [event.payload["score"] for event in answered()] == [2, 5]


def test_who_was_rated_keeps_the_name_of_then(mei: Contact, bob_agent: Agent, alice_agent: Agent) -> None:
    row, _ = tell(mei, agent=bob_agent)
    bob_agent.name = "Robert"
    bob_agent.save(update_fields=["name"])
    tell(mei, agent=bob_agent, score=3)
    row.refresh_from_db()
    assert (row.score, row.agent_name) == (3, "Bob")
    tell(mei, agent=alice_agent)
    row.refresh_from_db()
    assert row.agent_name == "Alice"


def test_an_answer_told_of_somebody_else_is_theirs(mei: Contact, talk: Conversation) -> None:
    tell(mei, conversation=talk)
    other = a_person("Ken")
    row, is_new = tell(other)
    row.refresh_from_db()
    assert (is_new, row.contact_id, row.conversation_id) == (False, other.id, None)
    assert SurveyResponse.objects.count() == 1


def test_two_tools_may_use_one_number(mei: Contact) -> None:
    assert tell(mei)[0].id != tell(mei, source="outlet")[0].id


@pytest.mark.parametrize(("kind", "score"), [("csat", 0), ("csat", 6), ("nps", -1), ("nps", 11)])
def test_a_score_off_its_scale_is_refused_here_and_by_the_database(
    mei: Contact, kind: str, score: int
) -> None:
    with pytest.raises(ResponseRefused, match="off_the_scale"):
        tell(mei, kind=kind, score=score)
    with pytest.raises(IntegrityError), transaction.atomic():
        an_answer(mei, "past-the-verb", kind=kind, score=score)
    assert not SurveyResponse.objects.exists()


@pytest.mark.parametrize(("kind", "score"), [("csat", 1), ("csat", 5), ("nps", 0), ("nps", 10)])
def test_the_ends_of_the_scales_are_scores(mei: Contact, kind: str, score: int) -> None:
    assert tell(mei, kind=kind, score=score)[0].score == score


def test_a_conversation_must_be_the_persons(mei: Contact, talk: Conversation) -> None:
    other = a_thread(an_identity(a_person("Ken")), "Hi!")
    with pytest.raises(ResponseRefused, match="somebody_elses"):
        tell(mei, conversation=other)
    assert tell(mei, conversation=talk)[0].identity_id == talk.identity_id


def test_numbers_of_erased_answers_cannot_be_told(mei: Contact) -> None:
    with pytest.raises(ResponseRefused, match="reserved"):
        tell(mei, number="erased:1")


def test_a_persons_answers_come_to_counts_and_a_mean(mei: Contact) -> None:
    for number, score in enumerate([4, 5]):
        tell(mei, number=f"c{number}", score=score)
    for number, score in enumerate([10, 9, 8, 7, 6, 0]):
        tell(mei, number=f"n{number}", kind="nps", score=score)
    csat, nps = responses.standings(mei.id, seen=Q())
    assert (csat.kind, csat.answers, csat.mean) == ("csat", 2, 4.5)
    assert (nps.kind, nps.answers, nps.promoters, nps.passives, nps.detractors) == ("nps", 6, 2, 2, 2)
    assert responses.standings(a_person("Ken").id, seen=Q()) == []
