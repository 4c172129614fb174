"""From an id to a contact."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from contacts.models import Contact
from tests.programs import Api

pytestmark = pytest.mark.django_db


def test_a_merged_away_id_leads_to_the_page_of_the_one_that_stays(as_alice: Client, mei: Contact) -> None:
    away = Contact.objects.create(name="Mei", merged_into=mei)
    answer = as_alice.get(f"/contacts/{away.id}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/contacts/{mei.id}/")
    assert "陳美玲" in as_alice.get(answer["Location"]).content.decode()
    assert as_alice.get(f"/contacts/{uuid4()}/").status_code == 404


def test_a_merged_away_id_answers_with_the_row_of_the_one_that_stays(reader: Api, mei: Contact) -> None:
    away = Contact.objects.create(name="Mei", merged_into=mei)
    assert reader.get(f"contacts/{away.id}").json()["id"] == str(mei.id)
    assert [row["id"] for row in reader.get("contacts").json()["results"]] == [str(mei.id)]


def test_whom_an_agent_has_no_conversation_with_does_not_exist_for_them(as_bob: Client, mei: Contact) -> None:
    assert as_bob.get(f"/contacts/{mei.id}/").status_code == 404
