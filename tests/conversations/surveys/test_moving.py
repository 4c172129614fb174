"""Answers go where the conversation goes that they are about; those about none go with the person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from contacts import merging
from contacts.models import Contact
from conversations.models import Conversation
from conversations.surveys import responses
from conversations.surveys.models import SurveyResponse
from tenants.workspace.events import SYSTEM
from tenants.workspace.models import Event
from tests.contacts.people import a_person, a_thread, an_answer, an_identity, run_jobs

pytestmark = pytest.mark.django_db


def whose() -> dict[str, object]:
    return dict(SurveyResponse.objects.values_list("number", "contact_id"))


def test_a_merge_takes_answers_along_and_an_undo_gives_them_back(mei: Contact, talk: Conversation) -> None:
    kept = a_person("梅")
    an_answer(kept, "own")
    an_answer(mei, "about", about=talk)
    an_answer(mei, "general")
    before = whose()
    record = merging.merge(kept.id, [mei.id], by=SYSTEM)
    run_jobs()
    assert set(whose().values()) == {kept.id}
    merging.undo(record.id, by=SYSTEM)
    run_jobs()
    assert whose() == before


def test_what_was_answered_since_a_merge_stays_where_it_belongs(mei: Contact, talk: Conversation) -> None:
    kept = a_person("梅")
    record = merging.merge(kept.id, [mei.id], by=SYSTEM)
    run_jobs()
    talk.refresh_from_db()
    told = {"source": "main", "kind": "nps", "score": 9, "answered_at": datetime.now(UTC)}
    responses.tell(mei, number="about", conversation=talk, by=SYSTEM, **told)  # by the old id
    responses.tell(kept, number="general", by=SYSTEM, **told)
    assert set(whose().values()) == {kept.id}
    merging.undo(record.id, by=SYSTEM)
    run_jobs()
    assert whose() == {"about": mei.id, "general": kept.id}
    said = Event.objects.filter(name="survey.answered").values_list("contact_id", flat=True)
    assert set(said) == {mei.id, kept.id}


def test_an_answer_leaves_with_its_conversation_when_an_identity_is_split_off(
    mei: Contact, talk: Conversation
) -> None:
    other = a_thread(an_identity(mei, "messenger"), "Hi!")
    an_answer(mei, "about line", about=talk)
    an_answer(mei, "about messenger", about=other)
    an_answer(mei, "general")
    new = merging.split(other.identity_id, by=SYSTEM)
    run_jobs()
    assert whose() == {"about line": mei.id, "about messenger": new.id, "general": mei.id}


def test_who_is_about_to_merge_sees_how_many_answers_there_are(
    as_alice: Client, mei: Contact, talk: Conversation
) -> None:
    an_answer(mei, "about", about=talk)
    an_answer(mei, "general")
    page = as_alice.get("/contacts/merge/", {"contact": [str(mei.id), str(a_person("梅").id)]})
    assert "Surveys 2" in page.content.decode()
