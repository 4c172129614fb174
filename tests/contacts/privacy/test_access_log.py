"""Who of the staff looked at whom: noted in passing, written together, shown to who may read it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.test import Client

from contacts.models import AccessEntry, Contact
from contacts.privacy import access_log
from contacts.privacy.access_log import Act
from conversations.models import Conversation, Inbox
from tenants.models import User
from tenants.workspace.access import find_member
from tenants.workspace.models import Agent
from tests.contacts.privacy.ground import customer
from tests.programs import Api

pytestmark = pytest.mark.django_db


def test_who_opens_a_conversation_is_noted(inbox: Inbox, as_bob: Client, bob_agent: Agent) -> None:
    customer(inbox)
    talk = Conversation.objects.get()
    assert as_bob.get(f"/inbox/all/{talk.id}/").status_code == 200
    assert not AccessEntry.objects.exists()
    assert access_log.write_waiting() == 1
    row = AccessEntry.objects.get()
    assert (row.actor_id, row.act, row.subject_kind, row.subject_id) == (
        bob_agent.id,
        "opened",
        "conversation",
        talk.id,
    )


def test_who_opens_a_contact_is_noted(inbox: Inbox, as_bob: Client) -> None:
    contact = customer(inbox)
    assert as_bob.get(f"/contacts/{contact.id}/").status_code == 200
    access_log.write_waiting()
    assert AccessEntry.objects.get().subject_id == contact.id


@pytest.mark.parametrize(
    ("path", "act"),
    [
        ("/contacts/{0}/person/", "opened"),
        ("/contacts/{0}/timeline/", "opened"),
        ("/contacts/{0}/doubles/", "opened"),
        ("/contacts/merge/?contact={0}&contact={1}", "opened"),
        ("/privacy/contacts/{0}/", "opened"),
        ("/contacts/suggestions/", "listed"),
        ("/contacts/", "listed"),
        ("/admin/contacts/contact/", "listed"),
        ("/admin/contacts/contact/{0}/change/", "opened"),
    ],
)
def test_no_page_shows_a_person_without_a_trace(
    in_acme: object, as_alice: Client, path: str, act: str
) -> None:
    people = [Contact.objects.create(name=name) for name in ("Ada", "Grace")]
    assert as_alice.get(path.format(*(each.id for each in people))).status_code == 200
    access_log.write_waiting()
    _traced(path, act, people)


def test_a_change_that_is_refused_shows_the_person_and_is_noted(in_acme: object, as_alice: Client) -> None:
    ada = Contact.objects.create(name="Ada")
    assert b"Ada" in as_alice.post(f"/contacts/{ada.id}/notes/", {"text": ""}).content
    access_log.write_waiting()
    assert AccessEntry.objects.get().subject_id == ada.id


@pytest.mark.parametrize(
    ("path", "act"),
    [
        *(
            (f"contacts/{{0}}{part}", "opened")
            for part in ("", "/timeline", "/addresses", "/labels", "/notes", "/consents", "/orders")
        ),
        ("contacts", "listed"),
        ("contacts/suggestions", "listed"),
    ],
)
def test_the_api_tells_nothing_of_a_person_without_a_trace(
    reader: Api, mei: Contact, path: str, act: str
) -> None:
    assert reader.get(path.format(mei.id)).status_code == 200
    access_log.write_waiting()
    _traced(path, act, [mei])


def test_comparing_people_over_the_api_is_noted(writer: Api, mei: Contact) -> None:
    other = Contact.objects.create(name="Bea")
    assert (
        writer.post("contacts/merges/preview", {"contacts": [str(mei.id), str(other.id)]}).status_code == 200
    )
    access_log.write_waiting()
    assert set(AccessEntry.objects.values_list("subject_id", flat=True)) == {mei.id, other.id}


def _traced(path: str, act: str, people: list[Contact]) -> None:
    named = {each.id for number, each in enumerate(people) if f"{{{number}}}" in path}
    rows = list(AccessEntry.objects.values_list("act", "subject_id"))
    assert {row[0] for row in rows} == {act}
    assert {row[1] for row in rows} == (named or {None})


def test_a_refused_look_is_none(inbox: Inbox, as_charlie: Client) -> None:
    customer(inbox)
    assert as_charlie.get(f"/inbox/all/{Conversation.objects.get().id}/").status_code == 404
    assert access_log.write_waiting() == 0


def test_a_thousand_are_written_by_one_statement(
    in_acme: object, alice: User, django_assert_num_queries: object
) -> None:
    member = find_member(alice)
    assert member is not None
    for _ in range(1000):
        access_log.note(member, Act.OPENED, "contact")
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert access_log.write_waiting() == 1000


def test_what_cannot_be_written_now_waits_for_the_next_time(
    in_acme: object, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = find_member(alice)
    assert member is not None
    access_log.note(member, Act.SEARCHED, "search")

    def refuses(*args: object, **more: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as away:
        away.setattr(AccessEntry.objects, "bulk_create", refuses)
        assert access_log.write_waiting() == 0
    assert access_log.write_waiting() == 1


def test_the_page_shows_who_it_was_and_narrows(inbox: Inbox, as_alice: Client, as_bob: Client) -> None:
    contact = customer(inbox)
    as_bob.get(f"/contacts/{contact.id}/")
    access_log.write_waiting()
    page = as_alice.get("/privacy/accesses/").content.decode()
    assert "Bob" in page
    assert str(contact.id) in page
    assert "Bob" not in as_alice.get(f"/privacy/accesses/?subject={inbox.id}").content.decode()
    assert as_bob.get("/privacy/accesses/").status_code == 403


def test_the_page_names_the_person_and_leads_to_what_was_looked_at(
    inbox: Inbox, as_alice: Client, as_bob: Client
) -> None:
    contact = customer(inbox)
    talk = Conversation.objects.get()
    as_bob.get(f"/contacts/{contact.id}/")
    as_bob.get(f"/inbox/all/{talk.id}/")
    access_log.write_waiting()
    page = as_alice.get("/privacy/accesses/").content.decode()
    assert f'<a href="/contacts/{contact.id}/">{contact}</a>' in page
    assert f'href="/inbox/all/{talk.id}/"' in page
    assert (
        f"/privacy/accesses/?subject={contact.id}"
        in as_alice.get(f"/privacy/contacts/{contact.id}/").content.decode()
    )
