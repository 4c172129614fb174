"""Answers to surveys over the REST API."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from contacts.models import Contact
from conversations.models import Conversation
from conversations.surveys.models import SurveyResponse
from tenants.workspace.models import Agent, Team
from tests.contacts.people import a_person, a_thread, an_answer, an_identity
from tests.programs import Api, Caller

pytestmark = pytest.mark.django_db


def told(**given: Any) -> dict[str, Any]:
    told = {"source": "main", "number": "r-1", "kind": "csat", "score": 4}
    return {**told, "answered_at": "2026-03-01T00:00:00Z", **given}


def path(contact: Contact) -> str:
    return f"contacts/{contact.id}/survey-responses"


def refused(api: Api, contact: Contact, **given: Any) -> tuple[int, str, str]:
    answer = api.post(path(contact), told(**given))
    error = answer.json()["errors"][0]
    return answer.status_code, error["field"], error["code"]


def test_an_answer_told_again_is_the_same_answer(
    writer: Api, mei: Contact, talk: Conversation, bob_agent: Agent
) -> None:
    about = {"conversation_id": str(talk.id), "agent_id": str(bob_agent.id)}
    first = writer.post(path(mei), told(**about, survey="售後", asked_at="2026-02-28T00:00:00Z"))
    assert first.status_code == 201
    again = writer.post(path(mei), told(**about, score=5, comment="謝謝"))
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    [row] = writer.get(path(mei)).json()["results"]
    assert {name: row[name] for name in ("score", "comment", "agent_name", "asked_at")} == {
        "score": 5,
        "comment": "謝謝",
        "agent_name": "Bob",
        "asked_at": None,
    }
    assert {name: row[name] for name in about} == about


def test_what_does_not_fit_is_refused_with_its_field(writer: Api, mei: Contact) -> None:
    other = a_thread(an_identity(a_person("Ken")), "Hi!")
    assert refused(writer, mei, score=0) == (400, "score", "off_the_scale")
    assert refused(writer, mei, score=11)[:2] == (400, "score")
    assert refused(writer, mei, kind="ces")[:2] == (400, "kind")
    assert refused(writer, mei, conversation_id=str(other.id)) == (400, "conversation_id", "somebody_elses")
    assert refused(writer, mei, conversation_id=str(uuid4())) == (400, "conversation_id", "unknown")
    assert refused(writer, mei, agent_id=str(uuid4())) == (400, "agent_id", "unknown")
    assert refused(writer, mei, number="erased:1") == (400, "number", "reserved")
    assert not SurveyResponse.objects.exists()
    assert writer.post(path(mei), told()).status_code == 201


def test_a_reading_token_reads_and_does_not_tell(reader: Api, mei: Contact) -> None:
    an_answer(mei, "1")
    assert reader.post(path(mei), told()).status_code == 403
    assert len(reader.get(path(mei)).json()["results"]) == 1


def test_a_program_in_the_name_of_bob_sees_what_bob_sees(
    caller: Caller, mei: Contact, talk: Conversation, bob_agent: Agent
) -> None:
    hidden = a_thread(an_identity(mei, "messenger"), "Hi!")
    hidden.inbox.teams.add(Team.objects.create(name="Others"))
    an_answer(mei, "hidden", about=hidden)
    an_answer(mei, "seen", about=talk)
    bobs = caller("write", bob_agent)
    assert [row["number"] for row in bobs.get(path(mei)).json()["results"]] == ["seen"]
    assert refused(bobs, mei, conversation_id=str(hidden.id)) == (400, "conversation_id", "unknown")


def test_pages_follow_one_another(reader: Api, mei: Contact) -> None:
    for number in range(5):
        an_answer(mei, str(number))
    first = reader.get(path(mei), limit=3).json()
    rest = reader.get(path(mei), limit=3, cursor=first["next"]).json()
    assert [row["number"] for row in first["results"] + rest["results"]] == ["4", "3", "2", "1", "0"]
    assert rest["next"] is None
