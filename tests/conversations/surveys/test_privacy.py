"""What stays of an answer when its author is erased: the score, and who was rated."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from contacts.models import Contact
from conversations.surveys import responses
from conversations.surveys.models import SurveyResponse
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Agent, Event
from tests.contacts.people import a_person, a_thread, an_answer, an_identity
from tests.contacts.privacy.conftest import files
from tests.contacts.privacy.ground import erase

__all__ = ["files"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


@pytest.fixture
def answer(mei: Contact, talk: object, bob_agent: Agent) -> SurveyResponse:
    row = an_answer(mei, "r-1", about=talk, agent=bob_agent, agent_name="Bob")  # type: ignore[arg-type]
    SurveyResponse.objects.filter(id=row.id).update(comment="陳美玲 was happy, mei@home.test")
    return row


@pytest.mark.parametrize(("mode", "comment"), [("erase", ""), ("anonymise", "••• was happy, •••")])
def test_the_score_and_who_was_rated_stay_without_the_person(
    mei: Contact, answer: SurveyResponse, alice_agent: Agent, mode: str, comment: str
) -> None:
    before = (answer.score, answer.kind, answer.agent_id, answer.conversation_id, answer.answered_at)
    erasure = erase(mei, alice_agent, mode=mode)
    answer.refresh_from_db()
    after = (answer.score, answer.kind, answer.agent_id, answer.conversation_id, answer.answered_at)
    assert (erasure.state, after, answer.comment) == ("done", before, comment)
    assert answer.number.startswith("erased:")


def test_an_answer_told_again_after_the_erasure_brings_nothing_back(
    mei: Contact, answer: SurveyResponse, alice_agent: Agent
) -> None:
    erase(mei, alice_agent)
    events = Event.objects.count()
    told = {
        "source": "main",
        "kind": "csat",
        "score": 1,
        "comment": "陳美玲",
        "answered_at": datetime.now(UTC),
    }
    for contact in (mei, a_person("陳美玲")):
        row, is_new = responses.tell(contact, number="r-1", by=SYSTEM, **told)
        assert (row.id, is_new, row.score, row.comment) == (answer.id, False, 4, "")
    assert (SurveyResponse.objects.count(), Event.objects.count()) == (1, events)


def test_one_erased_address_takes_the_answers_about_its_talks_along(
    mei: Contact, answer: SurveyResponse, alice_agent: Agent, files: Path
) -> None:
    other = a_thread(an_identity(mei, "messenger"), "Hi!")
    an_answer(mei, "kept", about=other, comment="of the other talk")
    erase(mei, alice_agent, identity_id=answer.identity_id)
    answer.refresh_from_db()
    assert answer.comment == ""
    assert answer.contact_id != mei.id
    kept = SurveyResponse.objects.get(number="kept")
    assert (kept.contact_id, kept.comment) == (mei.id, "of the other talk")
