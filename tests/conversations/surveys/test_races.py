"""Answers that are told at the same moment, or while their author is merged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contacts import merging
from contacts.models import Contact
from conversations.models import Conversation
from conversations.surveys import responses
from conversations.surveys.models import SurveyResponse
from tenants.directory import TenantRef
from tenants.scope import tenant_scope
from tenants.workspace.events import SYSTEM, unit_of_work
from tests.contacts.people import a_person, a_thread, an_identity
from tests.conversations.test_races import PATIENCE_SECONDS, beside, until_somebody_waits_for_a_lock

pytestmark = pytest.mark.django_db(transaction=True)


def tell(contact: Contact, score: int, about: Conversation | None = None) -> None:
    told = {"source": "main", "number": "r-1", "kind": "nps", "answered_at": datetime(2026, 3, 1, tzinfo=UTC)}
    responses.tell(contact, score=score, conversation=about, by=SYSTEM, **told)


def test_one_answer_told_of_two_people_at_once_is_one(acme: TenantRef) -> None:
    with tenant_scope(acme):
        mei, ken = a_person("Mei"), a_person("Ken")
        with unit_of_work():
            tell(mei, 9)
            thread = beside(acme, lambda: tell(ken, 3))
            until_somebody_waits_for_a_lock()
        thread.join(PATIENCE_SECONDS)
        row = SurveyResponse.objects.get()
    assert (row.contact_id, row.score) == (ken.id, 3)


def test_an_answer_told_while_its_author_is_merged_lands_at_the_survivor(acme: TenantRef) -> None:
    with tenant_scope(acme):
        mei, double = a_person("Mei"), a_person("梅")
        talk = a_thread(an_identity(double), "Hello?")
        with unit_of_work():
            merging.merge(mei.id, [double.id], by=SYSTEM)
            thread = beside(acme, lambda: tell(double, 9, about=talk))
            until_somebody_waits_for_a_lock()
        thread.join(PATIENCE_SECONDS)
        row = SurveyResponse.objects.get()
    assert (row.contact_id, row.conversation_id) == (mei.id, talk.id)
